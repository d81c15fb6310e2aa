"""Firefox publishes to the endpoint and plays the clip that was cut of it."""

import asyncio
import json
import subprocess

import av
import pytest
from fastapi import Request, Response

from capture.contracts import MediaStarted
from capture.settings import CaptureSettings
from tests.integration.capture.browser_scripts import PLAY, PUBLISH
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration

PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
PAGE = f"""<!doctype html><title>t</title><body><script type="module">
const say = (what) => fetch("/said", {{method: "POST", body: JSON.stringify(what)}});
try {{
  await say({{published: await ({PUBLISH})()}});
  while (!(await (await fetch("/clip-ready")).json())) await new Promise(r => setTimeout(r, 200));
  await say({{played: await ({PLAY})(["/clip.webm", null])}});
}} catch (problem) {{
  await say({{problem: String(problem)}});
}}
</script>"""


@pytest.fixture
def quick_settings():
    return CaptureSettings(segment_s=3.0, key_frame_every_s=1.0)


class Said(dict):
    """What the page told the test."""

    async def until(self, key):
        async with asyncio.timeout(PATIENCE_S):
            while key not in self and "problem" not in self:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert "problem" not in self, self["problem"]
        return self[key]


@pytest.fixture
def pages(capture_server):
    """The page, what it says, and the clip once there is one."""
    said, clips = Said(), []

    @capture_server.app.get("/")
    async def page():
        return Response(PAGE, media_type="text/html")

    @capture_server.app.post("/said")
    async def hear(request: Request):
        said.update(json.loads(await request.body()))

    @capture_server.app.get("/clip-ready")
    async def ready():
        return bool(clips)

    @capture_server.app.get("/clip.webm")
    async def give():
        return Response(clips[0], media_type="video/webm")

    return said, clips


@pytest.fixture
def firefox(require, tmp_path, capture_server, pages):
    """It runs on a profile of its own, without a window."""
    profile = tmp_path / "profile"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    process = subprocess.Popen(
        [require("firefox"), "--headless", "--no-remote", "--profile", profile, capture_server.url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "MOZ_DISABLE_CONTENT_SANDBOX": "1"},
    )
    yield
    process.terminate()
    process.wait(timeout=PATIENCE_S)


@pytest.mark.usefixtures("firefox")
async def test_firefox_publishes_and_plays_a_clip(capture_server, pages):
    said, clips = pages
    service = capture_server.service
    published = await said.until("published")
    assert published["status"] == 201, published["answer"]
    await capture_server.until(lambda: capture_server.seen(MediaStarted))
    zero = capture_server.seen(MediaStarted)[0].at_ms
    await capture_server.until(lambda: service.recorded_until("s1") > zero + 4500)
    clips.append(await service.clip("s1", zero + 2500, before_ms=1500, after_ms=10_000))
    shown = await said.until("played")
    assert shown["width"] > 0
    assert shown["now"] > 0.3
    assert 2 < shown["duration"] < 9
    with av.open(str(await service.joined("s1"))) as container:
        assert {stream.codec_context.name for stream in container.streams} == {"vp8", "opus"}
