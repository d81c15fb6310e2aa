"""Check lists (form 4): proposed, sent, answered, handed in, signed, forwarded (S-16 … S-18)."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel, Field

from acts.contracts import Language
from exam_api.domain.check_lists import REASON_LIMIT, Finding, ListStep
from exam_api.domain.errors import (
    CheckListChanged,
    CheckListEmpty,
    CheckListUnsound,
    CheckListWaits,
    IllegalTransition,
)
from exam_api.services.check_list_papers import Kind
from exam_api.services.check_lists import OneSheet
from exam_api.services.check_lists_ports import ListedSheet, Proposal
from exam_api.services.check_sheets import SheetCheck
from exam_api.services.paging import page_after
from exam_api.web.api.html_twins import twin
from exam_api.web.api.ids import BodyId, PathId
from exam_api.web.api.paging import PAGED, AskedPage, linked
from exam_api.web.api.proctoring_services import Proctoring
from exam_api.web.api.texts import plain
from exam_api.web.auth import CurrentActor
from exam_api.web.files import PDF, XLSX, document
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1", tags=["check lists"])

_MOST: Final = 1000
_MEDIA: Final = {"xlsx": XLSX, "pdf": PDF}
AskedLanguage = Annotated[Language, Query()]
Sheet = Annotated[bytes, Body(media_type=XLSX)]


class NewList(BaseModel):
    proctor_id: BodyId
    exam_ids: Annotated[list[BodyId], Field(min_length=1, max_length=_MOST)]


class Findings(BaseModel):
    """By sitting."""

    findings: Annotated[dict[BodyId, Finding], Field(max_length=_MOST)]


class Step(BaseModel):
    """``sample``: the sittings that the member looked at again, when verifying."""

    step: ListStep
    reason: Annotated[str, plain(REASON_LIMIT)] = ""
    sample: Annotated[list[BodyId], Field(max_length=_MOST)] = []


@dataclass(frozen=True, slots=True)
class ComparedFile:
    """``digest`` stands for what was shown: taking the file names it."""

    check: SheetCheck
    digest: str
    takes: bool


def paper_response(content: bytes, kind: Kind, language: Language) -> Response:
    if kind == "html":
        return twin(content, language)
    return document(content, _MEDIA[kind], f"form4-{language}.{kind}", shown=kind == "pdf")


@router.get("/check-lists/proposals", responses=PAGED)
async def proposals(
    *,
    request: Request,
    response: Response,
    ask: AskedPage,
    actor: CurrentActor,
    services: Proctoring,
) -> tuple[Proposal, ...]:
    """S-16: per proctor of the caller's, the exams whose sittings stand in no list yet."""
    found = await services.check_lists.proposals(actor)
    return linked(request, response, page_after(found, ask, lambda one: (one.proctor.id,)))


@router.post("/check-lists", status_code=HTTPStatus.CREATED, responses=refuses(CheckListEmpty))
async def make(given: NewList, actor: CurrentActor, services: Proctoring) -> OneSheet:
    made = await services.check_lists.make(actor, given.proctor_id, given.exam_ids)
    return await services.check_lists.get(actor, made)


@router.get("/check-lists", responses=PAGED)
async def listed(
    *,
    request: Request,
    response: Response,
    ask: AskedPage,
    actor: CurrentActor,
    services: Proctoring,
) -> tuple[ListedSheet, ...]:
    """Newest first: those that the caller may see."""
    return linked(request, response, await services.check_lists.page(actor, ask))


@router.get("/check-lists/{list_id}")
async def one(list_id: PathId, actor: CurrentActor, services: Proctoring) -> OneSheet:
    return await services.check_lists.get(actor, list_id)


@router.get("/check-lists/{list_id}/form4.{kind}")
async def paper(
    *,
    list_id: PathId,
    kind: Kind,
    actor: CurrentActor,
    services: Proctoring,
    lang: AskedLanguage = "kk",
) -> Response:
    content = await services.check_lists.paper(actor, list_id, kind, lang)
    return paper_response(content, kind, lang)


@router.get("/members/{member_id}/form4.{kind}")
async def members_paper(
    *,
    member_id: PathId,
    kind: Kind,
    actor: CurrentActor,
    services: Proctoring,
    lang: AskedLanguage = "kk",
) -> Response:
    """Every row of a member's lists that the caller may see."""
    content = await services.check_lists.paper_of_member(actor, member_id, kind, lang)
    return paper_response(content, kind, lang)


@router.put(
    "/check-lists/{list_id}/findings", responses=refuses(CheckListUnsound, CheckListChanged)
)
async def findings(
    list_id: PathId, given: Findings, actor: CurrentActor, services: Proctoring
) -> OneSheet:
    """S-17: what the proctor states of each sitting; all or none."""
    await services.check_lists.state(actor, list_id, given.findings)
    return await services.check_lists.get(actor, list_id)


@router.post(
    "/check-lists/{list_id}/steps",
    responses=refuses(CheckListUnsound, CheckListChanged, CheckListWaits, IllegalTransition),
)
async def step(list_id: PathId, given: Step, actor: CurrentActor, services: Proctoring) -> OneSheet:
    await services.check_lists.step(
        actor, list_id, given.step, reason=given.reason, sample=given.sample
    )
    return await services.check_lists.get(actor, list_id)


@router.post("/check-lists/{list_id}/file")
async def compare(
    list_id: PathId, content: Sheet, actor: CurrentActor, services: Proctoring
) -> ComparedFile:
    """A filled form 4 (XLSX or CSV) row by row against the record; nothing is changed."""
    check = await services.check_lists.compare(actor, list_id, content)
    return ComparedFile(check, check.digest, check.takes)


@router.put("/check-lists/{list_id}/file", responses=refuses(CheckListChanged))
async def take(
    *,
    list_id: PathId,
    content: Sheet,
    compared: Annotated[str, Query(max_length=64)],
    actor: CurrentActor,
    services: Proctoring,
) -> OneSheet:
    """Takes what the comparison of this digest showed."""
    await services.check_lists.take(actor, list_id, content, compared)
    return await services.check_lists.get(actor, list_id)
