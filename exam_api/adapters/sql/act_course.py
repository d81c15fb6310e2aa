"""Acts on their way, and the steps on record."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, defer

from analysis.contracts import JUDGED
from exam_api.adapters.sql.act_visibility import (
    acts_visible_to,
    complete,
    newest_revision,
    of_act,
    same_act,
)
from exam_api.adapters.sql.notices import SqlNotices
from exam_api.adapters.sql.people import names_of
from exam_api.adapters.sql.tables import (
    ActCourseRow,
    ActRow,
    ActStepRow,
    DecisionRow,
    Discipline,
    Exam,
    Faculty,
    FlagRow,
    SecondReviewRow,
    Sitting,
    StudentProfile,
    User,
)
from exam_api.adapters.sql.verdicts import carries_an_act, counts, without_form3
from exam_api.adapters.sql.visibility import sittings_watched_by
from exam_api.domain.act_course import ActState, ActStep
from exam_api.domain.errors import NotFound
from exam_api.domain.ids import new_id
from exam_api.domain.languages import Texts
from exam_api.domain.roles import Actor
from exam_api.services.act_course_ports import (
    ActCount,
    ActsWanted,
    Basis,
    CourseAct,
    CourseStep,
    OverdueAt,
    Taken,
)
from exam_api.services.notices_ports import Delivery
from exam_api.services.numbered_pages import PageWanted
from exam_api.services.paging import PageAsk
from exam_api.services.proctoring_ports import Verdict
from exam_api.services.second_reviews import SecondOpinion

_FLAGS: Final = "flags"
_ON_A_WAY: Final = (1, 3)  # forms: a breach, an outsider
_Proctor = aliased(User)
_state = func.coalesce(ActCourseRow.state, ActState.MADE.value)
_faculty = func.coalesce(StudentProfile.faculty, "")
_proctor_name = func.coalesce(_Proctor.full_name, "")
Columns = TypeVarTuple("Columns")
_Row = tuple[
    ActRow,
    ActCourseRow | None,
    Sitting,
    Discipline,
    User,
    StudentProfile | None,
    str | None,
    str | None,
    bool,
]


class SqlActCourses:
    def __init__(self, session: AsyncSession, notices: SqlNotices) -> None:
        self._session = session
        self._notices = notices

    async def visible(self, actor: Actor) -> Sequence[CourseAct]:
        query = _acts().where(acts_visible_to(actor))
        return [_act(row) for row in await self._session.execute(query)]

    async def counted(self, actor: Actor, overdue_at: OverdueAt) -> Sequence[ActCount]:
        overdue = case((_is_overdue(overdue_at), True), else_=False)
        each = _joined(
            select(
                _state.label("state"),
                _faculty.label("faculty"),
                _proctor_name.label("proctor"),
                overdue.label("overdue"),
            ).select_from(ActRow)
        )
        acts = each.where(acts_visible_to(actor)).subquery()
        query = select(*acts.c, func.count()).group_by(*acts.c)
        return [
            ActCount(ActState(row[0]), row[1], row[2], bool(row[3]), row[4])
            for row in await self._session.execute(query)
        ]

    async def listed(
        self, actor: Actor, overdue_at: OverdueAt, wanted: ActsWanted, page: PageWanted
    ) -> Sequence[CourseAct]:
        query = _acts().where(acts_visible_to(actor))
        if wanted.state is not None:
            query = query.where(_state == wanted.state.value)
        if wanted.faculty is not None:
            query = query.where(_faculty == wanted.faculty)
        if wanted.proctor is not None:
            query = query.where(_proctor_name == wanted.proctor)
        if wanted.overdue:
            query = query.where(_is_overdue(overdue_at))
        rows = await self._session.execute(query.limit(page.size).offset(page.offset))
        return [_act(row) for row in rows]

    async def page(self, actor: Actor, ask: PageAsk, state: ActState | None) -> Sequence[CourseAct]:
        query = _acts().where(acts_visible_to(actor)).order_by(None).order_by(ActRow.id.desc())
        if state is not None:
            query = query.where(_state == state.value)
        if ask.after:
            query = query.where(ActRow.id < str(ask.after[0]))
        return [_act(row) for row in await self._session.execute(query.limit(ask.limit + 1))]

    async def get(self, act_id: str, actor: Actor) -> CourseAct:
        return await self._one(_acts().where(same_act(act_id), acts_visible_to(actor)))

    async def lock(self, act_id: str) -> CourseAct:
        sitting_id = await self._session.scalar(
            select(ActRow.sitting_id).where(ActRow.id == act_id)
        )
        await self._hold([] if sitting_id is None else [sitting_id])
        return await self._one(_acts().where(same_act(act_id)))

    async def of_sittings(self, sitting_ids: Collection[str], actor: Actor) -> Sequence[CourseAct]:
        wanted = set(sitting_ids)
        visible = select(Sitting.id).where(Sitting.id.in_(wanted), sittings_watched_by(actor))
        if wanted - set(await self._session.scalars(visible)):
            raise NotFound
        await self._hold(wanted)
        query = _acts().where(ActRow.sitting_id.in_(wanted))
        return [_act(row) for row in await self._session.execute(query)]

    async def _hold(self, sitting_ids: Collection[str]) -> None:
        held = select(Sitting.id).where(Sitting.id.in_(sitting_ids)).order_by(Sitting.id)
        await self._session.execute(held.with_for_update())

    async def _one(self, query: Select[*_Row]) -> CourseAct:
        found = (await self._session.execute(query)).first()
        if found is None:
            raise NotFound
        return _act(found)

    async def steps(self, course_id: str) -> Sequence[CourseStep]:
        query = (
            select(ActStepRow, User.full_name, ActRow.revision)
            .join(ActRow, ActRow.id == ActStepRow.act_id)
            .outerjoin(User, User.id == ActStepRow.by_user)
            .where(ActStepRow.course_id == course_id)
            .order_by(ActStepRow.id)
        )
        return [
            _step(row, name, revision) for row, name, revision in await self._session.execute(query)
        ]

    async def take(
        self,
        act: CourseAct,
        step: ActStep,
        after: ActState,
        taken: Taken,
        due_at: datetime | None,
    ) -> int:
        since = act.since if after is act.state else taken.at
        now = {"act_id": act.id, "state": after.value, "since": since, "due_at": due_at}
        course_id = act.course_id or new_id()
        if act.course_id is None:
            number = {"year": act.year, "form": act.form, "seq": act.seq}
            self._session.add(
                ActCourseRow(id=course_id, sitting_id=act.sitting_id, **number, **now)
            )
            await self._session.flush()
        else:
            change = update(ActCourseRow).where(ActCourseRow.id == course_id)
            await self._session.execute(change.values(**now))
        row = ActStepRow(
            course_id=course_id,
            act_id=act.id,
            step=step.value,
            before=act.state.value,
            after=after.value,
            at=taken.at,
            by_user=taken.by,
            reason=taken.reason,
            reference=taken.reference,
        )
        self._session.add(row)
        await self._session.flush()
        return row.id

    async def document(self, act_id: str) -> Mapping[str, Any]:
        document = await self._session.scalar(select(ActRow.document).where(ActRow.id == act_id))
        return document or {}

    async def basis(self, act: CourseAct) -> Basis:
        name = (ActRow.year == act.year, ActRow.form == act.form, ActRow.seq == act.seq)
        newer = select(exists().where(*name, ActRow.revision > act.revision))
        decided = (
            select(FlagRow.severity, DecisionRow.id, DecisionRow.verdict)
            .outerjoin(DecisionRow, and_(DecisionRow.flag_id == FlagRow.id, counts()))
            .where(FlagRow.sitting_id == act.sitting_id)
        )
        rows = (await self._session.execute(decided)).all()
        open_ones = [row for row in rows if row[1] is None and row[0] in JUDGED]
        return Basis(
            newer=bool(await self._session.scalar(newer)),
            confirmed=frozenset(one for _, one, said in rows if said == Verdict.CONFIRMED),
            undecided=len(open_ones),
        )

    async def second_opinions(self, act_id: str) -> Mapping[str, SecondOpinion]:
        query = select(SecondReviewRow).where(SecondReviewRow.act_id == act_id)
        return {
            row.flag_id: SecondOpinion(row.flag_id, Verdict(row.verdict), row.comment)
            for row in await self._session.scalars(query)
        }

    async def confirmed_others(self, act: CourseAct) -> bool:
        query = select(ActCourseRow.id).where(
            ActCourseRow.sitting_id == act.sitting_id,
            ActCourseRow.id != act.course_id,
            ActCourseRow.state == ActState.CONFIRMED.value,
        )
        return (await self._session.scalar(query)) is not None

    async def form3_missing(self, act: CourseAct) -> str | None:
        return (await without_form3(self._session, [act.sitting_id])).get(act.sitting_id)

    async def faculty_names(self) -> Mapping[str, Texts]:
        rows = await self._session.scalars(select(Faculty))
        return {row.name_kk: names_of(row) for row in rows}

    async def told(self, once_key: str) -> Sequence[Delivery]:
        return await self._notices.deliveries_of(once_key)


def _acts() -> Select[*_Row]:
    second = (
        select(func.min(SecondReviewRow.by_user))
        .where(SecondReviewRow.act_id == ActRow.id)
        .correlate(ActRow)
        .scalar_subquery()
    )
    query = select(
        ActRow,
        ActCourseRow,
        Sitting,
        Discipline,
        User,
        StudentProfile,
        _Proctor.full_name,
        second,
        _stands(),
    )
    return (
        _joined(query)
        .order_by(ActRow.made_at.desc(), ActRow.id.desc())
        .options(defer(ActRow.document))
        .execution_options(populate_existing=True)
    )


def _joined(query: Select[*Columns]) -> Select[*Columns]:
    """The acts that have a way, each in its newest complete revision, with what is around them."""
    return (
        query.join(Sitting, Sitting.id == ActRow.sitting_id)
        .join(Exam, Exam.id == Sitting.exam_id)
        .join(Discipline, Discipline.id == Exam.discipline_id)
        .join(User, User.id == Sitting.student_id)
        .outerjoin(StudentProfile, StudentProfile.user_id == Sitting.student_id)
        .outerjoin(_Proctor, _Proctor.id == Sitting.proctor_id)
        .outerjoin(ActCourseRow, of_act())
        .where(ActRow.form.in_(_ON_A_WAY), complete(ActRow), newest_revision())
    )


def _is_overdue(at: OverdueAt) -> ColumnElement[bool]:
    due = or_(
        and_(ActCourseRow.id.is_(None), ActRow.made_at < at.made_before),
        ActCourseRow.due_at < at.now,
    )
    return and_(_state != ActState.WITHDRAWN.value, _stands(), due)


def _stands() -> ColumnElement[bool]:
    """A person's act does; one made of flags, while one that carries it is confirmed."""
    confirmed = exists().where(FlagRow.sitting_id == ActRow.sitting_id, carries_an_act())
    return or_(ActRow.source != _FLAGS, confirmed)


