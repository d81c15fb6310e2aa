"""Detached signatures of people beside sealed documents (NCALayer): attached, listed, handed out.

The same routes for every kind of document: acts (forms 1, 2, 3), check lists (form 4), protocols.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Body, Query, Response, status

from acts.errors import SignatureUnreadable
from exam_api.domain.errors import PaperMissing, PayloadTooLarge, SignaturesFull
from exam_api.domain.languages import Language
from exam_api.services.signatures import SignaturesOfPaper, SignatureView
from exam_api.services.signatures_ports import PaperKind
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.files import document
from exam_api.web.openapi import refuses

router = APIRouter()
_CMS: Final = "application/pkcs7-signature"


def _family(kind: PaperKind) -> APIRouter:
    routes = APIRouter(prefix=f"/api/v1/{kind}/{{paper_id}}/signatures", tags=["signatures"])

    @routes.get("")
    async def listed(paper_id: PathId, core: CoreDep, actor: CurrentActor) -> SignaturesOfPaper:
        """Of all revisions of the document, oldest first; verified, or why not."""
        return await core.signatures.of(actor, kind, paper_id)

    @routes.post(
        "",
        status_code=status.HTTP_201_CREATED,
        responses=refuses(SignatureUnreadable, SignaturesFull, PaperMissing, PayloadTooLarge),
    )
    async def attach(
        paper_id: PathId,
        data: Annotated[bytes, Body(media_type=_CMS)],
        core: CoreDep,
        actor: CurrentActor,
        language: Annotated[Language, Query()] = "kk",
    ) -> SignatureView:
        """A detached CMS signature over the document's PDF: DER, base64 or PEM, at most 128 KB.

        ``language``: whose PDF was signed; where it is another's, that is found out.
        """
        return await core.signatures.attach(actor, kind, paper_id, data, language)

    @routes.get("/{signature_id}.p7s")
    async def file(
        paper_id: PathId, signature_id: PathId, core: CoreDep, actor: CurrentActor
    ) -> Response:
        content = await core.signatures.file(actor, kind, paper_id, signature_id)
        return document(content, _CMS, f"{signature_id}.p7s")

    return routes


for _kind in PaperKind:
    router.include_router(_family(_kind))
