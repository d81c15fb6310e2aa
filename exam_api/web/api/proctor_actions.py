"""What a proctor does to a sitting, and the record of its course. Each answers with that record."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from exam_api.services.course import CourseView, TransitionView
from exam_api.services.paging import page_after
from exam_api.web.api.ids import PathId
from exam_api.web.api.paging import PAGED, AskedPage, linked
from exam_api.web.api.texts import OptionalText, Text
from exam_api.web.auth import CoreDep, CurrentActor

router = APIRouter(prefix="/api/v1/sittings/{sitting_id}", tags=["proctor's actions"])


class Reason(BaseModel):
    reason: Text


class MaybeReason(BaseModel):
    reason: OptionalText = ""


class Words(BaseModel):
    text: Text


class Time(BaseModel):
    minutes: Annotated[int, Field(ge=1, le=1440)]
    reason: Text


@router.get("/course")
async def course(core: CoreDep, actor: CurrentActor, sitting_id: PathId) -> CourseView:
    """Changes of state, the log, and what its proctor may do at this moment."""
    return await core.actions.history(actor, sitting_id)


@router.get("/transitions", responses=PAGED)
async def transitions(
    *,
    request: Request,
    response: Response,
    ask: AskedPage,
    core: CoreDep,
    actor: CurrentActor,
    sitting_id: PathId,
) -> tuple[TransitionView, ...]:
    """Oldest first: only ever added to, so that the place in the list is the cursor."""
    history = (await core.actions.history(actor, sitting_id)).transitions
    page = page_after(enumerate(history), ask, lambda placed: (placed[0],))
    return linked(request, response, page.shown(lambda placed: placed[1]))


@router.post("/admit")
async def admit(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, given: MaybeReason
) -> CourseView:
    """T-4.3; for a late student the permission (T-4.10). 409 ``too_late`` after 30 min."""
    return await core.actions.admit(actor, sitting_id, given.reason)


@router.post("/refuse")
async def refuse(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, given: Reason
) -> CourseView:
    """Not admitted, for good."""
    return await core.actions.refuse(actor, sitting_id, given.reason)


@router.post("/messages")
async def message(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, given: Words
) -> CourseView:
    return await core.actions.message(actor, sitting_id, given.text)


@router.post("/warnings")
async def warn(core: CoreDep, actor: CurrentActor, sitting_id: PathId, given: Words) -> CourseView:
    """The student must acknowledge it."""
    return await core.actions.warn(actor, sitting_id, given.text)


@router.post("/pause")
async def pause(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, given: Reason
) -> CourseView:
    """The clock stands still, for as long as the policy provides."""
    return await core.actions.pause(actor, sitting_id, given.reason)


@router.post("/resume")
async def resume(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, given: Reason
) -> CourseView:
    return await core.actions.resume(actor, sitting_id, given.reason)


@router.post("/extend")
async def extend(core: CoreDep, actor: CurrentActor, sitting_id: PathId, given: Time) -> CourseView:
    """409 ``beyond_policy`` where that is more than the policy provides."""
    return await core.actions.extend(actor, sitting_id, given.minutes, given.reason)


@router.post("/time-requests/grant")
async def grant_time(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, given: Time
) -> CourseView:
    """What the student asked for after an outage. 404 where nobody asked."""
    return await core.actions.grant_time(actor, sitting_id, given.minutes, given.reason)


@router.post("/time-requests/refuse")
async def refuse_time(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, given: Reason
) -> CourseView:
    return await core.actions.refuse_time(actor, sitting_id, given.reason)


@router.post("/remove")
async def remove(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, given: Reason
) -> CourseView:
    """T-4.9: ends the sitting with 0 points and F. 409 where it has ended already."""
    return await core.actions.remove(actor, sitting_id, given.reason)
