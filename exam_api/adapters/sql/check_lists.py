"""Check lists (form 4): proposed by the schedule, kept with every answer and step."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, false, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from exam_api.adapters.sql.check_list_rows import answered_of, late_of, rows_of
from exam_api.adapters.sql.directory import holds
from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.tables import (
    CheckListFindingRow,
    CheckListRow,
    CheckListSitting,
    CheckListStepRow,
    Discipline,
    Exam,
    Programme,
    Sitting,
    StudentProfile,
    StudyGroup,
    User,
)
from exam_api.adapters.sql.visibility import sittings_of_own_proctors, students_of_faculty
from exam_api.domain.check_lists import UNTIMED, Finding, ListState, ListStep
from exam_api.domain.errors import NotFound
from exam_api.domain.ids import new_id
from exam_api.domain.languages import Language, Texts, language_or
from exam_api.domain.roles import Actor, Role
from exam_api.services.check_lists_ports import (
    ListedSheet,
    ListRow,
    Named,
    NewStep,
    Proposal,
    ProposedExam,
    SignedSheet,
    StepTaken,
)
from exam_api.services.paging import PageAsk

_Member, _Proctor = aliased(User), aliased(User)
_KEPT_FROM_PROCTOR = (ListState.DRAFTED.value, ListState.DISCARDED.value)


def lists_visible_to(actor: Actor) -> ColumnElement[bool]:
    """All to who oversees; a member's and, once sent, a proctor's own; then the commission's.

    A member sees the lists of the proctors that another answered for before, to take them over.
    """
    if actor.oversees:
        return true()
    rights: list[ColumnElement[bool]] = [false()]
    if actor.has(Role.MEMBER):
        rights += [CheckListRow.member_id == actor.id, _answered_for(actor)]
    if actor.has(Role.PROCTOR):
        sent = CheckListRow.state.not_in(_KEPT_FROM_PROCTOR)
        rights.append(and_(CheckListRow.proctor_id == actor.id, sent))
    if actor.has(Role.COMMISSION, Role.DEAN_OFFICE):
        theirs = (
            select(CheckListSitting.list_id)
            .join(Sitting, Sitting.id == CheckListSitting.sitting_id)
            .where(_forwarded_to(actor))
        )
        forwarded = CheckListRow.state == ListState.FORWARDED.value
        rights.append(and_(forwarded, CheckListRow.id.in_(theirs)))
    return or_(*rights)


def _rows_visible_to(actor: Actor) -> ColumnElement[bool]:
    """A dean's office, or a commission, of a faculty sees the students of that faculty only."""
    if actor.oversees:
        return lists_visible_to(actor)
    rights = [CheckListRow.member_id == actor.id, CheckListRow.proctor_id == actor.id]
    if actor.has(Role.MEMBER):
        rights.append(_answered_for(actor))
    if actor.has(Role.COMMISSION, Role.DEAN_OFFICE):
        rights.append(_forwarded_to(actor))
    return and_(lists_visible_to(actor), or_(*rights))


def _forwarded_to(actor: Actor) -> ColumnElement[bool]:
    """Sittings of forwarded lists, as acts: to the commission all, or those of its faculty."""
    if actor.has(Role.COMMISSION) and actor.faculty_id is None:
        return true()
    return Sitting.student_id.in_(students_of_faculty(actor))


def _answered_for(actor: Actor) -> ColumnElement[bool]:
    """S-15: every sitting of the list is one of the member's proctors'."""
    own = sittings_of_own_proctors(actor)
    listed = select(CheckListSitting.list_id).join(
        Sitting, Sitting.id == CheckListSitting.sitting_id
    )
    return and_(CheckListRow.id.in_(listed.where(own)), CheckListRow.id.not_in(listed.where(~own)))


