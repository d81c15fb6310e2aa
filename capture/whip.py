"""The WHIP endpoint (RFC 9725): publishers send their tracks."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter

from capture.contracts import PublishGrant
from capture.endpoint import SdpEndpoint
from capture.ice import IceSettings
from capture.service import CaptureService

Authorize = Callable[[str], Awaitable[PublishGrant]]
_NO_ICE = IceSettings()


def whip_router(
    service: CaptureService, authorize: Authorize, ice: IceSettings = _NO_ICE
) -> APIRouter:
    return SdpEndpoint(
        "/whip", authorize, service.publish, service.track_of, service.end, ice
    ).router()
