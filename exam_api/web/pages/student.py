"""The student's pages: the cabinet, and the room of a sitting (S-10, S-11, T-4.12)."""

from collections.abc import Iterable

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.domain.roles import Role
from exam_api.domain.states import COMPLETED
from exam_api.services.views import ExamCard
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.pages.rendering import TEMPLATES
from exam_api.web.pages.wiring import Identities, Lists

router = APIRouter(include_in_schema=False)


def in_turn(cards: Iterable[ExamCard]) -> list[ExamCard]:
    """What is open now, then what comes soonest; what is over last, the newest of it first."""
    by_time = sorted(cards, key=lambda card: card.exam.opens_at)
    over = [card for card in by_time if card.state in COMPLETED or card.exam.phase == "closed"]
    return [card for card in by_time if card not in over] + over[::-1]


@router.get("/cabinet")
async def cabinet(request: Request, actor: CurrentActor, core: CoreDep, lists: Lists) -> Response:
    return TEMPLATES.page(
        request,
        "cabinet.html",
        actor,
        cards=in_turn(await core.desk.exams(actor)),
        acts=await core.act_desk.own(actor),
        profile=await lists.own_place(actor),
        completed=COMPLETED,
    )


@router.post("/exams/{exam_id}/enter")
async def enter(actor: CurrentActor, core: CoreDep, exam_id: str) -> Response:
    sitting = await core.desk.open(actor, exam_id)
    return RedirectResponse(f"/sittings/{sitting.id}", 303)


@router.get("/sittings/{sitting_id}")
async def room(
    request: Request,
    actor: CurrentActor,
    core: CoreDep,
    identities: Identities,
    sitting_id: str,
) -> Response:
    """The student's room; who watches the exam is led to the review."""
    if not actor.has(Role.STUDENT):
        return RedirectResponse(f"/review/{sitting_id}", 303)
    sitting = await core.desk.view(actor, sitting_id)
    return TEMPLATES.page(
        request,
        "room.html",
        actor,
        sitting_id=sitting.id,
        exam=sitting.exam,
        rules=await identities.rules(),
        agreed=await identities.has_agreed(actor, sitting_id),
    )
