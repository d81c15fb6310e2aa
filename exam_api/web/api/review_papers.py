"""An act as an accessible page and as an evidence package; form 4 as PDF and as a page."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from acts.contracts import Language
from exam_api.web.api.html_twins import twin
from exam_api.web.api.ids import PathId
from exam_api.web.api.proctoring_services import Proctoring
from exam_api.web.auth import CurrentActor

router = APIRouter(prefix="/api/v1", tags=["review"])

_PRIVATE: Final = {"Cache-Control": "private, no-cache"}
DocumentLanguage = Annotated[Language, Query()]


def file_name(number: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in number)


@router.get("/acts/{act_id}.html")
async def act_html(
    act_id: PathId, actor: CurrentActor, services: Proctoring, lang: DocumentLanguage = "kk"
) -> Response:
    return twin(await services.papers.html(actor, act_id, lang), lang)


@router.get("/acts/{act_id}.zip")
async def act_package(act_id: PathId, actor: CurrentActor, services: Proctoring) -> Response:
    number, package = await services.papers.package(actor, act_id)
    name = file_name(number)
    headers = {**_PRIVATE, "Content-Disposition": f'attachment; filename="act-{name}.zip"'}
    return Response(package, media_type="application/zip", headers=headers)


@router.get("/exams/{exam_id}/form4.pdf")
async def form4_pdf(
    exam_id: PathId, actor: CurrentActor, services: Proctoring, lang: DocumentLanguage = "kk"
) -> Response:
    headers = {**_PRIVATE, "Content-Disposition": f'inline; filename="form4-{lang}.pdf"'}
    pdf = await services.papers.form4_pdf(actor, exam_id, lang)
    return Response(pdf, media_type="application/pdf", headers=headers)


@router.get("/exams/{exam_id}/form4.html")
async def form4_html(
    exam_id: PathId, actor: CurrentActor, services: Proctoring, lang: DocumentLanguage = "kk"
) -> Response:
    return twin(await services.papers.form4_html(actor, exam_id, lang), lang)
