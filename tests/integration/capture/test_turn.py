"""A real coturn: credentials of the Link headers open it, and a relayed line is recorded."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aioice.ice import get_host_addresses
from fastapi import Response
from playwright.async_api import async_playwright

from capture.contracts import PublishGrant
from capture.ice import IceSettings, linked_servers
from capture.service import CaptureService
from capture.settings import CaptureSettings
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration

SECRET = "north"
# No direct path: the browser may use what the TURN server relays, and nothing else.
PUBLISH = """async ([servers, token]) => {
  const stream = await navigator.mediaDevices.getUserMedia({video: {width: 320, height: 240}});
  const pc = window.pc = new RTCPeerConnection({iceServers: servers, iceTransportPolicy: 'relay'});
  for (const track of stream.getTracks()) pc.addTransceiver(track, {direction: 'sendonly'});
  await pc.setLocalDescription(await pc.createOffer());
  await new Promise(done => {
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done();
    setTimeout(done, 8000);
  });
  const reply = await fetch('/whip', {method: 'POST', body: pc.localDescription.sdp,
    headers: {'Content-Type': 'application/sdp', 'Authorization': 'Bearer ' + token}});
  if (reply.status !== 201) return reply.status;
  await pc.setRemoteDescription({type: 'answer', sdp: await reply.text()});
  return reply.status;
}"""
# The chosen pair: its state is not always "succeeded" while a check of it is under way.
LINE = """async () => {
  const stats = [...(await pc.getStats()).values()];
  const {selectedCandidatePairId} = stats.find(one => one.type === 'transport');
  const pair = stats.find(one => one.id === selectedCandidatePairId);
  return pair ? stats.find(one => one.id === pair.localCandidateId).candidateType : null;
}"""


@pytest.fixture
def address() -> str:
    """Browsers look for no TURN server on loopback."""
    found = get_host_addresses(use_ipv4=True, use_ipv6=False)
    return found[0] if found else "127.0.0.1"


@pytest.fixture
async def turn(
    require: Callable[[str], Path], tmp_path: Path, address: str
) -> AsyncIterator[IceSettings]:
    program = require("turnserver")
    with closing(socket.socket()) as probe:
        probe.bind((address, 0))
        port = probe.getsockname()[1]
    options = {
        "listening-ip": address,
        "relay-ip": address,
        "listening-port": port,
        "realm": "exam.test",
        "static-auth-secret": SECRET,
        "pidfile": tmp_path / "turn.pid",
        "log-file": tmp_path / "turn.log",
        "userdb": tmp_path / "turn.db",
    }
    flags = ["-n", "--use-auth-secret", "--no-cli", "--no-tls", "--no-dtls", "--simple-log"]
    named = [f"--{name}={value}" for name, value in options.items()]
    process = await asyncio.create_subprocess_exec(
        program,
        *flags,
        *named,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await listens(address, port):  # noqa: ASYNC110 - another program's port
                await asyncio.sleep(0.05)
        yield IceSettings((f"turn:{address}:{port}?transport=udp",), SECRET)
    finally:
        process.terminate()
        await process.wait()


async def listens(address: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(address, port)
    except OSError:
        return False
    writer.close()
    return True


@pytest.fixture
def client_ice(turn: IceSettings) -> IceSettings:
    """What the endpoint tells its clients."""
    return turn


async def test_a_recording_comes_over_a_relay(capture_server, require):
    asked = await capture_server.http.options(
        capture_server.whip, headers={"Authorization": "Bearer s1"}
    )
    servers = [
        {"urls": server.url, "username": server.username, "credential": server.credential}
        for server in linked_servers(asked.headers["link"])
    ]

    @capture_server.app.get("/")
    async def blank():
        return Response("<!doctype html><title>t</title>", media_type="text/html")

    arguments = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--no-sandbox",
    ]
    service = capture_server.service
    async with async_playwright() as play:
        chromium = str(require("chromium"))
        browser = await play.chromium.launch(executable_path=chromium, args=arguments)
        page = await browser.new_page()
        await page.goto(capture_server.url + "/")
        forged = [{**servers[0], "credential": "south"}]
        assert await page.evaluate(PUBLISH, [forged, "s2"]) in {201, 400, 422}
        assert await page.evaluate(PUBLISH, [servers, "s1"]) == 201
        await capture_server.until(lambda: service.recorded_until("s1") > 2000)
        assert await page.evaluate(LINE) == "relay"
        assert not service.status("s2").live  # with a wrong password there is no way through
        await browser.close()


async def test_a_server_behind_a_firewall_offers_its_own_relay(turn, tmp_path, vp8, open_peer):
    settings = CaptureSettings(ice=turn)
    service = CaptureService(tmp_path / "r", on_event=lambda _: None, settings=settings)
    _, offer = await open_peer(vp8)
    answered = await service.publish(PublishGrant("s1", datetime.now(UTC)), offer)
    await service.aclose()
    assert " typ relay " in answered.answer_sdp
