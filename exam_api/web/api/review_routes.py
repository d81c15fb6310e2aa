"""Reviewing: flags with evidence, clips and the recording, decisions, acts, form 4."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from acts.contracts import Language
from capture.contracts import TrackKind
from exam_api.services.proctoring_ports import Verdict
from exam_api.services.review_views import DecidedView, ReviewView
from exam_api.services.reviewing import COMMENT_LIMIT
from exam_api.web.api.ids import BodyId, PathId
from exam_api.web.api.proctoring_services import Proctoring
from exam_api.web.api.review_ranges import ranged
from exam_api.web.api.texts import plain
from exam_api.web.auth import CurrentActor
from exam_api.web.files import PDF, PRIVATE, XLSX, document, file_name

router = APIRouter(prefix="/api/v1", tags=["review"])

# Evidence is written once under its flag and never shown to others by a shared cache.
_UNCHANGING: Final = {"Cache-Control": "private, max-age=3600"}
DocumentLanguage = Annotated[Language, Query()]


class DecisionBody(BaseModel):
    verdict: Verdict
    comment: Annotated[str, plain(COMMENT_LIMIT)] = ""


class DecisionsBody(DecisionBody):
    flag_ids: list[BodyId] = Field(min_length=1, max_length=200)


class ClientEventBody(BaseModel):
    kind: Annotated[str, plain(40)]
    detail: Annotated[str, plain(200)] = ""


@router.get("/sittings/{sitting_id}/flags")
async def flags(sitting_id: PathId, actor: CurrentActor, services: Proctoring) -> ReviewView:
    return await services.reviewing.review(actor, sitting_id)


@router.get("/sittings/{sitting_id}/recording.webm")
async def recording(
    sitting_id: PathId,
    actor: CurrentActor,
    services: Proctoring,
    track: Annotated[TrackKind, Query()] = TrackKind.CAMERA,
) -> FileResponse:
    """A second of the file is a second of the sitting's timeline, whichever track it is."""
    path = await services.reviewing.recording(actor, sitting_id, track)
    # Matroska where the client could only send H.264, which WebM does not hold.
    media_type = "video/webm" if path.suffix == ".webm" else "video/x-matroska"
    return FileResponse(path, media_type=media_type, headers=PRIVATE)


@router.get("/flags/{flag_id}/evidence.jpg")
async def evidence(flag_id: PathId, actor: CurrentActor, services: Proctoring) -> Response:
    jpeg = await services.reviewing.evidence(actor, flag_id)
    return Response(jpeg, media_type="image/jpeg", headers=_UNCHANGING)


@router.get("/flags/{flag_id}/before/{at_ms}.jpg")
async def before(
    flag_id: PathId, at_ms: int, actor: CurrentActor, services: Proctoring
) -> Response:
    """A small picture of a moment before the flag; which there are, the flag's ``before`` says."""
    jpeg = await services.reviewing.before(actor, flag_id, at_ms)
    return Response(jpeg, media_type="image/jpeg", headers=_UNCHANGING)


@router.get("/flags/{flag_id}/clip.webm")
async def clip(
    flag_id: PathId, request: Request, actor: CurrentActor, services: Proctoring
) -> Response:
    data = await services.reviewing.clip(actor, flag_id)
    return ranged(data, request.headers.get("range", ""), "video/webm", PRIVATE)


@router.post("/flags/{flag_id}/decision")
async def decide(
    flag_id: PathId, body: DecisionBody, actor: CurrentActor, services: Proctoring
) -> DecidedView:
    decided = await services.reviewing.decide(actor, flag_id, body.verdict, body.comment)
    # Shielded: a browser that goes away must not leave the act half made till the next start.
    act = await asyncio.shield(services.acts.settle(decided.sitting_id))
    return DecidedView(await services.reviewing.flag_view(actor, flag_id), act)


@router.post("/sittings/{sitting_id}/decisions")
async def decide_together(
    sitting_id: PathId, body: DecisionsBody, actor: CurrentActor, services: Proctoring
) -> ReviewView:
    """One verdict on several flags: one revision of the act instead of one a flag."""
    await services.reviewing.decide_together(
        actor, sitting_id, body.flag_ids, body.verdict, body.comment
    )
    await asyncio.shield(services.acts.settle(sitting_id))
    return await services.reviewing.review(actor, sitting_id)


@router.post("/sittings/{sitting_id}/client-events", status_code=status.HTTP_204_NO_CONTENT)
async def client_event(
    sitting_id: PathId, body: ClientEventBody, actor: CurrentActor, services: Proctoring
) -> None:
    await services.reviewing.client_reported(actor, sitting_id, body.kind, body.detail)


@router.get("/acts/{act_id}.pdf")
async def act_pdf(
    act_id: PathId, actor: CurrentActor, services: Proctoring, lang: DocumentLanguage = "kk"
) -> Response:
    number, pdf = await services.acts.pdf(actor, act_id, lang)
    return document(pdf, PDF, f"act-{file_name(number)}-{lang}.pdf", shown=True)


@router.get("/exams/{exam_id}/form4.xlsx")
async def form4(exam_id: PathId, actor: CurrentActor, services: Proctoring) -> Response:
    return document(await services.acts.form4(actor, exam_id), XLSX, "form4.xlsx")
