"""Appeals: lodged by the student, visaed by the registrar, decided by the commission."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from acts.contracts import Language
from exam_api.domain.appeals import GROUNDS_LIMIT
from exam_api.domain.errors import (
    AppealExists,
    AppealLate,
    AppealNotPossible,
    AppealVotesMissing,
    CommissionMissing,
    IllegalTransition,
)
from exam_api.services.appeals import AppealChance, AppealDesk, SheetLine
from exam_api.services.appeals_ports import Appeal
from exam_api.web.api.html_twins import twin
from exam_api.web.api.ids import PathId
from exam_api.web.api.paging import PAGED, AskedPage, linked
from exam_api.web.api.texts import plain
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.files import PDF, document, file_name
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1", tags=["appeals"])

Text = Annotated[str, plain(GROUNDS_LIMIT)]
Stated = Annotated[str, plain(GROUNDS_LIMIT, least=1)]


class Grounds(BaseModel):
    grounds: Stated


class Visa(BaseModel):
    grant: bool
    note: Text = ""


class VoteGiven(BaseModel):
    uphold: bool
    note: Text = ""


class Decision(BaseModel):
    """``points``: the exam's points from now on, where the appeal is upheld."""

    reasons: Stated
    points: Annotated[int, Field(ge=0, le=100)] | None = None


async def appeals_of(core: CoreDep) -> AppealDesk:
    return core.appeals


AppealsDep = Annotated[AppealDesk, Depends(appeals_of)]


@router.get("/sittings/{sitting_id}/appeal", responses=refuses(AppealNotPossible))
async def chance(sitting_id: PathId, actor: CurrentActor, appeals: AppealsDep) -> AppealChance:
    return await appeals.chance(actor, sitting_id)


@router.post(
    "/sittings/{sitting_id}/appeal", responses=refuses(AppealLate, AppealExists, AppealNotPossible)
)
async def lodge(
    sitting_id: PathId, given: Grounds, actor: CurrentActor, appeals: AppealsDep
) -> Appeal:
    """T-5.4: on the day of the grade, with grounds."""
    return await appeals.get(actor, await appeals.lodge(actor, sitting_id, given.grounds))


@router.get("/appeals", responses=PAGED)
async def listed(
    *,
    request: Request,
    response: Response,
    ask: AskedPage,
    actor: CurrentActor,
    appeals: AppealsDep,
) -> tuple[Appeal, ...]:
    """Newest first: those that the caller may see."""
    return linked(request, response, await appeals.page(actor, ask))


@router.get("/appeals/{appeal_id}")
async def appeal(appeal_id: PathId, actor: CurrentActor, appeals: AppealsDep) -> Appeal:
    return await appeals.get(actor, appeal_id)


@router.get("/appeals/{appeal_id}/answer-sheet")
async def answer_sheet(
    appeal_id: PathId, actor: CurrentActor, appeals: AppealsDep
) -> tuple[SheetLine, ...]:
    """For the registrar and the commission (T-5.5)."""
    return await appeals.answer_sheet(actor, appeal_id)


@router.get("/appeals/{appeal_id}/protocol.pdf")
async def protocol(
    appeal_id: PathId,
    actor: CurrentActor,
    appeals: AppealsDep,
    lang: Annotated[Language, Query()] = "kk",
) -> Response:
    number, pdf = await appeals.protocol(actor, appeal_id, lang)
    return document(pdf, PDF, f"protocol-{file_name(number)}-{lang}.pdf", shown=True)


@router.get("/appeals/{appeal_id}/protocol.html")
async def protocol_html(
    appeal_id: PathId,
    actor: CurrentActor,
    appeals: AppealsDep,
    lang: Annotated[Language, Query()] = "kk",
) -> Response:
    """The accessible twin, for whoever may read the PDF."""
    _, page = await appeals.protocol(actor, appeal_id, lang, "html")
    return twin(page, lang)


@router.post("/appeals/{appeal_id}/visa", responses=refuses(CommissionMissing, IllegalTransition))
async def visa(appeal_id: PathId, given: Visa, actor: CurrentActor, appeals: AppealsDep) -> Appeal:
    await appeals.visa(actor, appeal_id, grant=given.grant, note=given.note)
    return await appeals.get(actor, appeal_id)


@router.put("/appeals/{appeal_id}/vote", responses=refuses(IllegalTransition))
async def vote(
    appeal_id: PathId, given: VoteGiven, actor: CurrentActor, appeals: AppealsDep
) -> Appeal:
    await appeals.vote(actor, appeal_id, uphold=given.uphold, note=given.note)
    return await appeals.get(actor, appeal_id)


@router.post(
    "/appeals/{appeal_id}/decision",
    responses=refuses(AppealVotesMissing, AppealNotPossible, IllegalTransition),
)
async def decide(
    appeal_id: PathId, given: Decision, actor: CurrentActor, appeals: AppealsDep
) -> Appeal:
    """By the chair; the grade is corrected once, where the appeal is upheld."""
    await appeals.decide(actor, appeal_id, reasons=given.reasons, points=given.points)
    return await appeals.get(actor, appeal_id)
