"""Form 4 as PDF."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from acts.contracts import Language
from exam_api.web.api.ids import PathId
from exam_api.web.api.proctoring_services import Proctoring
from exam_api.web.auth import CurrentActor

router = APIRouter(prefix="/api/v1", tags=["review"])

_PRIVATE: Final = {"Cache-Control": "private, no-cache"}
DocumentLanguage = Annotated[Language, Query()]


@router.get("/exams/{exam_id}/form4.pdf")
async def form4_pdf(
    exam_id: PathId, actor: CurrentActor, services: Proctoring, lang: DocumentLanguage = "kk"
) -> Response:
    headers = {**_PRIVATE, "Content-Disposition": f'inline; filename="form4-{lang}.pdf"'}
    pdf = await services.papers.form4_pdf(actor, exam_id, lang)
    return Response(pdf, media_type="application/pdf", headers=headers)
