"""The queue of those who wait to be let in: photos beside the name, admit or refuse (T-4.3)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.domain.roles import Actor
from exam_api.services.admission_queue import AdmissionQueue
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.pages.forms import Filled, text_of
from exam_api.web.pages.rendering import TEMPLATES
from exam_api.web.pages.wiring import Identities

router = APIRouter(include_in_schema=False, prefix="/console/{exam_id}/admission")


async def _queue_of(core: CoreDep, identities: Identities) -> AdmissionQueue:
    return AdmissionQueue(core.database, core.clock, identities, core.actions)


Queues = Annotated[AdmissionQueue, Depends(_queue_of)]


@router.get("")
async def queue(request: Request, actor: CurrentActor, queues: Queues, exam_id: PathId) -> Response:
    return await _page(request, actor, queues, exam_id, Filled())


@router.post("/{sitting_id}")
async def decide(
    request: Request, actor: CurrentActor, queues: Queues, exam_id: PathId, sitting_id: PathId
) -> Response:
    """Refusing needs a reason; admitting may have one. What was typed stays where it is wrong."""
    form = await request.form()
    reason, admit = text_of(form, "reason"), text_of(form, "action") == "admit"
    problem = await queues.decide(actor, sitting_id, reason, admit=admit)
    if problem:
        filled = Filled({sitting_id: reason}, {sitting_id: problem})
        return await _page(request, actor, queues, exam_id, filled)
    return RedirectResponse(f"/console/{exam_id}/admission", 303)


async def _page(
    request: Request, actor: Actor, queues: AdmissionQueue, exam_id: str, form: Filled
) -> Response:
    return TEMPLATES.page(
        request,
        "admission_queue.html",
        actor,
        status=422 if form.problems else 200,
        queue=await queues.of(actor, exam_id),
        form=form,
    )
