"""For those who run the server: is it well, and its figures."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette.responses import Response

from exam_api.domain.errors import NotFound
from exam_api.domain.roles import Role
from exam_api.web.auth import CoreDep, MaybeActor

router = APIRouter()

_LOOPBACK = frozenset({"127.0.0.1", "::1"})


@router.get("/healthz")
async def healthz(core: CoreDep) -> dict[str, str]:
    """503 with a code where the database does not answer."""
    async with core.database.read() as unit:
        await unit.session.execute(text("SELECT 1"))
    return {"status": "ok"}


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request, core: CoreDep, actor: MaybeActor) -> Response:
    """From this machine itself, or by an administrator; to others there is nothing here."""
    administers = actor is not None and actor.has(Role.ADMINISTRATOR)
    if not (administers or _is_local(request)):
        raise NotFound
    return Response(generate_latest(core.metrics), media_type=CONTENT_TYPE_LATEST)


def _is_local(request: Request) -> bool:
    """A proxy on this machine speaks from loopback for everybody: then it says for whom."""
    forwarded = "forwarded" in request.headers or "x-forwarded-for" in request.headers
    return request.client is not None and request.client.host in _LOOPBACK and not forwarded
