"""A real browser publishes to the endpoint and plays what was recorded."""

import itertools

import av
import pytest
from fastapi import Response
from fastapi.responses import FileResponse
from playwright.async_api import async_playwright

from capture.contracts import MediaStarted, PublisherEnded
from capture.settings import CaptureSettings
from tests.integration.capture.browser_scripts import PLAY, PUBLISH

pytestmark = pytest.mark.integration


@pytest.fixture
def quick_settings():
    return CaptureSettings(segment_s=3.0, key_frame_every_s=1.0)


@pytest.fixture
async def page(capture_server, require):
    """A page of the capture server itself, so that fetch needs no CORS."""

    @capture_server.app.get("/")
    async def blank():
        return Response("<!doctype html><title>t</title>", media_type="text/html")

    arguments = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--autoplay-policy=no-user-gesture-required",
        "--no-sandbox",
    ]
    async with async_playwright() as play:
        browser = await play.chromium.launch(
            executable_path=str(require("chromium")), args=arguments
        )
        page = await browser.new_page()
        await page.goto(capture_server.url + "/")
        yield page
        await browser.close()


async def test_a_browser_publishes_and_plays_the_recording_and_a_clip(page, capture_server):
    service = capture_server.service
    published = await page.evaluate(PUBLISH)
    assert published["status"] == 201, published["answer"]
    await capture_server.until(lambda: capture_server.seen(MediaStarted))
    zero = capture_server.seen(MediaStarted)[0].at_ms
    await capture_server.until(lambda: service.recorded_until("s1") > zero + 4500)
    clip = await service.clip("s1", zero + 2500, before_ms=1500, after_ms=10_000)
    status = await page.evaluate(
        "r => fetch(r, {method: 'DELETE', headers: {'Authorization': 'Bearer s1'}})"
        ".then(reply => reply.status)",
        published["resource"],
    )
    assert status == 200
    assert capture_server.seen(PublisherEnded)
    recording = service.recording("s1")
    assert len(recording.segments) >= 2
    assert "opus" in {s.audio_codec for s in recording.segments}
    joined = await service.joined("s1")
    with av.open(str(joined)) as container:
        sound = [p.pts for p in container.demux(audio=0) if p.pts is not None]
        assert sorted(b - a for a, b in itertools.pairwise(sound))[len(sound) // 2] == 60
    with av.open(str(joined)) as container:
        keys = [p.pts for p in container.demux(video=0) if p.is_keyframe and p.pts is not None]
        assert max(b - a for a, b in itertools.pairwise(keys)) < 2500

    @capture_server.app.get("/clip.webm")
    async def give_clip():
        return Response(clip, media_type="video/webm")

    @capture_server.app.get("/recording.webm")
    async def give_recording():
        return FileResponse(joined, media_type="video/webm")

    shown = await page.evaluate(PLAY, ["/clip.webm", None])
    assert shown["width"] == 640
    assert shown["began"] < 0.2
    assert shown["now"] > 0.3
    assert 2 < shown["duration"] < 9
    shown = await page.evaluate(PLAY, ["/recording.webm", zero / 1000 + 3])
    assert shown["began"] == pytest.approx(zero / 1000 + 3, abs=0.1)
    assert shown["now"] > zero / 1000 + 3.2
    assert shown["duration"] == pytest.approx(recording.segments[-1].end_ms / 1000, abs=0.3)
