"""Queries behind the pages' lists."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from analysis.contracts import Severity
from exam_api.adapters.sql import tables
from exam_api.adapters.sql.exams import SqlExams, allowances_of, exam_of
from exam_api.adapters.sql.people import names_of
from exam_api.adapters.sql.sittings import sitting_of
from exam_api.adapters.sql.visibility import exams_watched_by, sittings_watched_by
from exam_api.domain.errors import NotFound
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Exam
from exam_api.domain.states import COMPLETED, RUNNING
from exam_api.services.overview import (
    ExamCounts,
    ListedAct,
    ListedSitting,
    OwnPlace,
    Profile,
)
from exam_api.services.review_ports import ActSource

_REFUSAL = 2  # form 2 is about another act
_SittingRow = tuple[
    tables.Sitting, tables.Exam, tables.Discipline, tables.User, tables.StudentProfile | None
]


class SqlOverview:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def exams(
        self, actor: Actor, limit: int, offset: int
    ) -> Sequence[tuple[Exam, ExamCounts]]:
        state = tables.Sitting.state
        query = (
            select(
                tables.Exam,
                tables.Discipline,
                func.count(tables.Sitting.id),
                _count(state.in_([one.value for one in RUNNING])),
                _count(state.in_([one.value for one in COMPLETED])),
            )
            .join(tables.Discipline, tables.Discipline.id == tables.Exam.discipline_id)
            .outerjoin(
                tables.Sitting,
                and_(tables.Sitting.exam_id == tables.Exam.id, sittings_watched_by(actor)),
            )
            .where(exams_watched_by(actor))
            .group_by(tables.Exam.id, tables.Discipline.id)
            .order_by(tables.Exam.opens_at.desc(), tables.Exam.id)
            .limit(limit)
            .offset(offset)
        )
        found = await self._session.execute(query)
        return [
            (exam_of(exam, discipline), ExamCounts(total, running, finished))
            for exam, discipline, total, running, finished in found
        ]

    async def exam_count(self, actor: Actor) -> int:
        query = select(func.count(tables.Exam.id)).where(exams_watched_by(actor))
        return await self._session.scalar(query) or 0

    async def exam(self, exam_id: str, actor: Actor) -> Exam:
        return await SqlExams(self._session).watched(exam_id, actor)

    async def sittings(self, exam_id: str, actor: Actor) -> Sequence[ListedSitting]:
        query = (
            _sittings()
            .where(tables.Sitting.exam_id == exam_id, sittings_watched_by(actor))
            .order_by(tables.User.full_name, tables.Sitting.id)
        )
        listed = [_listed(row) for row in (await self._session.execute(query))]
        ids = [sitting.id for sitting in listed]
        counts = await self._flag_counts(ids)
        made = await self._newest(tables.Sitting.id.in_(ids))
        acts = {act.sitting_id: act for act in reversed(made) if act.form != _REFUSAL}
        return [_completed(sitting, counts, acts.get(sitting.id)) for sitting in listed]

    async def sitting(self, sitting_id: str, actor: Actor) -> ListedSitting:
        query = _sittings().where(tables.Sitting.id == sitting_id, sittings_watched_by(actor))
        found = (await self._session.execute(query)).first()
        if found is None:
            raise NotFound
        listed = _listed(found)
        own = await self._session.get(tables.Enrolment, (listed.exam.id, found[0].student_id))
        return replace(listed, allowances=allowances_of(own)) if own else listed

    async def own_place(self, user_id: str) -> OwnPlace | None:
        query = (
            select(tables.StudyGroup, tables.Programme, tables.Faculty)
            .join(tables.StudentProfile, tables.StudentProfile.group_id == tables.StudyGroup.id)
            .join(tables.Programme, tables.Programme.id == tables.StudyGroup.programme_id)
            .join(tables.Faculty, tables.Faculty.id == tables.Programme.faculty_id)
            .where(tables.StudentProfile.user_id == user_id)
        )
        found = (await self._session.execute(query)).first()
        if found is None:
            return None
        group, programme, faculty = found
        names = names_of(programme)
        return OwnPlace(names_of(faculty), programme.code, names, group.course, group.name)

    async def _newest(self, which: ColumnElement[bool]) -> list[ListedAct]:
        """Acts are few: the newest complete revision of each is chosen here."""
        act, sitting = tables.ActRow, tables.Sitting
        query = (
            select(act, tables.Exam, tables.Discipline, tables.User, tables.StudentProfile)
            .join(sitting, sitting.id == act.sitting_id)
            .join(tables.Exam, tables.Exam.id == sitting.exam_id)
            .join(tables.Discipline, tables.Discipline.id == tables.Exam.discipline_id)
            .join(tables.User, tables.User.id == sitting.student_id)
            .outerjoin(tables.StudentProfile, tables.StudentProfile.user_id == sitting.student_id)
            .where(which)
            .order_by(act.made_at.desc(), act.revision.desc())
        )
        newest: dict[tuple[int, int, int], ListedAct] = {}
        for row, exam, discipline, user, profile in await self._session.execute(query):
            name = (row.form, row.year, row.seq)
            known = newest.get(name)
            if row.blobs and (known is None or known.revision < row.revision):
                newest[name] = _act(row, exam_of(exam, discipline), user, profile)
        counts = await self._flag_counts([one.sitting_id for one in newest.values()])
        standing = {sitting_id for sitting_id, (_, _, confirmed) in counts.items() if confirmed}
        listed = [
            replace(one, withdrawn=one.of_flags and one.sitting_id not in standing)
            for one in newest.values()
        ]
        return sorted(listed, key=lambda one: one.made_at, reverse=True)

    async def _flag_counts(self, sitting_ids: Sequence[str]) -> Mapping[str, tuple[int, int, int]]:
        """(all, undecided, confirmed) by sitting; of several decisions the newest counts.

        First signs are left out, but for those that somebody has decided on.
        """
        flags = select(tables.FlagRow.sitting_id, tables.FlagRow.id, tables.FlagRow.severity).where(
            tables.FlagRow.sitting_id.in_(sitting_ids)
        )
        found = (await self._session.execute(flags)).all()
        decided = (
            select(tables.DecisionRow.flag_id, tables.DecisionRow.verdict)
            .join(tables.FlagRow, tables.FlagRow.id == tables.DecisionRow.flag_id)
            .where(tables.FlagRow.sitting_id.in_(sitting_ids))
            .order_by(tables.DecisionRow.at, tables.DecisionRow.id)
        )
        verdicts = dict((await self._session.execute(decided)).all())
        counted = [one[:2] for one in found if one[2] != Severity.SIGN or one[1] in verdicts]
        return _tally(counted, verdicts)


def _tally(
    flags: Iterable[tuple[str, str]], verdicts: Mapping[str, str]
) -> Mapping[str, tuple[int, int, int]]:
    counts: dict[str, tuple[int, int, int]] = {}
    for sitting_id, flag_id in flags:
        verdict = verdicts.get(flag_id)
        total, undecided, confirmed = counts.get(sitting_id, (0, 0, 0))
        counts[sitting_id] = (
            total + 1,
            undecided + (verdict is None),
            confirmed + (verdict == "confirmed"),
        )
    return counts


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _sittings() -> Select[
    tables.Sitting, tables.Exam, tables.Discipline, tables.User, tables.StudentProfile
]:
    sitting = tables.Sitting
    return (
        select(sitting, tables.Exam, tables.Discipline, tables.User, tables.StudentProfile)
        .join(tables.Exam, tables.Exam.id == sitting.exam_id)
        .join(tables.Discipline, tables.Discipline.id == tables.Exam.discipline_id)
        .join(tables.User, tables.User.id == sitting.student_id)
        .outerjoin(tables.StudentProfile, tables.StudentProfile.user_id == sitting.student_id)
    )


def _profile(row: tables.StudentProfile | None) -> Profile | None:
    if row is None:
        return None
    return Profile(row.faculty, row.programme, row.course, row.group_name)


def _listed(row: _SittingRow) -> ListedSitting:
    stored, exam, discipline, user, profile = row
    sitting = sitting_of(stored)
    return ListedSitting(
        id=sitting.id,
        exam=exam_of(exam, discipline),
        student=user.full_name,
        profile=_profile(profile),
        state=sitting.state,
        began_at=sitting.began_at,
        finished_at=sitting.finished_at,
        result=sitting.result,
    )


def _completed(
    sitting: ListedSitting, counts: Mapping[str, tuple[int, int, int]], act: ListedAct | None
) -> ListedSitting:
    flags, undecided, confirmed = counts.get(sitting.id, (0, 0, 0))
    return replace(sitting, flags=flags, undecided=undecided, confirmed=confirmed, act=act)


def _act(
    row: tables.ActRow, exam: Exam, user: tables.User, profile: tables.StudentProfile | None
) -> ListedAct:
    return ListedAct(
        id=row.id,
        sitting_id=row.sitting_id,
        number=row.number,
        revision=row.revision,
        made_at=row.made_at,
        student=user.full_name,
        group=profile.group_name if profile else "",
        exam=exam,
        form=row.form,
        of_flags=row.source == ActSource.FLAGS.value,
    )
