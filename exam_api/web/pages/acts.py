"""Acts on their way: the overview, an act with its steps, and the blind second review."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.domain.act_course import COUNTER_STEPS, ActState, ActStep
from exam_api.domain.errors import (
    ActOwnStep,
    Conflict,
    ExamError,
    InvalidRequest,
)
from exam_api.domain.roles import Actor
from exam_api.services.act_course_ports import ActsWanted
from exam_api.services.numbered_pages import PageWanted
from exam_api.services.proctoring_ports import Verdict
from exam_api.services.second_reviews import READERS, SecondOpinion
from exam_api.services.signatures_ports import PaperKind
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.container import Core
from exam_api.web.pages.forms import PageNumber, pager, text_of
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(include_in_schema=False)
Name = Annotated[str | None, Query(max_length=400)]


@router.get("/acts")
async def listed(
    *,
    request: Request,
    actor: CurrentActor,
    core: CoreDep,
    state: Annotated[ActState | None, Query()] = None,
    faculty: Name = None,
    proctor: Name = None,
    overdue: bool = False,
    page: PageNumber = 1,
) -> Response:
    wanted = ActsWanted(state, faculty, proctor, overdue)
    shown, overview = await core.act_desk.listed(actor, wanted, PageWanted(page))
    return TEMPLATES.page(
        request,
        "acts/list.html",
        actor,
        acts=shown.rows,
        overview=overview,
        faculties=await core.act_desk.faculty_names(),
        states=list(ActState),
        chosen=wanted,
        total=sum(overview.by_state.values()),
        pager=pager(request, shown),
        second=await core.second_reviews.waiting(actor),
        late_lists=len(await core.late_lists.of(actor)),
        may_compare=core.second_reviews.wanted and actor.has(*READERS),
    )


@router.get("/acts/{act_id}")
async def act(request: Request, actor: CurrentActor, core: CoreDep, act_id: PathId) -> Response:
    return await _act(request, actor, core, act_id)


@router.post("/acts/{act_id}/steps")
async def step(
    *,
    request: Request,
    actor: CurrentActor,
    core: CoreDep,
    act_id: PathId,
    step: Annotated[ActStep, Form()],
    text: Annotated[str, Form(max_length=5000)] = "",
) -> Response:
    try:
        await core.act_desk.step(actor, act_id, step, text)
    except (Conflict, InvalidRequest, ActOwnStep) as error:
        return await _act(request, actor, core, act_id, error=error, text=text)
    return RedirectResponse(f"/acts/{act_id}", 303)


async def _act(
    request: Request,
    actor: Actor,
    core: Core,
    act_id: str,
    *,
    error: ExamError | None = None,
    text: str = "",
) -> Response:
    return TEMPLATES.page(
        request,
        "acts/act.html",
        actor,
        status=error.status if error else 200,
        way=await core.act_desk.way(actor, act_id),
        signed=await core.signatures.of(actor, PaperKind.ACT, act_id),
        counter_steps=COUNTER_STEPS,
        problem=error.code if error else "",
        text=text,
    )


@router.get("/second-reviews")
async def waiting(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    tasks = await core.second_reviews.waiting(actor)
    return TEMPLATES.page(request, "acts/second_list.html", actor, tasks=tasks)


@router.get("/second-reviews/agreement")
async def agreement(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    groups = await core.second_reviews.agreement(actor)
    return TEMPLATES.page(request, "acts/agreement.html", actor, groups=groups)


@router.get("/second-reviews/{act_id}")
async def second(request: Request, actor: CurrentActor, core: CoreDep, act_id: PathId) -> Response:
    return await _second(request, actor, core, act_id)


@router.post("/second-reviews/{act_id}")
async def give(request: Request, actor: CurrentActor, core: CoreDep, act_id: PathId) -> Response:
    review = await core.second_reviews.get(actor, act_id)
    form = await request.form()
    given = [
        SecondOpinion(flag.id, Verdict(verdict), text_of(form, f"comment-{flag.id}"))
        for flag in review.flags
        if (verdict := text_of(form, f"verdict-{flag.id}")) in set(Verdict)
    ]
    try:
        await core.second_reviews.give(actor, act_id, given)
    except InvalidRequest:
        return await _second(request, actor, core, act_id, given)
    return RedirectResponse(f"/second-reviews/{act_id}", 303)


async def _second(
    request: Request,
    actor: Actor,
    core: Core,
    act_id: str,
    refused: Sequence[SecondOpinion] | None = None,
) -> Response:
    """``refused``: what was chosen so far comes back, beside what is missing."""
    return TEMPLATES.page(
        request,
        "acts/second.html",
        actor,
        status=200 if refused is None else InvalidRequest.status,
        review=await core.second_reviews.get(actor, act_id),
        chosen={one.flag_id: one for one in refused or ()},
        incomplete=refused is not None,
    )
