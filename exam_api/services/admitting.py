"""Who is admitted: statements of ratings (S-7), individual dates (T-4.11), accommodations."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from exam_api.domain.admission import Allowances
from exam_api.domain.errors import ExamBegun, InvalidRequest, NotFound, SittingOver
from exam_api.domain.grades import FinalGrade, GradeChange
from exam_api.domain.roles import Actor
from exam_api.domain.sheets import ReadSheet, Sheet
from exam_api.domain.sitting import Sitting
from exam_api.domain.statements import Enrolled, StatementPreview, column_of, read_statement
from exam_api.services.audit import Audit
from exam_api.services.judging import hand_on
from exam_api.services.ports import Clock, Unit
from exam_api.services.results_ports import ResultRows
from exam_api.services.scheduling import require_planner, require_to_come
from exam_api.services.scheduling_ports import Schedule
from exam_api.services.sittings import advance

DOCUMENT_LIMIT: Final = 500
INDIVIDUAL_DATES: Final = "T-4.11"  # of a transition: the document itself proctors never see
RATING_CHANGED: Final = "rating"  # of a grade


class StatementRefused(InvalidRequest):
    """Some rows are wrong, or none is there: nothing was taken. ``preview`` names them."""

    code = "statement_refused"

    def __init__(self, preview: StatementPreview) -> None:
        super().__init__(", ".join(f"row {one.row}: {one.problem}" for one in preview.errors[:20]))
        self.preview = preview


class DocumentMissing(InvalidRequest):
    """What is granted rests on a document (T-4.11)."""

    code = "document_missing"
    field = "document"


@dataclass(frozen=True, slots=True)
class Statement:
    """A file as it was brought."""

    name: str
    data: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


class Admissions(Protocol):
    async def enrolled(self, exam_id: str) -> Sequence[Enrolled]:
        """Held against other writers till the unit ends."""
        ...

    async def take(
        self, exam_id: str, statement: Statement, preview: StatementPreview, by: str
    ) -> None:
        """Keeps the statement, and its ratings with the enrolments."""
        ...

    async def grant(
        self, exam_id: str, student_id: str, allowances: Allowances, document: str, by: str
    ) -> None: ...
    async def admit(self, exam_id: str, student_id: str, reason: str, by: str) -> None:
        """An empty reason takes the decision back."""
        ...


class AdmittingUnit(Unit, Protocol):
    @property
    def schedule(self) -> Schedule: ...
    @property
    def results(self) -> ResultRows: ...
    @property
    def admissions(self) -> Admissions: ...
    @property
    def audit(self) -> Audit: ...


class AdmittingUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[AdmittingUnit]: ...
    def write(self) -> AbstractAsyncContextManager[AdmittingUnit]: ...


class Admitting:
    def __init__(self, units: AdmittingUnits, clock: Clock, read_sheet: ReadSheet) -> None:
        self._units = units
        self._clock = clock
        self._read_sheet = read_sheet

    async def preview(self, actor: Actor, exam_id: str, statement: Statement) -> StatementPreview:
        """What taking it would change; nothing is changed. SheetUnreadable."""
        require_planner(actor)
        sheet = await self._read(statement)
        async with self._units.read() as unit:
            await unit.schedule.exam(exam_id, actor)
            return read_statement(sheet, await unit.admissions.enrolled(exam_id))

    async def take(self, actor: Actor, exam_id: str, statement: Statement) -> StatementPreview:
        """All or nothing. StatementRefused where any row is wrong by now.

        A final grade that becomes another by it is on record, and the journal hears of it.
        """
        require_planner(actor)
        sheet = await self._read(statement)
        async with self._units.write() as unit:
            await unit.schedule.exam(exam_id, actor)
            preview = read_statement(sheet, await unit.admissions.enrolled(exam_id))
            if preview.errors or not preview.changes:
                raise StatementRefused(preview)
            graded = await _graded(unit, exam_id, preview)
            await unit.admissions.take(exam_id, statement, preview, actor.id)
            for sitting, before in graded:
                await self._regrade(unit, sitting, before, actor, statement.name)
            facts = {"rows": str(len(preview.changes)), "sha256": statement.digest}
            await unit.audit.add(actor, "statement.taken", exam_id, statement.name, after=facts)
        return preview

    async def _regrade(
        self, unit: AdmittingUnit, sitting: Sitting, before: FinalGrade, actor: Actor, file: str
    ) -> None:
        after = await unit.results.of_student(sitting.exam_id, sitting.student_id)
        if after == before:
            return
        now = self._clock.now()
        await unit.grades.add(
            GradeChange(sitting.id, RATING_CHANGED, before.final, after.final, now, actor.id, file)
        )
        await hand_on(unit, sitting, at=now, by=actor.id)

    async def _read(self, statement: Statement) -> Sheet:
        """In a thread: a workbook takes its time, and exams are running. SheetUnreadable."""
        return await asyncio.to_thread(self._read_sheet, statement.data, _is_column)

    async def grant(
        self, actor: Actor, exam_id: str, student_id: str, allowances: Allowances, document: str
    ) -> None:
        """T-4.11, accommodations. The document says why; proctors never see it.

        Dates open the exam again to who never came. DocumentMissing, WindowOver, ExamBegun,
        SittingOver.
        """
        require_planner(actor)
        document = document.strip()
        if allowances != Allowances() and not 0 < len(document) <= DOCUMENT_LIMIT:
            raise DocumentMissing
        if allowances.closes_at is not None:
            require_to_come(allowances.closes_at, self._clock.now())
        async with self._units.write() as unit:
            sitting = await self._before(unit, actor, exam_id, student_id)
            if sitting is not None and sitting.completed:
                if allowances.closes_at is None:
                    raise SittingOver
                await self._reschedule(unit, sitting, actor)
            await unit.admissions.grant(exam_id, student_id, allowances, document, actor.id)
            after = {name: str(value) for name, value in _told(allowances).items() if value}
            await unit.audit.add(
                actor, "enrolment.granted", student_id, "", after=after, reason=document
            )

    async def admit(self, actor: Actor, exam_id: str, student_id: str, reason: str) -> None:
        """A decision in place of the rating, with its reason; none takes it back.

        ExamBegun, SittingOver.
        """
        require_planner(actor)
        if len(reason) > DOCUMENT_LIMIT:
            raise InvalidRequest("the reason is too long", code="reason_too_long")
        async with self._units.write() as unit:
            sitting = await self._before(unit, actor, exam_id, student_id)
            if sitting is not None and sitting.completed:
                raise SittingOver
            await unit.admissions.admit(exam_id, student_id, reason.strip(), actor.id)
            await unit.audit.add(actor, "enrolment.admitted", student_id, "", reason=reason.strip())

    async def _reschedule(self, unit: AdmittingUnit, before: Sitting, actor: Actor) -> None:
        """With the same proctor, if still there."""
        proctors = await unit.schedule.proctors(before.exam_id)
        proctor_id = before.proctor_id
        if proctor_id not in {one.id for one in proctors if one.left_at is None}:
            proctor_id = await unit.exams.least_busy_proctor(before.exam_id)
        after = before.rescheduled(proctor_id)
        now = self._clock.now()
        await advance(unit, before, after, now, by=actor.id, reference=INDIVIDUAL_DATES)

    async def _before(
        self, unit: AdmittingUnit, actor: Actor, exam_id: str, student_id: str
    ) -> Sitting | None:
        """The student's sitting, held, if there is one. NotFound, ExamBegun."""
        await unit.schedule.exam(exam_id, actor)
        known = {one.student_id for one in await unit.admissions.enrolled(exam_id)}
        if student_id not in known:
            raise NotFound
        found = await unit.sittings.of_student(exam_id, student_id)
        sitting = await unit.sittings.lock(found.id) if found else None
        if sitting is not None and sitting.began_at is not None:
            raise ExamBegun
        return sitting


async def _graded(
    unit: AdmittingUnit, exam_id: str, preview: StatementPreview
) -> list[tuple[Sitting, FinalGrade]]:
    """Those named whose test has ended with a result, held, each with the grade up to now."""
    graded = []
    for change in preview.changes:
        found = await unit.sittings.of_student(exam_id, change.student_id)
        sitting = await unit.sittings.lock(found.id) if found else None
        if sitting is not None and sitting.completed and sitting.result is not None:
            graded.append((sitting, await unit.results.of_student(exam_id, change.student_id)))
    return graded


def _is_column(heading: str) -> bool:
    return column_of(heading) is not None


def _told(allowances: Allowances) -> Mapping[str, object]:
    return {
        "extra_min": allowances.extra_min,
        "break_min": allowances.break_min,
        "excused": ", ".join(sorted(allowances.excused)),
        "opens_at": allowances.opens_at,
        "closes_at": allowances.closes_at,
    }