def _act(found: _Row) -> CourseAct:
    act, course, sitting, discipline, student, profile, proctor, second, stands = found
    return CourseAct(
        id=act.id,
        course_id=course.id if course else None,
        number=act.number,
        form=act.form,
        revision=act.revision,
        year=act.year,
        seq=act.seq,
        made_at=act.made_at,
        made_by=act.made_by,
        sitting_id=act.sitting_id,
        exam_id=sitting.exam_id,
        title={
            "kk": discipline.title_kk,
            "ru": discipline.title_ru,
            "en": discipline.title_en,
        },
        student_id=student.id,
        student=student.full_name,
        group=profile.group_name if profile else "",
        faculty=profile.faculty if profile else "",
        proctor_id=sitting.proctor_id,
        proctor=proctor or "",
        state=ActState(course.state) if course else ActState.MADE,
        since=course.since if course else act.made_at,
        due_at=course.due_at if course else None,
        of_flags=act.source == _FLAGS,
        stands=bool(stands),
        second_reviewer=second,
        files=act.blobs,
    )


def _step(row: ActStepRow, by_name: str | None, revision: int) -> CourseStep:
    return CourseStep(
        id=row.id,
        step=ActStep(row.step),
        before=ActState(row.before),
        after=ActState(row.after),
        at=row.at,
        by=row.by_user,
        by_name=by_name,
        reason=row.reason,
        reference=row.reference,
        revision=revision,
    )
