"""A real worker process: sound, the enrolled photo, flags, pictures and counts get across."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from analysis.contracts import AnalysedStretch, FlagKind, FlagPhase, FlagUpdate, Subject
from capture.contracts import PublishGrant
from capture.ice import IceSettings
from capture.publisher import Publisher
from capture.settings import CaptureSettings
from capture.whip import whip_router
from exam_api.adapters.workers.messages import Setup
from exam_api.adapters.workers.remote import RemoteCapture
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]
SITTING = "0192-a-sitting"


class Told:
    """What the main process hears of its worker."""

    def __init__(self) -> None:
        self.flags: list[FlagUpdate] = []
        self.stretches: list[AnalysedStretch] = []
        self.thumbnails: list[tuple[str, int, bytes]] = []

    def opened(self) -> set[FlagKind]:
        return {one.flag.kind for one in self.flags if one.phase is FlagPhase.OPENED}

    def closed(self) -> set[FlagKind]:
        return {one.flag.kind for one in self.flags if one.phase is FlagPhase.CLOSED}


def remote(root: Path, told: Told) -> RemoteCapture:
    settings = CaptureSettings(ice=IceSettings())
    root.mkdir()

    def setup(index: int) -> Setup:
        recordings = root / "recordings"
        return Setup(index, None, recordings, root, None, settings, 2.0, logging.WARNING)

    return RemoteCapture(
        root / "recordings",
        workers=1,
        setup=setup,
        on_event=lambda _event: None,
        on_flag=told.flags.append,
        on_stretch=told.stretches.append,
        on_thumbnail=lambda *given: told.thumbnails.append(given),
        on_analysis_lost=lambda *_lost: None,
        settings=settings,
    )


async def until(condition) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - reports come from another process
            await asyncio.sleep(0.05)


async def test_a_stranger_who_speaks_is_told_by_the_worker(require, somebody, voice, tmp_path):
    enrolled = (require("shared") / "faces/face_recognition/obama_1.jpg").read_bytes()
    told = Told()
    capture = remote(tmp_path / "data", told)
    await capture.start()
    origin = datetime.now(UTC)

    async def authorize(token: str) -> PublishGrant:
        return PublishGrant(token, origin)

    app = FastAPI()
    app.include_router(whip_router(capture, authorize))
    transport = httpx.ASGITransport(app)
    publisher = Publisher()
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            playing = asyncio.create_task(
                publisher.publish(somebody, "http://test/whip", SITTING, http=http, sound=voice)
            )
            async with asyncio.timeout(PATIENCE_S):
                await publisher.started.wait()
            await capture.ask(SITTING, "attach", SITTING, (), Subject(faces=(enrolled,)), 3)
            expected = {FlagKind.IDENTITY_MISMATCH, FlagKind.SPEECH}
            with suppress(TimeoutError):
                await until(lambda: told.opened() >= expected)
            assert told.opened() == expected
            publisher.stop()
            await playing
            await capture.ask(SITTING, "detach", SITTING)
            await until(lambda: told.closed() >= expected and told.stretches)
            figures = capture.figures()
    finally:
        await capture.aclose()

    by_kind = {one.flag.kind: one.flag for one in told.flags}
    face, speech = by_kind[FlagKind.IDENTITY_MISMATCH], by_kind[FlagKind.SPEECH]
    assert {model.id for model in face.models} >= {"face_print"}
    assert {model.id for model in speech.models} >= {"voice"}
    assert face.evidence is not None
    assert face.evidence.jpeg.startswith(b"\xff\xd8")
    assert {sitting for sitting, _, _ in told.thumbnails} == {SITTING}
    assert told.thumbnails[-1][2].startswith(b"\xff\xd8")
    counted = told.stretches[-1]
    assert counted.sitting_id == SITTING
    assert counted.frames >= 10
    assert figures.frames_decoded >= counted.frames
    assert figures.sound_lost_ms == 0
