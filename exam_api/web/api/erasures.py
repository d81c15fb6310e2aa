"""Certificates that data were erased, for those who read the audit log."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Response

from acts.contracts import Language
from acts.erasure import render_erasure, render_erasure_html
from exam_api.services.erasures import ErasureUnderWay
from exam_api.web.api.html_twins import twin
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.files import PDF, document, file_name
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1/erasures", tags=["erasures"])
_RENDERS: Final = {"pdf": render_erasure, "html": render_erasure_html}


@router.get("/{erasure_id}/certificate.{kind}", responses=refuses(ErasureUnderWay))
async def certificate(
    erasure_id: PathId,
    kind: Literal["pdf", "html"],
    actor: CurrentActor,
    core: CoreDep,
    lang: Annotated[Language, Query()] = "kk",
) -> Response:
    """What was erased, with digests; 409 while a file of it is still there."""
    number, body = await core.erasures.certificate(actor, erasure_id, lang, _RENDERS[kind])
    if kind == "html":
        return twin(body, lang)
    return document(body, PDF, f"erasure-{file_name(number)}-{lang}.pdf")
