"""An SDP offer over HTTP: what WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) have in common.

For a server that gathers all its candidates, and neither trickles nor restarts ICE. Errors are
raised as CaptureError; the application renders them as problem+json, and lets browsers of other
sites in (CORS).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Generic, Protocol, TypeVar

from fastapi import APIRouter, Header, Request, Response

from capture.contracts import TrackKey
from capture.errors import MediaTypeRefused, SdpRefused, TokenExpired, TokenInvalid, TokenMissing
from capture.ice import IceSettings, link_headers
from capture.offer import with_address

SDP = "application/sdp"
_MAX_BODY = 64 * 1024
_RESERVED = {"Allow": "POST, OPTIONS", "Accept-Post": SDP}
_RESOURCE = {"Allow": "DELETE, OPTIONS"}
Authorization = Annotated[str | None, Header()]


@dataclass(frozen=True, slots=True)
class Publication:
    """What a client gets back: its resource, our answer, the ICE session's tag."""

    resource_id: str
    answer_sdp: str
    etag: str


class Granted(Protocol):
    """What a bearer token allows: something with one track."""

    @property
    def key(self) -> TrackKey: ...


Grant = TypeVar("Grant", bound=Granted)


@dataclass(frozen=True, slots=True)
class SdpEndpoint(Generic[Grant]):
    """``authorize`` turns a bearer token into a grant, or raises TokenInvalid or TokenExpired.

    ``track_of`` a resource raises ResourceUnknown; ``ice``: the servers clients are told of.
    """

    path: str
    authorize: Callable[[str], Awaitable[Grant]]
    answer: Callable[[Grant, str], Awaitable[Publication]]
    track_of: Callable[[str], TrackKey]
    end: Callable[[str], Awaitable[None]]
    ice: IceSettings

    def router(self) -> APIRouter:
        router = APIRouter()
        resource = self.path + "/{resource_id}"
        for path, methods, handler in (
            (self.path, ["POST"], self.offered),
            (self.path, ["OPTIONS"], self.described),
            (self.path, ["GET", "HEAD", "PUT", "PATCH", "DELETE"], self.reserved),
            (resource, ["DELETE"], self.ended),
            (resource, ["OPTIONS"], self.resource_described),
            (resource, ["GET", "HEAD", "POST", "PUT", "PATCH"], self.refused),
        ):
            router.add_api_route(
                path,
                handler,
                methods=methods,
                response_model=None,
                include_in_schema=len(methods) == 1,  # what is only refused is no operation
            )
        return router

    async def offered(self, request: Request, authorization: Authorization = None) -> Response:
        grant = await self.authorize(bearer_token(authorization))
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != SDP:
            raise MediaTypeRefused(f"send the offer as {SDP}")
        sender = request.client.host if request.client else ""
        made = await self.answer(grant, with_address(await _body(request), sender))
        headers = {"Location": f"{self.path}/{made.resource_id}", "ETag": f'"{made.etag}"'}
        return self._with_ice(Response(made.answer_sdp, 201, headers, SDP))

    async def described(self, authorization: Authorization = None) -> Response:
        """Who brings a token is told the ICE servers too: before the offer they help most."""
        described = Response(status_code=204, headers=_RESERVED)
        if authorization is None:
            return described
        await self.authorize(bearer_token(authorization))
        return self._with_ice(described)

    async def reserved(self) -> Response:
        return Response(status_code=405, headers=_RESERVED)

    async def ended(self, resource_id: str, authorization: Authorization = None) -> Response:
        track = self.track_of(resource_id)
        token = bearer_token(authorization)
        try:
            if (await self.authorize(token)).key != track:
                raise TokenInvalid("the token is of another track")
        except TokenExpired:
            pass  # it was good once, and the resource's name is secret: let the client leave
        await self.end(resource_id)
        return Response(status_code=200)

    async def resource_described(self, resource_id: str) -> Response:  # noqa: ARG002 - as all
        return Response(status_code=204, headers=_RESOURCE)

    async def refused(self, resource_id: str) -> Response:
        # RFC 9725 §4.3: without trickle ICE and ICE restarts every PATCH is 405.
        self.track_of(resource_id)
        return Response(status_code=405, headers=_RESOURCE)

    def _with_ice(self, response: Response) -> Response:
        """RFC 9725 §4.6, with credentials made for this answer."""
        for link in link_headers(self.ice.servers()):
            response.headers.append("Link", link)
        return response


def bearer_token(authorization: str | None) -> str:
    """RFC 6750 §2.1. Raises TokenMissing."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenMissing("a token is needed")
    return token.strip()


async def _body(request: Request) -> str:
    """The offer's text, read only as far as an offer may be long. Raises SdpRefused."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise SdpRefused("the offer is too large")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise SdpRefused("the offer is no text") from error
