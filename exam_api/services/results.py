"""Final grades: the statement the day after, the journal, and its machine readers (S-22)."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from acts.contracts import Language
from acts.form4 import safe_text
from acts.plain_sheet import Plain, render_rows
from acts.statement import StatementDocument, StatementRow
from exam_api.domain.errors import Forbidden, InvalidRequest, NotFound, NotLoggedIn, StatementEarly
from exam_api.domain.grades import FinalGrade, Remark
from exam_api.domain.ids import digest, new_id, new_secret
from exam_api.domain.roles import Actor, Role
from exam_api.services.numbered_pages import NumberedPage, PageWanted
from exam_api.services.paging import Page, PageAsk, page_of
from exam_api.services.ports import Clock
from exam_api.services.results_ports import (
    ApiClient,
    GradedExam,
    GradeRow,
    JournalEntry,
    NamedGradeChange,
    OwnGrade,
    ResultsUnits,
)

_CLIENT_NAME_MOST = 80
Render = Callable[[StatementDocument, Language], bytes]
COLUMNS = (
    "discipline_code",
    "exam_date",
    "student_login",
    "student",
    "group",
    "rating",
    "exam_points",
    "final_points",
    "letter",
    "gpa",
    "remark",
)


@dataclass(frozen=True, slots=True)
class GradeSheet:
    """``ready_on``: the day from which the statement is made and grades go to the journal."""

    exam: GradedExam
    rows: tuple[GradeRow, ...]
    ready_on: date
    ready: bool
    may_import: bool


@dataclass(frozen=True, slots=True)
class ResultsSettings:
    """``statement_after_days``: row 10, the statement is made the next day."""

    zone: ZoneInfo = ZoneInfo("Asia/Almaty")  # noqa: RUF009 - an immutable value
    statement_after_days: int = 1


class Results:
    def __init__(
        self,
        units: ResultsUnits,
        clock: Clock,
        renders: Mapping[str, Render],
        settings: ResultsSettings = ResultsSettings(),
    ) -> None:
        self._units = units
        self._clock = clock
        self._renders = renders
        self._settings = settings

    async def exams(self, actor: Actor, wanted: PageWanted) -> NumberedPage[GradedExam]:
        """Newest first."""
        async with self._units.read() as unit:
            found = await unit.results.exams(actor, wanted.size, wanted.offset)
            return NumberedPage(found, await unit.results.exam_count(actor), wanted)

    async def own(self, actor: Actor) -> tuple[OwnGrade, ...]:
        """A student's grades, newest exam first; those of exams that are over or sat."""
        now = self._clock.now()
        async with self._units.read() as unit:
            found = await unit.results.own(actor.id)
        return tuple(one for one in found if one.sitting_id or one.exam.closes_at <= now)

    async def sheet(self, actor: Actor, exam_id: str) -> GradeSheet:
        """NotFound. A dean's office sees the students of its own faculty only."""
        async with self._units.read() as unit:
            exam = await unit.results.exam(exam_id, actor)
            rows = await unit.results.rows(exam.exam, actor)
            may_import = await unit.results.may_import(exam_id, actor)
        ready_on = self._ready_on(exam)
        ready = self._today() >= ready_on
        return GradeSheet(exam, tuple(rows), ready_on, ready, may_import and ready)

    async def history(self, actor: Actor, exam_id: str, sitting_id: str) -> list[NamedGradeChange]:
        """Every change of one grade, oldest first. NotFound."""
        sheet = await self.sheet(actor, exam_id)
        if sitting_id not in {row.sitting_id for row in sheet.rows}:
            raise NotFound
        async with self._units.read() as unit:
            return list(await unit.grades.of_sitting(sitting_id))

    async def statement(self, actor: Actor, exam_id: str, language: Language, kind: str) -> bytes:
        """``kind``: pdf, xlsx or html. A draft until the next day, and says so."""
        sheet = await self.sheet(actor, exam_id)
        document = self._document(sheet, language)
        return self._renders[kind](document, language)

    async def journal_file(self, actor: Actor, exam_id: str, kind: str) -> bytes:
        """What the journal imports by hand, ``kind`` csv or xlsx; no cell is ever a formula."""
        sheet = await self.sheet(actor, exam_id)
        day = self._day(sheet.exam).isoformat()
        rows = [COLUMNS, *(_journal_row(sheet.exam.exam.code, day, row) for row in sheet.rows)]
        return _csv(rows) if kind == "csv" else render_rows("journal", rows, self._clock.now())

    async def import_grades(self, actor: Actor, exam_id: str) -> int:
        """S-22: the exam's final grades into the journal; how many were new or had changed.

        Forbidden for others than its teachers and the registrar; StatementEarly before the
        statement's day.
        """
        async with self._units.write() as unit:
            exam = await unit.results.exam(exam_id, actor)
            if not await unit.results.may_import(exam_id, actor):
                raise Forbidden
            if self._today() < self._ready_on(exam):
                raise StatementEarly
            known = await unit.results.imported(exam_id)
            now, taken = self._clock.now(), 0
            for row in await unit.results.rows(exam.exam, actor):
                revision, before = known.get(row.student_id, (0, None))
                if row.grade.remark is Remark.UNFINISHED or row.grade == before:
                    continue
                await unit.results.add_entry(
                    exam_id=exam_id,
                    student_id=row.student_id,
                    revision=revision + 1,
                    grade=row.grade,
                    at=now,
                    by=actor.id,
                )
                taken += 1
            return taken

    async def journal(self, ask: PageAsk) -> Page[JournalEntry]:
        """For those who passed ``require_reader``."""
        async with self._units.read() as unit:
            return page_of(await unit.results.journal(ask), ask, lambda entry: (entry.id,))

    async def require_reader(self, actor: Actor | None, token: str | None) -> None:
        """The registrar or an administrator, or a machine by its token. NotLoggedIn, Forbidden."""
        if token is not None:
            async with self._units.read() as unit:
                if await unit.api_clients.is_known(digest(token)):
                    return
            raise NotLoggedIn
        if actor is None:
            raise NotLoggedIn
        if not actor.has(Role.REGISTRAR, Role.ADMINISTRATOR):
            raise Forbidden

    async def clients(self, actor: Actor) -> tuple[ApiClient, ...]:
        _require_administrator(actor)
        async with self._units.read() as unit:
            return tuple(await unit.api_clients.all())

    async def add_client(self, actor: Actor, name: str) -> str:
        """The new client's token: this is the only time that anybody sees it."""
        _require_administrator(actor)
        name = name.strip()
        if not 0 < len(name) <= _CLIENT_NAME_MOST or not name.isprintable():
            raise InvalidRequest(f"a name has 1 to {_CLIENT_NAME_MOST} characters")
        token = new_secret()
        async with self._units.write() as unit:
            at = self._clock.now()
            await unit.api_clients.add(new_id(), name, digest(token), at, actor.id)
        return token

    async def revoke_client(self, actor: Actor, client_id: str) -> None:
        _require_administrator(actor)
        async with self._units.write() as unit:
            if not await unit.api_clients.revoke(client_id, self._clock.now()):
                raise NotFound

    def _today(self) -> date:
        return self._clock.now().astimezone(self._settings.zone).date()

    def _day(self, exam: GradedExam) -> date:
        return exam.exam.opens_at.astimezone(self._settings.zone).date()

    def _ready_on(self, exam: GradedExam) -> date:
        closed = exam.exam.closes_at.astimezone(self._settings.zone).date()
        return closed + timedelta(days=self._settings.statement_after_days)

    def _document(self, sheet: GradeSheet, language: Language) -> StatementDocument:
        exam = sheet.exam.exam
        return StatementDocument(
            made_at=self._clock.now().astimezone(self._settings.zone).replace(microsecond=0),
            exam_date=self._day(sheet.exam),
            code=exam.code,
            discipline=_both(exam.title["kk"], exam.title[language]),
            department=department[language] if (department := sheet.exam.department) else "",
            rating_share=exam.policy.rating_share,
            rows=tuple(_statement_row(row) for row in sheet.rows),
            draft=not sheet.ready,
        )


def _journal_row(code: str, day: str, row: GradeRow) -> tuple[Plain, ...]:
    grade = row.grade
    who = row.login, row.student, row.group
    points = grade.rating, grade.exam, grade.final
    return code, day, *who, *points, grade.letter, grade.gpa, grade.remark.value


def _csv(rows: Iterable[Sequence[Plain]]) -> bytes:
    """With a byte order mark: Excel reads Kazakh letters only with it."""
    out = io.StringIO()
    for row in rows:
        csv.writer(out).writerow(
            [safe_text(cell) if isinstance(cell, str) else cell for cell in row]
        )
    return out.getvalue().encode("utf-8-sig")


def _both(kazakh: str, other: str) -> str:
    return kazakh if kazakh == other else f"{kazakh} / {other}"


def _statement_row(row: GradeRow) -> StatementRow:
    grade: FinalGrade = row.grade
    return StatementRow(
        row.student,
        row.group,
        grade.rating,
        grade.exam,
        grade.final,
        grade.letter,
        grade.gpa,
        grade.remark.value,
    )


def _require_administrator(actor: Actor) -> None:
    if not actor.has(Role.ADMINISTRATOR):
        raise Forbidden
