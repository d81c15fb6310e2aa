"""An act as an accessible page and as an evidence package; form 4 as PDF and as a page."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from acts.contracts import Language
from exam_api.web.api.html_twins import twin
from exam_api.web.api.ids import PathId
from exam_api.web.api.proctoring_services import Proctoring
from exam_api.web.auth import CurrentActor
from exam_api.web.files import PDF, document, file_name

router = APIRouter(prefix="/api/v1", tags=["review"])

DocumentLanguage = Annotated[Language, Query()]


@router.get("/acts/{act_id}.html")
async def act_html(
    act_id: PathId, actor: CurrentActor, services: Proctoring, lang: DocumentLanguage = "kk"
) -> Response:
    return twin(await services.papers.html(actor, act_id, lang), lang)


@router.get("/acts/{act_id}.zip")
async def act_package(act_id: PathId, actor: CurrentActor, services: Proctoring) -> Response:
    number, package = await services.papers.package(actor, act_id)
    return document(package, "application/zip", f"act-{file_name(number)}.zip")


@router.get("/exams/{exam_id}/form4.pdf")
async def form4_pdf(
    exam_id: PathId, actor: CurrentActor, services: Proctoring, lang: DocumentLanguage = "kk"
) -> Response:
    pdf = await services.papers.form4_pdf(actor, exam_id, lang)
    return document(pdf, PDF, f"form4-{lang}.pdf", shown=True)


@router.get("/exams/{exam_id}/form4.html")
async def form4_html(
    exam_id: PathId, actor: CurrentActor, services: Proctoring, lang: DocumentLanguage = "kk"
) -> Response:
    return twin(await services.papers.form4_html(actor, exam_id, lang), lang)
