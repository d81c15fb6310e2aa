"""``Idempotency-Key``: an unsafe API call that is sent again is answered, not done again.

Pure ASGI, nearest to the routes: every route of ``/api/`` has it without saying so. Without a
session there is no caller whose keys these could be, and the header says nothing.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exam_api.domain.errors import ExamError, InvalidRequest
from exam_api.services.idempotency import Call, Idempotency, KeptAnswer
from exam_api.web.auth import maybe_user
from exam_api.web.errors import Respond

HEADER: Final = "Idempotency-Key"
LONGEST_KEY: Final = 128
KEY_PATTERN: Final = r"^[!-~]+$"
REPLAYED: Final = "Idempotency-Replayed"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_KEPT_HEADERS: Final = ("content-type", "location", "etag", "link")
_LONGEST_ANSWER: Final = 1_048_576


class IdempotentCalls:
    def __init__(self, app: ASGIApp, *, idempotency: Idempotency, respond: Respond) -> None:
        self._app = app
        self._idempotency = idempotency
        self._respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            call = await _call(request, key)
            kept = await self._idempotency.begin(call) if call else None
        except ExamError as error:
            await (await self._respond(request, error))(scope, receive, send)
            return
        again = _Again(receive, getattr(request, "_body", b""))
        if call is None:
            await self._app(scope, again, send)
        elif kept is not None:
            headers = {**kept.headers, REPLAYED: "true"}
            await Response(kept.body, kept.status, headers)(scope, receive, send)
        else:
            await self._done(call, scope, again, send)

    async def _done(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        """The client hears of it only when the answer is kept: then it may ask again at will."""
        told = _Told()
        try:
            await self._app(scope, receive, told.note)
        finally:
            answer = told.answer()
            if answer is None:
                await self._idempotency.drop(call)
            else:
                await self._idempotency.finish(call, answer)
        for message in told.messages:
            await send(message)


def _key(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] in _SAFE:
        return None
    if not scope["path"].startswith("/api/"):
        return None
    return Headers(scope=scope).get(HEADER)


async def _call(request: Request, key: str) -> Call | None:
    actor = await maybe_user(request)
    if actor is None:
        return None
    if len(key) > LONGEST_KEY or not re.fullmatch(KEY_PATTERN, key):
        raise InvalidRequest(f"{HEADER} is 1 to {LONGEST_KEY} visible ASCII characters")
    asked = hashlib.sha256()
    for part in (request.method, request.url.path, request.url.query):
        asked.update(part.encode() + b"\0")
    asked.update(await request.body())
    return Call(actor.id, key, asked.hexdigest())


class _Again:
    """The body that was read, for the route to read; then whatever comes."""

    def __init__(self, receive: Receive, body: bytes) -> None:
        self._receive = receive
        self._body: bytes | None = body

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


@dataclass(slots=True)
class _Told:
    messages: list[Message] = field(default_factory=list)

    async def note(self, message: Message) -> None:
        self.messages.append(message)

    def answer(self) -> KeptAnswer | None:
        """What is worth keeping: it was done, whole, and not too large."""
        start = next(
            (each for each in self.messages if each["type"] == "http.response.start"), None
        )
        if start is None or start["status"] >= 400:
            return None
        body = b"".join(each.get("body", b"") for each in self.messages)
        if len(body) > _LONGEST_ANSWER:
            return None
        return KeptAnswer(start["status"], _kept_headers(Headers(raw=start["headers"])), body)


def _kept_headers(headers: Headers) -> Mapping[str, str]:
    return {name: headers[name] for name in _KEPT_HEADERS if name in headers}
