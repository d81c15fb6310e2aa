"""What every request passes before it reaches a route: headers, same-origin, size (pure ASGI)."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exam_api.domain.errors import CrossSiteRefused, PayloadTooLarge
from exam_api.web.errors import Respond

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# Bearer token, no cookie: any WHIP client may call it from anywhere (RFC 9725).
_TOKEN_PATHS: Final = ("/whip", "/whep")

_PIECE: Final = re.compile(r"/api/v1/sittings/[^/]+/pieces/[^/]+")
_PIECE_BYTES: Final = 2**20

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), "
    "geolocation=(), payment=(), usb=()",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeaders:
    """Set where the route did not; pages and data are not stored unless a route says so."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = dict(_HEADERS)
        if https:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


class SameOrigin:
    """Unsafe methods only from our own pages: no other site acts with a person's cookie.

    Browsers say where a request comes from (Sec-Fetch-Site, else Origin). A client that says
    neither is no browser and carries no cookie that it was not given on purpose.
    """

    def __init__(self, app: ASGIApp, *, respond: Respond) -> None:
        self._app = app
        self._respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_allowed(scope):
            refusal = await self._respond(Request(scope, receive), CrossSiteRefused())
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


class TokenCors:
    """Lets pages of the named sites call what takes a bearer token (RFC 9725 §4.7), and no more."""

    def __init__(self, app: ASGIApp, *, origins: Sequence[str]) -> None:
        self._app = app
        self._cors = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=["POST", "DELETE", "PATCH", "OPTIONS"],
            allow_headers=["Authorization", "Content-Type", "If-Match", "Link"],
            expose_headers=["Location", "ETag", "Link", "Retry-After"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = scope["type"] == "http" and scope["path"].startswith(_TOKEN_PATHS)
        await (self._cors if token else self._app)(scope, receive, send)


def _is_allowed(scope: Scope) -> bool:
    if scope["method"] in _SAFE or scope["path"].startswith(_TOKEN_PATHS):
        return True
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


# Test files and pictures of the bank; their readers have limits of their own.
_UPLOAD: Final = re.compile(
    r"/bank/(items/)?[^/]+/(import|pictures)|/api/v1/bank/disciplines/[^/]+/imports"
)
_UPLOAD_BYTES: Final = 21 * 1024 * 1024
# A table of people, and its preview, which carries it along as text (adapters.sheets).
_PEOPLE: Final = re.compile(r"/people/import(/take)?")
_PEOPLE_BYTES: Final = 8 * 1024 * 1024
# A filled form 4, and its preview likewise.
_FORM4: Final = re.compile(r"/(api/v1/)?check-lists/[^/]+/file(/take)?")
# A report of a mail that came back gives the mail back with what was attached to it.
_RETURNED: Final = re.compile(r"/mail/returned")
_LARGER: Final = (
    (_RETURNED, _PEOPLE_BYTES),
    (_PIECE, _PIECE_BYTES),
    (_UPLOAD, _UPLOAD_BYTES),
    (_PEOPLE, _PEOPLE_BYTES),
    (_FORM4, _PEOPLE_BYTES),
)


class BodyLimit:
    """Refuses a body that is too large, by its declared length or while it arrives.

    A part of a recording's piece may be larger than anything else (services.gap_fill).
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, respond: Respond) -> None:
        self._app = app
        self._respond = respond
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        larger = (most for path, most in _LARGER if path.fullmatch(scope["path"]))
        most = next(larger, self._max_bytes)
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > most:
            refusal = await self._respond(Request(scope, receive), PayloadTooLarge())
            await refusal(scope, receive, send)
            return
        await self._app(scope, self._counted(receive, most), send)

    def _counted(self, receive: Receive, most: int) -> Receive:
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > most:
                # The one kind of error that FastAPI's body reader lets through unchanged.
                raise HTTPException(PayloadTooLarge.status)
            return message

        return counted
