"""The WHIP endpoint (RFC 9725) for a server that gathers fully and neither trickles nor restarts.

Errors are raised as CaptureError; the application renders them as problem+json.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from capture.contracts import PublishGrant
from capture.errors import MediaTypeRefused, SdpRefused, TokenExpired, TokenInvalid, TokenMissing
from capture.service import CaptureService

SDP = "application/sdp"
Authorize = Callable[[str], Awaitable[PublishGrant]]
_MAX_BODY = 64 * 1024
_RESERVED = {"Allow": "POST, OPTIONS", "Accept-Post": SDP}
_RESOURCE = {"Allow": "DELETE, OPTIONS"}
Authorization = Annotated[str | None, Header()]


def whip_router(service: CaptureService, authorize: Authorize) -> APIRouter:
    """``authorize`` turns a bearer token into a grant, or raises TokenInvalid or TokenExpired."""
    router = APIRouter()

    @router.post("/whip", status_code=201)
    async def publish(request: Request, authorization: Authorization = None) -> Response:
        grant = await authorize(bearer_token(authorization))
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != SDP:
            raise MediaTypeRefused(f"send the offer as {SDP}")
        publication = await service.publish(grant, await _body(request))
        location = f"{request.url.path}/{publication.resource_id}"
        headers = {"Location": location, "ETag": f'"{publication.etag}"'}
        return Response(publication.answer_sdp, 201, headers, SDP)

    @router.options("/whip", status_code=204)
    async def describe() -> Response:
        return Response(status_code=204, headers=_RESERVED)

    @router.api_route(
        "/whip", methods=["GET", "HEAD", "PUT", "PATCH", "DELETE"], include_in_schema=False
    )
    async def reserved() -> Response:
        return Response(status_code=405, headers=_RESERVED)

    @router.delete("/whip/{resource_id}")
    async def end(resource_id: str, authorization: Authorization = None) -> Response:
        track = service.track_of(resource_id)
        token = bearer_token(authorization)
        try:
            if (await authorize(token)).key != track:
                raise TokenInvalid("the token is of another track")
        except TokenExpired:
            pass  # it was good once, and the resource's name is secret: let the publisher leave
        await service.end(resource_id)
        return Response(status_code=200)

    @router.options("/whip/{resource_id}", status_code=204)
    async def describe_resource(resource_id: str) -> Response:  # noqa: ARG001 - the same for all
        return Response(status_code=204, headers=_RESOURCE)

    @router.api_route(
        "/whip/{resource_id}",
        methods=["GET", "HEAD", "POST", "PUT", "PATCH"],
        include_in_schema=False,
    )
    async def refused(resource_id: str) -> Response:
        # RFC 9725 §4.3: without trickle ICE and ICE restarts every PATCH is 405.
        service.track_of(resource_id)
        return Response(status_code=405, headers=_RESOURCE)

    return router


def bearer_token(authorization: str | None) -> str:
    """RFC 6750 §2.1. Raises TokenMissing."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenMissing("a publish token is needed")
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
