"""Signatures of people beside a sealed document: a page of their own, and the file attached."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from acts.errors import SignatureUnreadable
from exam_api.domain.errors import Conflict, ExamError, PayloadTooLarge
from exam_api.domain.languages import language_or
from exam_api.domain.roles import Actor
from exam_api.services.signatures import FILE_LIMIT
from exam_api.services.signatures_ports import PaperKind
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.container import Core
from exam_api.web.pages.forms import text_of
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(include_in_schema=False)


def _family(kind: PaperKind) -> APIRouter:
    routes = APIRouter(prefix=f"/{kind}/{{paper_id}}/signatures")

    @routes.get("")
    async def shown(
        request: Request, actor: CurrentActor, core: CoreDep, paper_id: PathId
    ) -> Response:
        return await _page(request, actor, core, kind, paper_id)

    @routes.post("")
    async def sign(
        request: Request, actor: CurrentActor, core: CoreDep, paper_id: PathId
    ) -> Response:
        async with request.form() as form:
            file = form.get("file")
            content = await file.read(FILE_LIMIT + 1) if isinstance(file, UploadFile) else b""
            language = language_or(text_of(form, "language"))
        try:
            await core.signatures.attach(actor, kind, paper_id, content, language)
        except (Conflict, PayloadTooLarge, SignatureUnreadable) as error:
            return await _page(request, actor, core, kind, paper_id, error)
        return RedirectResponse(f"/{kind}/{paper_id}/signatures", 303)

    return routes


async def _page(  # noqa: PLR0917 - what the page shows
    request: Request,
    actor: Actor,
    core: Core,
    kind: PaperKind,
    paper_id: str,
    refused: ExamError | SignatureUnreadable | None = None,
) -> Response:
    """``refused``: why a file was not attached."""
    return TEMPLATES.page(
        request,
        "signatures/page.html",
        actor,
        status=refused.status if refused else 200,
        signed=await core.signatures.of(actor, kind, paper_id),
        unsigned=refused.code if refused else "",
    )


for _kind in PaperKind:
    router.include_router(_family(_kind))
