"""Records a file over real WebRTC and prints each frame's time; killed by test_crash.

Arguments: recordings folder, file to publish, the time in ms after which to say "enough".
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
from fastapi import FastAPI

from capture import session
from capture.contracts import PublishGrant
from capture.publisher import Publisher
from capture.service import CaptureService
from capture.whip import whip_router


async def main(root: Path, source: Path, enough_ms: int) -> None:
    service = CaptureService(root, on_event=lambda _: None)
    await service.start()
    origin = datetime.now(UTC)

    async def authorize(token: str) -> PublishGrant:
        return PublishGrant(token, origin)

    class Watched(session.PublishSession):
        def on_frame(self, frame):
            super().on_frame(frame)
            at_ms = self.clock.now_ms()
            print(at_ms, "enough" if at_ms > enough_ms else "", flush=True)  # noqa: T201 - to the parent

    sys.modules["capture.service"].PublishSession = Watched
    app = FastAPI()
    app.include_router(whip_router(service, authorize))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport) as http:
        await Publisher().publish(source, "http://capture/whip", "s1", http=http)
    await service.aclose()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
