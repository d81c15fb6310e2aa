"""The public page behind an act's QR code: genuine or not, and nothing about the person."""

from fastapi import APIRouter, Request, Response

from exam_api.domain.errors import NotFound
from exam_api.web.api.proctoring_services import Proctoring
from exam_api.web.auth import CoreDep
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(include_in_schema=False)


@router.get("/verify/{act_id}/{digest_prefix}")
async def verify(
    request: Request, core: CoreDep, services: Proctoring, act_id: str, digest_prefix: str
) -> Response:
    try:
        act = await services.acts.verification(act_id, digest_prefix)
    except NotFound:
        return TEMPLATES.page(request, "verify.html", None, status=404, act=None)
    signed = await core.act_signatures.public(act_id)
    return TEMPLATES.page(request, "verify.html", None, act=act, signed=signed)
