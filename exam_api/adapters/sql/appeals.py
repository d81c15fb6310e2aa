"""Appeals, their commissions and votes."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from exam_api.adapters.sql.directory import holds
from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.sittings import sitting_of
from exam_api.adapters.sql.tables import (
    AppealCommission,
    AppealCommissionMember,
    AppealRow,
    AppealVoteRow,
    Discipline,
    Exam,
    QuestionAppealRow,
    StudentProfile,
    User,
)
from exam_api.adapters.sql.tables import Sitting as SittingRow
from exam_api.adapters.sql.visibility import students_of_faculty
from exam_api.domain.appeals import Appealed, AppealState
from exam_api.domain.errors import NotFound
from exam_api.domain.roles import Actor, Role
from exam_api.domain.sitting import Sitting
from exam_api.services.appeals_ports import Appeal, Commission, Named, NamedVote, NewCommission
from exam_api.services.paging import PageAsk

_Visa = aliased(User)
_Row = tuple[
    AppealRow,
    SittingRow,
    Exam,
    Discipline,
    User,
    StudentProfile | None,
    User | None,
    QuestionAppealRow | None,
]


def appeals_visible_to(actor: Actor) -> ColumnElement[bool]:
    """The student's own; all to who oversees; a faculty's to its dean; those one votes on."""
    if actor.oversees:
        return true()
    rights: list[ColumnElement[bool]] = [false()]
    if actor.has(Role.STUDENT):
        rights.append(SittingRow.student_id == actor.id)
    if actor.has(Role.DEAN_OFFICE):
        rights.append(SittingRow.student_id.in_(students_of_faculty(actor)))
    if actor.has(Role.APPEAL_COMMISSION):
        own = select(AppealCommissionMember.commission_id).where(
            AppealCommissionMember.member_id == actor.id
        )
        rights.append(AppealRow.commission_id.in_(own))
    return or_(*rights)


class SqlAppeals:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, actor: Actor, ask: PageAsk) -> Sequence[Appeal]:
        query = _appeals(actor).order_by(AppealRow.id.desc()).limit(ask.limit + 1)
        if ask.after:
            query = query.where(AppealRow.id < str(ask.after[0]))
        return [_appeal(row) for row in await self._session.execute(query)]

    async def get(self, appeal_id: str, actor: Actor) -> Appeal:
        return await self._one(_appeals(actor).where(AppealRow.id == appeal_id))

    async def lock(self, appeal_id: str, actor: Actor) -> Appeal:
        held = select(AppealRow.id).where(AppealRow.id == appeal_id).with_for_update()
        await self._session.execute(held)
        return await self.get(appeal_id, actor)

    async def _one(self, query: Select[*_Row]) -> Appeal:
        options = {"populate_existing": True}
        found = (await self._session.execute(query, execution_options=options)).first()
        if found is None:
            raise NotFound
        row = found[0]
        commission = await self._commission(row.commission_id) if row.commission_id else None
        return _appeal(found, commission, await self._votes(row.id))

    async def _votes(self, appeal_id: str) -> tuple[NamedVote, ...]:
        query = (
            select(AppealVoteRow, User)
            .join(User, User.id == AppealVoteRow.member_id)
            .where(AppealVoteRow.appeal_id == appeal_id)
            .order_by(User.full_name, User.id)
            .execution_options(populate_existing=True)
        )
        return tuple(
            NamedVote(_named(user), vote.uphold, vote.note, vote.at)
            for vote, user in await self._session.execute(query)
        )

    async def sitting(self, appeal: Appeal) -> Sitting:
        return sitting_of(await self._session.get_one(SittingRow, appeal.sitting_id))

    async def of_sitting(self, sitting_id: str, about: Appealed) -> str | None:
        query = select(AppealRow.id).where(
            AppealRow.sitting_id == sitting_id,
            AppealRow.item_id.is_(None),
            AppealRow.cause == about.cause.value,
            AppealRow.nth == about.nth,
        )
        return await self._session.scalar(query)

    async def add(
        self,
        appeal_id: str,
        sitting_id: str,
        grounds: str,
        at: datetime,
        *,
        item_id: str | None = None,
        about: Appealed = Appealed(),  # noqa: B008 - frozen value
    ) -> bool:
        return await insert_once(
            self._session,
            AppealRow,
            id=appeal_id,
            sitting_id=sitting_id,
            item_id=item_id,
            cause=about.cause.value,
            nth=about.nth,
            state=AppealState.LODGED.value,
            grounds=grounds,
            lodged_at=at,
            visa_note="",
            reasons="",
        )

    async def set_visa(
        self,
        appeal_id: str,
        state: AppealState,
        *,
        by: str,
        at: datetime,
        note: str,
        commission_id: str | None,
        due_on: date | None,
    ) -> None:
        change = update(AppealRow).where(AppealRow.id == appeal_id)
        await self._session.execute(
            change.values(
                state=state.value,
                visa_by=by,
                visa_at=at,
                visa_note=note,
                commission_id=commission_id,
                due_on=due_on,
            )
        )

    async def vote(
        self, appeal_id: str, member_id: str, *, uphold: bool, note: str, at: datetime
    ) -> None:
        key = {"appeal_id": appeal_id, "member_id": member_id}
        values = {"uphold": uphold, "note": note, "at": at}
        if not await insert_once(self._session, AppealVoteRow, **key, **values):
            change = update(AppealVoteRow).filter_by(**key).values(**values)
            await self._session.execute(change)

    async def decide(
        self,
        appeal: Appeal,
        state: AppealState,
        *,
        at: datetime,
        reasons: str,
        points_before: int | None,
        points_after: int | None,
    ) -> int:
        assert appeal.commission is not None
        count = (
            update(AppealCommission)
            .where(AppealCommission.id == appeal.commission.id)
            .values(protocols=AppealCommission.protocols + 1)
            .returning(AppealCommission.protocols)
            .execution_options(synchronize_session=False)
        )
        number = (await self._session.execute(count)).scalar_one()
        change = update(AppealRow).where(AppealRow.id == appeal.id)
        await self._session.execute(
            change.values(
                state=state.value,
                decided_at=at,
                reasons=reasons,
                points_before=points_before,
                points_after=points_after,
                protocol=number,
            )
        )
        return int(number)

    async def candidates(self) -> Sequence[Named]:
        query = (
            select(User)
            .where(holds(Role.APPEAL_COMMISSION), User.disabled.is_(False))
            .order_by(User.full_name, User.id)
        )
        return [_named(user) for user in await self._session.scalars(query)]

    async def add_commission(self, new: NewCommission) -> None:
        self._session.add(
            AppealCommission(
                id=new.id,
                order_number=new.order_number,
                order_date=new.order_date,
                chair_id=new.chair_id,
                created_at=new.at,
                created_by=new.by,
                protocols=0,
            )
        )
        await self._session.flush()
        self._session.add_all(
            AppealCommissionMember(commission_id=new.id, member_id=member)
            for member in new.member_ids
        )
        await self._session.flush()

    async def newest_commission(self) -> Commission | None:
        newest = select(AppealCommission.id).order_by(AppealCommission.id.desc()).limit(1)
        found = await self._session.scalar(newest)
        return await self._commission(found) if found else None

    async def commissions(self) -> Sequence[Commission]:
        ids = await self._session.scalars(
            select(AppealCommission.id).order_by(AppealCommission.id.desc())
        )
        return [await self._commission(found) for found in ids.all()]

    async def _commission(self, commission_id: str) -> Commission:
        row = await self._session.get_one(AppealCommission, commission_id)
        query = (
            select(User)
            .join(AppealCommissionMember, AppealCommissionMember.member_id == User.id)
            .where(AppealCommissionMember.commission_id == commission_id)
            .order_by(User.full_name, User.id)
        )
        members = tuple(_named(user) for user in await self._session.scalars(query))
        chair = next(member for member in members if member.id == row.chair_id)
        return Commission(row.id, row.order_number, row.order_date, chair, members)


def _appeals(actor: Actor) -> Select[*_Row]:
    return (
        select(
            AppealRow,
            SittingRow,
            Exam,
            Discipline,
            User,
            StudentProfile,
            _Visa,
            QuestionAppealRow,
        )
        .join(SittingRow, SittingRow.id == AppealRow.sitting_id)
        .join(Exam, Exam.id == SittingRow.exam_id)
        .join(Discipline, Discipline.id == Exam.discipline_id)
        .join(User, User.id == SittingRow.student_id)
        .outerjoin(StudentProfile, StudentProfile.user_id == SittingRow.student_id)
        .outerjoin(_Visa, _Visa.id == AppealRow.visa_by)
        .outerjoin(
            QuestionAppealRow,
            and_(
                QuestionAppealRow.sitting_id == AppealRow.sitting_id,
                QuestionAppealRow.item_id == AppealRow.item_id,
            ),
        )
        .where(appeals_visible_to(actor))
    )


def _named(user: User) -> Named:
    return Named(user.id, user.full_name)


def _appeal(
    found: _Row, commission: Commission | None = None, votes: tuple[NamedVote, ...] = ()
) -> Appeal:
    row, sitting, exam, discipline, student, profile, visa, asked = found
    paper = sitting_of(sitting).paper if asked else None
    return Appeal(
        id=row.id,
        sitting_id=row.sitting_id,
        exam_id=exam.id,
        discipline_code=discipline.code,
        discipline={
            "kk": discipline.title_kk,
            "ru": discipline.title_ru,
            "en": discipline.title_en,
        },
        student=_named(student),
        group=profile.group_name if profile else "",
        state=AppealState(row.state),
        grounds=asked.text if asked else row.grounds,
        lodged_at=row.lodged_at,
        points=sitting.points,
        item_id=row.item_id,
        question=paper.position(asked.item_id) if asked and paper else None,
        visa_by=_named(visa) if visa else None,
        visa_at=row.visa_at,
        visa_note=row.visa_note,
        due_on=row.due_on,
        decided_at=row.decided_at,
        reasons=row.reasons,
        points_before=row.points_before,
        points_after=row.points_after,
        protocol=row.protocol,
        commission=commission,
        votes=votes,
    )
