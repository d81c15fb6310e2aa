"""The schedule for programs: sessions of exams, exams and their windows, enrolments, proctors."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, StringConstraints

from exam_api.domain.admission import Admission
from exam_api.domain.conflicts import Conflict, ConflictKind
from exam_api.domain.errors import ExamBegun
from exam_api.domain.languages import LANGUAGES, Language
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.states import SittingState
from exam_api.services.paging import page_after
from exam_api.services.scheduling_ports import (
    AppointedProctor,
    EnrolledStudent,
    ExamDraft,
    ScheduledExam,
)
from exam_api.web.api.ids import BodyId, PathId
from exam_api.web.api.paging import PAGED, AskedPage, linked
from exam_api.web.api.people import NewId
from exam_api.web.api.texts import plain
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1", tags=["schedule"])


def _within_reach(at: datetime) -> datetime:
    """Further away a date cannot be moved into another zone."""
    if not 2000 <= at.year <= 2100:
        raise ValueError("a time between 2000 and 2100")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_within_reach)]
Login = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]
Stated = Annotated[str, plain(500, least=1)]


class ExamBody(BaseModel):
    """Without ``rooms`` it is remote. A setting that ``policy`` does not name has its default."""

    discipline_id: BodyId
    period_id: BodyId | None = None
    opens_at: Moment
    closes_at: Moment
    languages: Annotated[list[Language], Field(min_length=1, max_length=len(LANGUAGES))]
    policy: ExamPolicy = Field(default_factory=ExamPolicy)
    rooms: Annotated[list[BodyId], Field(max_length=200)] = []

    def draft(self) -> ExamDraft:
        return ExamDraft(
            discipline_id=self.discipline_id,
            period_id=self.period_id,
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            languages=tuple(one for one in LANGUAGES if one in self.languages),
            policy=self.policy,
            rooms=tuple(dict.fromkeys(self.rooms)),
        )


class EnrolBody(BaseModel):
    """Whole groups, single students by their log-ins, or both."""

    group_ids: Annotated[list[BodyId], Field(max_length=200)] = []
    logins: Annotated[list[Login], Field(max_length=2000)] = []


class Enrolled(BaseModel):
    new: int


class EnrolmentAnswer(BaseModel):
    """What a student has beyond the rules, without the reason (T-4.11)."""

    student_id: str
    full_name: str
    group: str
    sitting_id: str | None
    state: SittingState | None
    proctor: str
    rating: int | None
    debt: bool
    admission: Admission
    by_decision: bool
    extra_min: int
    break_min: int
    excused: list[str]
    opens_at: datetime | None
    closes_at: datetime | None

    @classmethod
    def of(cls, one: EnrolledStudent) -> "EnrolmentAnswer":
        own = one.allowances
        return cls(
            student_id=one.student_id,
            full_name=one.full_name,
            group=one.group,
            sitting_id=one.sitting_id,
            state=one.state,
            proctor=one.proctor,
            rating=one.rating,
            debt=one.debt,
            admission=one.admission,
            by_decision=one.by_decision,
            extra_min=own.extra_min,
            break_min=own.break_min,
            excused=sorted(own.excused),
            opens_at=own.opens_at,
            closes_at=own.closes_at,
        )


class ProctorsBody(BaseModel):
    """``member_id``: the member of the working group who answers for them (S-15)."""

    proctor_ids: Annotated[list[BodyId], Field(min_length=1, max_length=500)]
    member_id: BodyId | None = None


class DropOutBody(BaseModel):
    reason: Stated


class HandedOver(BaseModel):
    sittings: int


class ConflictAnswer(BaseModel):
    """``subject``: the student, proctor or room that it is about."""

    kind: ConflictKind
    exam_ids: list[str]
    subject: str

    @classmethod
    def of(cls, one: Conflict) -> "ConflictAnswer":
        return cls(kind=one.kind, exam_ids=list(one.exam_ids), subject=one.subject)


# --- exams and their windows ----------------------------------------------------------------------


@router.get("/schedule/exams", responses=PAGED)
async def exams(
    *,
    request: Request,
    response: Response,
    ask: AskedPage,
    actor: CurrentActor,
    core: CoreDep,
    since: Annotated[Moment, Query()],
    until: Annotated[Moment, Query()],
) -> tuple[ScheduledExam, ...]:
    """Those that the caller watches and whose window touches the time, earliest first."""
    return linked(request, response, await core.scheduling.exams(actor, since, until, ask))


@router.post("/schedule/exams", status_code=status.HTTP_201_CREATED)
async def add_exam(
    given: ExamBody, response: Response, actor: CurrentActor, core: CoreDep
) -> NewId:
    """422 ``reference_unknown``, ``window_too_short``, ``window_over`` say what does not fit."""
    exam_id = await core.scheduling.save_exam(actor, None, given.draft())
    response.headers["Location"] = f"/api/v1/schedule/exams/{exam_id}"
    return NewId(id=exam_id)


@router.get("/schedule/exams/{exam_id}")
async def exam(exam_id: PathId, actor: CurrentActor, core: CoreDep) -> ScheduledExam:
    return await core.scheduling.exam(actor, exam_id)


@router.put(
    "/schedule/exams/{exam_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refuses(ExamBegun),
)
async def change_exam(exam_id: PathId, given: ExamBody, actor: CurrentActor, core: CoreDep) -> None:
    """The whole exam. 409 ``exam_begun`` where somebody sits it already, but for a later end."""
    await core.scheduling.save_exam(actor, exam_id, given.draft())


@router.get("/schedule/exams/{exam_id}/enrolments", responses=PAGED)
async def enrolments(
    *,
    exam_id: PathId,
    request: Request,
    response: Response,
    ask: AskedPage,
    actor: CurrentActor,
    core: CoreDep,
) -> tuple[EnrolmentAnswer, ...]:
    found = (await core.scheduling.sheet(actor, exam_id)).students
    page = page_after(found, ask, lambda one: (one.student_id,))
    return linked(request, response, page.shown(EnrolmentAnswer.of))


@router.post("/schedule/exams/{exam_id}/enrolments")
async def enrol(exam_id: PathId, given: EnrolBody, actor: CurrentActor, core: CoreDep) -> Enrolled:
    """Who is enrolled already stays so. 422 ``reference_unknown``, ``window_over``: nobody is."""
    new = await core.scheduling.enrol(actor, exam_id, given.group_ids, given.logins)
    return Enrolled(new=new)


@router.delete(
    "/schedule/exams/{exam_id}/enrolments/{student_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refuses(ExamBegun),
)
async def withdraw(exam_id: PathId, student_id: PathId, actor: CurrentActor, core: CoreDep) -> None:
    """409 ``exam_begun`` once the student's device check has begun: what happened is kept."""
    await core.scheduling.withdraw(actor, exam_id, student_id)


