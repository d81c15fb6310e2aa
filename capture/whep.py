"""The WHEP endpoint (draft-ietf-wish-whep): those who may watch a sitting see it live."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter

from capture.contracts import WatchGrant
from capture.endpoint import SdpEndpoint
from capture.ice import IceSettings
from capture.service import CaptureService

Authorize = Callable[[str], Awaitable[WatchGrant]]
_NO_ICE = IceSettings()


def whep_router(
    service: CaptureService, authorize: Authorize, ice: IceSettings = _NO_ICE
) -> APIRouter:
    return SdpEndpoint(
        "/whep", authorize, service.watch, service.watched_track, service.end_view, ice
    ).router()