class SqlCheckLists:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    # --- making -----------------------------------------------------------------------------

    async def proposals(self, actor: Actor) -> Sequence[Proposal]:
        query = (
            select(_Proctor, Exam, Discipline, func.count())
            .select_from(Sitting)
            .join(_Proctor, _Proctor.id == Sitting.proctor_id)
            .join(Exam, Exam.id == Sitting.exam_id)
            .join(Discipline, Discipline.id == Exam.discipline_id)
            .where(_free(actor))
            .group_by(_Proctor.id, Exam.id, Discipline.id)
            .order_by(_Proctor.full_name, _Proctor.id, Exam.opens_at, Exam.id)
        )
        exams: dict[Named, list[ProposedExam]] = {}
        for proctor, exam, discipline, count in await self._session.execute(query):
            one = ProposedExam(exam.id, _title(discipline), exam.opens_at, count)
            exams.setdefault(Named(proctor.id, proctor.full_name), []).append(one)
        return [Proposal(proctor, tuple(found)) for proctor, found in exams.items()]

    async def make(
        self, actor: Actor, proctor_id: str, exam_ids: Collection[str], at: datetime
    ) -> str | None:
        free = select(Sitting.id).where(_free(actor), Sitting.proctor_id == proctor_id)
        free = free.where(Sitting.exam_id.in_(exam_ids)).order_by(Sitting.id)
        sittings = (await self._session.scalars(free.with_for_update())).all()
        if not sittings:
            return None
        made = CheckListRow(
            id=new_id(),
            member_id=actor.id,
            proctor_id=proctor_id,
            state=ListState.DRAFTED.value,
            made_at=at,
        )
        self._session.add(made)
        await self._session.flush()
        return made.id if await self._add(made.id, sittings) else None

    async def _add(self, list_id: str, sittings: Sequence[str]) -> int:
        """How many: another list, made meanwhile, may hold some."""
        return sum(
            [
                await insert_once(
                    self._session, CheckListSitting, sitting_id=sitting, list_id=list_id
                )
                for sitting in sittings
            ]
        )

    async def renew(self, list_id: str, actor: Actor) -> None:
        kept = await self._session.get_one(CheckListRow, list_id)
        listed = select(CheckListSitting.sitting_id).where(CheckListSitting.list_id == list_id)
        own = select(Sitting.id).where(
            Sitting.id.in_(listed), Sitting.proctor_id == kept.proctor_id
        )
        exams = select(Sitting.exam_id).where(Sitting.id.in_(listed))
        free = select(Sitting.id).where(
            _free(actor), Sitting.proctor_id == kept.proctor_id, Sitting.exam_id.in_(exams)
        )
        new = (await self._session.scalars(free.order_by(Sitting.id).with_for_update())).all()
        gone = delete(CheckListSitting).where(
            CheckListSitting.list_id == list_id, CheckListSitting.sitting_id.not_in(own)
        )
        await self._session.execute(gone.execution_options(synchronize_session=False))
        await self._add(list_id, new)

    async def empty(self, list_id: str) -> None:
        gone = delete(CheckListSitting).where(CheckListSitting.list_id == list_id)
        await self._session.execute(gone)

    # --- reading ----------------------------------------------------------------------------

    async def page(self, actor: Actor, ask: PageAsk) -> Sequence[ListedSheet]:
        query = _lists(actor).order_by(CheckListRow.id.desc()).limit(ask.limit + 1)
        if ask.after:
            query = query.where(CheckListRow.id < str(ask.after[0]))
        return await self._sheets(query)

    async def waiting(self, actor: Actor) -> Sequence[ListedSheet]:
        ended = {ListState.DRAFTED, ListState.DISCARDED, ListState.FORWARDED}
        open_ones = _lists(actor).where(CheckListRow.state.not_in(sorted(ended)))
        return await self._sheets(open_ones.order_by(CheckListRow.id))

    async def get(self, list_id: str, actor: Actor) -> ListedSheet:
        found = await self._sheets(_lists(actor).where(CheckListRow.id == list_id))
        if not found:
            raise NotFound
        return found[0]

    async def lock(self, list_id: str, actor: Actor) -> ListedSheet:
        held = select(CheckListRow.id).where(CheckListRow.id == list_id).with_for_update()
        await self._session.execute(held)
        return await self.get(list_id, actor)

    async def answers_for(self, actor: Actor, list_id: str) -> bool:
        if not actor.has(Role.MEMBER):
            return False
        others = CheckListRow.id == list_id, CheckListRow.member_id != actor.id
        query = select(CheckListRow.id).where(*others, _answered_for(actor))
        return await self._session.scalar(query) is not None

    async def _sheets(self, query: Select[CheckListRow, User, User]) -> Sequence[ListedSheet]:
        options = {"populate_existing": True}
        found = (await self._session.execute(query, execution_options=options)).all()
        ids = [row.id for row, _, _ in found]
        counts = await answered_of(self._session, ids)
        moved, late = await self._moved(ids), await late_of(self._session, ids)
        return [
            ListedSheet(
                row.id,
                ListState(row.state),
                Named(member.id, member.full_name),
                Named(proctor.id, proctor.full_name),
                row.made_at,
                moved.get(row.id, row.made_at),
                *counts.get(row.id, (0, 0, 0)),
                late=late.get(row.id, 0),
            )
            for row, member, proctor in found
        ]

    async def _moved(self, ids: Sequence[str]) -> Mapping[str, datetime]:
        """By list: its last step that began a new time to act."""
        timed = (CheckListStepRow.list_id.in_(ids), CheckListStepRow.step.not_in(sorted(UNTIMED)))
        query = (
            select(CheckListStepRow.list_id, func.max(CheckListStepRow.at))
            .where(*timed)
            .group_by(CheckListStepRow.list_id)
        )
        return dict((await self._session.execute(query)).all())

    async def rows(self, actor: Actor, list_id: str) -> Sequence[ListRow]:
        which = and_(CheckListRow.id == list_id, _rows_visible_to(actor))
        return await rows_of(self._session, which)

    async def rows_of_member(self, actor: Actor, member_id: str) -> Sequence[ListRow]:
        return await rows_of(
            self._session, and_(CheckListRow.member_id == member_id, _rows_visible_to(actor))
        )

    async def steps(self, list_id: str) -> Sequence[StepTaken]:
        query = (
            select(CheckListStepRow, User)
            .join(User, User.id == CheckListStepRow.by_user)
            .where(CheckListStepRow.list_id == list_id)
            .order_by(CheckListStepRow.id)
        )
        return [
            StepTaken(
                id=row.id,
                step=ListStep(row.step),
                at=row.at,
                by=Named(user.id, user.full_name),
                reason=row.reason,
                sample=tuple(row.sample),
                sha256=row.sha256,
            )
            for row, user in await self._session.execute(query)
        ]

    async def signed(self, list_id: str) -> SignedSheet:
        query = (
            select(CheckListStepRow)
            .where(
                CheckListStepRow.list_id == list_id,
                CheckListStepRow.step == ListStep.SIGN.value,
            )
            .order_by(CheckListStepRow.id.desc())
            .limit(1)
        )
        row = (await self._session.scalars(query)).one()
        return SignedSheet(row.at, row.files)

    # --- writing ----------------------------------------------------------------------------

    async def take(self, list_id: str, state: ListState, step: NewStep) -> int:
        row = CheckListStepRow(
            list_id=list_id,
            step=step.step.value,
            at=step.at,
            by_user=step.by,
            reason=step.reason,
            sample=list(step.sample),
            files=dict(step.files or {}),
            sha256=step.sha256,
        )
        self._session.add(row)
        change = update(CheckListRow).where(CheckListRow.id == list_id).values(state=state.value)
        if step.step is ListStep.TAKE_OVER:
            change = change.values(member_id=step.by)
        await self._session.execute(change.execution_options(synchronize_session=False))
        await self._session.flush()
        return row.id

    async def state(
        self,
        list_id: str,
        findings: Mapping[str, Finding],
        *,
        by: str,
        at: datetime,
        from_file: bool,
    ) -> None:
        source = "file" if from_file else "page"
        self._session.add_all(
            CheckListFindingRow(
                list_id=list_id,
                sitting_id=sitting_id,
                finding=finding.value,
                source=source,
                at=at,
                by_user=by,
            )
            for sitting_id, finding in findings.items()
        )
        await self._session.flush()

    async def language_of(self, user_id: str) -> Language:
        user = await self._session.get_one(User, user_id)
        return language_or(user.language)

    async def sent_copies(self, list_id: str) -> Sequence[str]:
        faculties = (
            select(Programme.faculty_id)
            .join(StudyGroup, StudyGroup.programme_id == Programme.id)
            .join(StudentProfile, StudentProfile.group_id == StudyGroup.id)
            .join(Sitting, Sitting.student_id == StudentProfile.user_id)
            .join(CheckListSitting, CheckListSitting.sitting_id == Sitting.id)
            .where(CheckListSitting.list_id == list_id)
        )
        theirs = User.faculty_id.in_(faculties)
        deans = and_(holds(Role.DEAN_OFFICE), theirs)
        commission = and_(holds(Role.COMMISSION), or_(User.faculty_id.is_(None), theirs))
        query = select(User.id).where(or_(deans, commission))
        return (await self._session.scalars(query)).all()


def _free(actor: Actor) -> ColumnElement[bool]:
    """Own proctors' sittings that stand in no list."""
    listed = select(CheckListSitting.sitting_id)
    return and_(
        sittings_of_own_proctors(actor), Sitting.proctor_id.is_not(None), Sitting.id.not_in(listed)
    )


def _lists(actor: Actor) -> Select[CheckListRow, User, User]:
    return (
        select(CheckListRow, _Member, _Proctor)
        .join(_Member, _Member.id == CheckListRow.member_id)
        .join(_Proctor, _Proctor.id == CheckListRow.proctor_id)
        .where(lists_visible_to(actor))
    )


def _title(discipline: Discipline) -> Texts:
    return {"kk": discipline.title_kk, "ru": discipline.title_ru, "en": discipline.title_en}