# --- proctors -------------------------------------------------------------------------------------


@router.get("/schedule/exams/{exam_id}/proctors", responses=PAGED)
async def proctors(
    *,
    exam_id: PathId,
    request: Request,
    response: Response,
    ask: AskedPage,
    actor: CurrentActor,
    core: CoreDep,
) -> tuple[AppointedProctor, ...]:
    found = (await core.scheduling.sheet(actor, exam_id)).proctors
    return linked(request, response, page_after(found, ask, lambda one: (one.id,)))


@router.post("/schedule/exams/{exam_id}/proctors", status_code=status.HTTP_204_NO_CONTENT)
async def appoint(exam_id: PathId, given: ProctorsBody, actor: CurrentActor, core: CoreDep) -> None:
    """Students without a proctor are spread over all of the exam's proctors."""
    await core.scheduling.appoint(actor, exam_id, given.proctor_ids, given.member_id)


@router.post("/schedule/exams/{exam_id}/proctors/{proctor_id}/drop-out")
async def drop_out(
    exam_id: PathId, proctor_id: PathId, given: DropOutBody, actor: CurrentActor, core: CoreDep
) -> HandedOver:
    """The proctor's students go to the others, on record; how many sittings moved."""
    moved = await core.scheduling.drop_out(actor, exam_id, proctor_id, given.reason)
    return HandedOver(sittings=moved)


# --- conflicts ------------------------------------------------------------------------------------


@router.get("/schedule/conflicts", responses=PAGED)
async def conflicts(
    *, request: Request, response: Response, ask: AskedPage, actor: CurrentActor, core: CoreDep
) -> tuple[ConflictAnswer, ...]:
    """In exams that are not over: a student or a room twice, a proctor over capacity."""
    found, _ = await core.scheduling.conflicts(actor)
    page = page_after(found, ask, lambda one: (one.kind, one.subject, *one.exam_ids))
    return linked(request, response, page.shown(ConflictAnswer.of))
