"""The console: a snapshot, then server-sent events that resume where a connection broke."""

import time
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from exam_api.services.live_console import ConsoleView, LiveEvent, LoadView
from exam_api.web.api.ids import PathId
from exam_api.web.api.proctoring_services import Proctoring
from exam_api.web.auth import CurrentActor

router = APIRouter(prefix="/api/v1", tags=["console"])

RECONNECT_MS: Final = 1_000
# A stream ends now and then, so that a log-in which was revoked meanwhile is noticed.
STREAM_LIFE_S: Final = 600.0
MAX_CURSOR: Final = 2**63 - 1

Cursor = Annotated[int, Query(ge=0, le=MAX_CURSOR)]


@router.get("/exams/{exam_id}/console")
async def console(exam_id: PathId, actor: CurrentActor, services: Proctoring) -> ConsoleView:
    return await services.console.snapshot(actor, exam_id)


@router.get("/exams/{exam_id}/load")
async def load(exam_id: PathId, actor: CurrentActor, services: Proctoring) -> LoadView:
    return await services.console.load(actor, exam_id)


@router.get("/exams/{exam_id}/events", response_class=StreamingResponse)
async def events(
    exam_id: PathId,
    actor: CurrentActor,
    services: Proctoring,
    after: Cursor = 0,
    last_event_id: Annotated[str, Header()] = "",
) -> StreamingResponse:
    """``Last-Event-ID`` (a reconnect) wins over ``after`` (the snapshot's cursor)."""
    await services.console.require_watched(actor, exam_id)
    found = services.console.events(actor, exam_id, cursor_of(last_event_id, after))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        stream(found, until=time.monotonic() + STREAM_LIFE_S),
        media_type="text/event-stream",
        headers=headers,
    )


@router.get("/sittings/{sitting_id}/thumbnail.jpg")
async def thumbnail(sitting_id: PathId, actor: CurrentActor, services: Proctoring) -> Response:
    jpeg = await services.console.thumbnail(actor, sitting_id)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


def cursor_of(last_event_id: str, after: int) -> int:
    if last_event_id.isascii() and last_event_id.isdigit():
        return min(int(last_event_id), MAX_CURSOR)
    return after


async def stream(events: AsyncIterator[LiveEvent | None], *, until: float) -> AsyncIterator[bytes]:
    """Each event in the wire format of server-sent events; a comment where there is nothing."""
    yield f"retry: {RECONNECT_MS}\n: connected\n\n".encode()
    async for event in events:
        yield b": nothing new\n\n" if event is None else wire(event)
        if time.monotonic() >= until:
            return


def wire(event: LiveEvent) -> bytes:
    data: dict[str, object] = {**event.payload, "sitting_id": event.sitting_id, "at": event.at}
    if event.flag is not None:
        data["flag"] = event.flag
    if event.tile is not None:
        data["tile"] = event.tile
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, event.kind.encode(), to_json(data))
