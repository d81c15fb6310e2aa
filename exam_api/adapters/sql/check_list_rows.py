"""The rows of check lists, each with what is on record of its sitting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from analysis.contracts import JUDGED
from exam_api.adapters.sql.tables import (
    ActRow,
    CheckListFindingRow,
    CheckListRow,
    CheckListSitting,
    DecisionRow,
    Discipline,
    Exam,
    FlagRow,
    Sitting,
    StudentProfile,
    User,
)
from exam_api.adapters.sql.verdicts import carries_an_act, without_form3
from exam_api.domain.check_lists import (
    ANSWERED,
    SIGNED,
    Checked,
    Finding,
    ListState,
    SittingFacts,
    problem_of,
)
from exam_api.domain.states import SittingState
from exam_api.services.check_lists_ports import ListedAct, ListRow, Named
from exam_api.services.review_ports import ActSource, StudentCard

_Proctor = aliased(User)
_Stated = tuple[CheckListFindingRow, str]

_TO_JUDGE = sorted(severity.value for severity in JUDGED)


@dataclass(slots=True)
class _OnRecord:
    """Of one sitting. ``flags``: when each came, of those that somebody has to decide on.

    ``decided``: ids of flags; ``acts``: by number.
    """

    flags: dict[str, datetime] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)
    carried: bool = False
    acts: dict[tuple[int, int, int], ListedAct] = field(default_factory=dict)
    form3_missing: str | None = None

    @property
    def standing(self) -> tuple[ListedAct, ...]:
        """Those that people drew up, and the one made of flags while a confirmed one carries it."""
        return tuple(act for act in self.acts.values() if self.carried or not act.of_flags)


async def rows_of(session: AsyncSession, which: ColumnElement[bool]) -> Sequence[ListRow]:
    """By exam and name."""
    query = (
        select(CheckListRow, Sitting, Exam, Discipline, User, StudentProfile, _Proctor)
        .join(CheckListSitting, CheckListSitting.list_id == CheckListRow.id)
        .join(Sitting, Sitting.id == CheckListSitting.sitting_id)
        .join(Exam, Exam.id == Sitting.exam_id)
        .join(Discipline, Discipline.id == Exam.discipline_id)
        .join(User, User.id == Sitting.student_id)
        .join(_Proctor, _Proctor.id == CheckListRow.proctor_id)
        .outerjoin(StudentProfile, StudentProfile.user_id == Sitting.student_id)
        .where(which)
        .order_by(_Proctor.full_name, Exam.opens_at, Exam.id, User.full_name, Sitting.id)
        .execution_options(populate_existing=True)
    )
    found = (await session.execute(query)).all()
    ids = [sitting.id for _, sitting, *_ in found]
    records = await _records(session, ids)
    stated = await _stated(session, ids)
    return [_row(one, records[one[1].id], stated.get((one[0].id, one[1].id))) for one in found]


async def checked(session: AsyncSession, ids: Sequence[str]) -> Mapping[str, Checked]:
    """By sitting, of those given: also of such as stand in no list yet."""
    records = await _records(session, ids)
    stated = await _stated(session, ids)
    listed = (
        select(CheckListSitting.sitting_id, CheckListRow.id, CheckListRow.state)
        .join(CheckListRow, CheckListRow.id == CheckListSitting.list_id)
        .where(CheckListSitting.sitting_id.in_(ids))
    )
    found = {one: Checked(bool(record.standing)) for one, record in records.items()}
    for sitting_id, list_id, state in await session.execute(listed):
        answer = stated.get((list_id, sitting_id))
        finding = Finding(answer[0].finding) if answer else None
        found[sitting_id] = replace(
            found[sitting_id], finding=finding, signed=ListState(state) in SIGNED
        )
    return found


def _row(
    found: tuple[CheckListRow, Sitting, Exam, Discipline, User, StudentProfile | None, User],
    record: _OnRecord,
    stated: _Stated | None,
) -> ListRow:
    kept, sitting, exam, discipline, user, profile, proctor = found
    facts = SittingFacts(
        state=SittingState(sitting.state),
        proctor_id=sitting.proctor_id,
        flags=len(record.flags),
        undecided=len(record.flags.keys() - record.decided),
        act_made=bool(record.standing),
        act_due=record.carried and not any(act.of_flags for act in record.acts.values()),
    )
    finding = Finding(stated[0].finding) if stated else None
    late = sum(came > stated[0].at for came in record.flags.values()) if stated else 0
    # "Nothing to review" was true when it was said: flags that came later do not unsay it.
    known = replace(facts, flags=facts.flags - late)
    return ListRow(
        list_id=kept.id,
        sitting_id=sitting.id,
        student=StudentCard(
            full_name=user.full_name,
            faculty=profile.faculty if profile else "",
            programme=profile.programme if profile else "",
            course=profile.course if profile else None,
            group=profile.group_name if profile else "",
        ),
        title={"kk": discipline.title_kk, "ru": discipline.title_ru, "en": discipline.title_en},
        day=sitting.began_at or exam.opens_at,
        proctor=Named(proctor.id, proctor.full_name),
        facts=facts,
        acts=record.standing,
        finding=finding,
        by_name=stated[1] if stated else "",
        from_file=stated is not None and stated[0].source == "file",
        late=late,
        problem=problem_of(finding, known, proctor.id),
        form3_missing=record.form3_missing,
    )


async def _records(session: AsyncSession, ids: Sequence[str]) -> Mapping[str, _OnRecord]:
    records = {sitting_id: _OnRecord() for sitting_id in ids}
    flags = select(FlagRow.id, FlagRow.sitting_id, FlagRow.opened_at)
    judged = FlagRow.sitting_id.in_(ids), FlagRow.severity.in_(_TO_JUDGE)
    for flag_id, sitting_id, came in await session.execute(flags.where(*judged)):
        records[sitting_id].flags[flag_id] = came
    decided = (
        select(FlagRow.sitting_id, FlagRow.id, carries_an_act())
        .join(DecisionRow, DecisionRow.flag_id == FlagRow.id)
        .where(FlagRow.sitting_id.in_(ids))
    )
    for sitting_id, flag_id, carries in await session.execute(decided):
        records[sitting_id].decided.add(flag_id)
        records[sitting_id].carried |= bool(carries)
    await _add_acts(session, ids, records)
    for sitting_id, flag_id in (await without_form3(session, ids)).items():
        records[sitting_id].form3_missing = flag_id
    return records


async def _add_acts(
    session: AsyncSession, ids: Sequence[str], records: Mapping[str, _OnRecord]
) -> None:
    """Forms 1 and 3, the newest revision of each; form 2 is about another act."""
    act = ActRow
    query = (
        select(act.sitting_id, act.year, act.form, act.seq, act.id, act.number, act.source)
        .add_columns(act.blobs)
        .where(act.sitting_id.in_(ids), act.form.in_((1, 3)))
        .order_by(act.made_at, act.revision)
    )
    for sitting_id, year, form, seq, act_id, number, source, files in await session.execute(query):
        if files:  # else it is still being made
            of_flags = source == ActSource.FLAGS.value
            records[sitting_id].acts[year, form, seq] = ListedAct(act_id, number, of_flags)


async def _stated(session: AsyncSession, ids: Sequence[str]) -> Mapping[tuple[str, str], _Stated]:
    """By list and sitting: the newest counts."""
    query = (
        select(CheckListFindingRow, User.full_name)
        .join(User, User.id == CheckListFindingRow.by_user)
        .where(CheckListFindingRow.sitting_id.in_(ids))
        .order_by(CheckListFindingRow.id)
    )
    return {
        (row.list_id, row.sitting_id): (row, name) for row, name in await session.execute(query)
    }


async def answered_of(
    session: AsyncSession, list_ids: Sequence[str]
) -> Mapping[str, tuple[int, int, int]]:
    """By list: its rows, those answered, the acts stated."""
    newest = (
        select(func.max(CheckListFindingRow.id).label("id"))
        .where(CheckListFindingRow.list_id.in_(list_ids))
        .group_by(CheckListFindingRow.list_id, CheckListFindingRow.sitting_id)
    )
    made = CheckListFindingRow.finding == Finding.ACT_MADE.value
    query = (
        select(
            CheckListSitting.list_id,
            func.count(),
            func.count(CheckListFindingRow.id),
            func.sum(case((made, 1), else_=0)),
        )
        .outerjoin(
            CheckListFindingRow,
            (CheckListFindingRow.sitting_id == CheckListSitting.sitting_id)
            & (CheckListFindingRow.list_id == CheckListSitting.list_id)
            & CheckListFindingRow.id.in_(newest),
        )
        .where(CheckListSitting.list_id.in_(list_ids))
        .group_by(CheckListSitting.list_id)
    )
    return {
        list_id: (rows, answered, acts)
        for list_id, rows, answered, acts in await session.execute(query)
    }


async def late_of(session: AsyncSession, list_ids: Sequence[str]) -> Mapping[str, int]:
    """By list that is handed in: flags that nobody has decided. It was not while there were any."""
    decided = select(DecisionRow.flag_id)
    query = (
        select(CheckListSitting.list_id, func.count())
        .join(CheckListRow, CheckListRow.id == CheckListSitting.list_id)
        .join(FlagRow, FlagRow.sitting_id == CheckListSitting.sitting_id)
        .where(
            CheckListRow.id.in_(list_ids),
            CheckListRow.state.in_(sorted(ANSWERED)),
            FlagRow.severity.in_(_TO_JUDGE),
            FlagRow.id.not_in(decided),
        )
        .group_by(CheckListSitting.list_id)
    )
    return dict((await session.execute(query)).all())
