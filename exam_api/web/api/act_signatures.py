"""Detached signatures of people beside an act (NCALayer): attached, listed, handed out."""

from typing import Annotated, Final

from fastapi import APIRouter, Body, Query, Response, status

from acts.errors import SignatureUnreadable
from exam_api.domain.errors import PayloadTooLarge, SignaturesFull
from exam_api.domain.languages import Language
from exam_api.services.act_signatures import SignaturesOfAct, SignatureView
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.files import document
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1/acts/{act_id}/signatures", tags=["acts"])
_CMS: Final = "application/pkcs7-signature"


@router.get("")
async def listed(act_id: PathId, core: CoreDep, actor: CurrentActor) -> SignaturesOfAct:
    """Of all revisions of the act, oldest first; verified, or why not."""
    return await core.act_signatures.of_act(actor, act_id)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(SignatureUnreadable, SignaturesFull, PayloadTooLarge),
)
async def attach(
    act_id: PathId,
    data: Annotated[bytes, Body(media_type=_CMS)],
    core: CoreDep,
    actor: CurrentActor,
    language: Annotated[Language, Query()] = "kk",
) -> SignatureView:
    """A detached CMS signature over the act's PDF: DER, base64 or PEM, at most 128 KB.

    ``language``: whose PDF was signed; where it is another's, that is found out.
    """
    return await core.act_signatures.attach(actor, act_id, data, language)


@router.get("/{signature_id}.p7s")
async def file(
    act_id: PathId, signature_id: PathId, core: CoreDep, actor: CurrentActor
) -> Response:
    content = await core.act_signatures.file(actor, act_id, signature_id)
    return document(content, _CMS, f"{signature_id}.p7s")
