"""WHEP: a second peer sees what the first publishes, as it was encoded, and may not disturb it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from capture.contracts import Relief, TrackKind, WatchGrant
from capture.errors import NotLiveNow, SdpUnsupported, ViewsFull, ViewsStopped
from capture.settings import CaptureSettings
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration


class Viewer:
    """A standard receiver: it decodes what comes."""

    def __init__(self) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.tracks: dict[str, object] = {}
        self.peer.on("track", lambda track: self.tracks.__setitem__(track.kind, track))
        self.resource = ""

    async def offer(self) -> str:
        for kind in ("audio", "video"):
            self.peer.addTransceiver(kind, direction="recvonly")
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return str(self.peer.localDescription.sdp)

    async def watch(self, server, token: str):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
        reply = await server.http.post(
            f"{server.url}/whep", content=await self.offer(), headers=headers
        )
        if reply.status_code == 201:
            self.resource = server.url + reply.headers["Location"]
            await self.peer.setRemoteDescription(RTCSessionDescription(reply.text, "answer"))
        return reply

    async def frame(self, kind: str = "video"):
        async with asyncio.timeout(PATIENCE_S):
            return await self.tracks[kind].recv()


@pytest.fixture
async def viewer() -> AsyncIterator[Viewer]:
    made = Viewer()
    yield made
    await made.peer.close()


@pytest.fixture
def quick_settings() -> CaptureSettings:
    return CaptureSettings(segment_s=1.5, key_frame_every_s=1.0, max_views_a_track=1)


@pytest.fixture
async def live(capture_server, vp8, opus):
    await capture_server.publish("s1", vp8, opus, loop=True)
    await capture_server.until(lambda: capture_server.service.status("s1").live)
    return capture_server


async def test_picture_and_sound_arrive(live, viewer):
    assert (await viewer.watch(live, "s1")).status_code == 201
    picture = await viewer.frame()
    assert (picture.width, picture.height) == (320, 240)
    assert (await viewer.frame("audio")).sample_rate == 48000
    assert live.service.views == 1
    assert live.service.watched_track(viewer.resource.rsplit("/", 1)[1]).track is TrackKind.CAMERA


async def test_a_good_bye_ends_the_view_and_the_recording_goes_on(live, viewer):
    await viewer.watch(live, "s1")
    await viewer.frame()
    bearer = {"Authorization": "Bearer s1"}
    assert (await live.http.delete(viewer.resource, headers=bearer)).status_code == 200
    await live.until(lambda: live.service.views == 0)
    assert (await live.http.delete(viewer.resource, headers=bearer)).status_code == 404
    before = live.service.recorded_until("s1")
    await live.until(lambda: live.service.recorded_until("s1") > before + 1000)
    assert live.service.status("s1").live


async def test_views_are_bounded_and_can_be_stopped(live, viewer):
    await viewer.watch(live, "s1")
    second = Viewer()
    offer = await second.offer()
    with pytest.raises(ViewsFull):
        await live.service.watch(WatchGrant("s1"), offer)
    live.service.relieve(Relief.NO_LIVE_VIEWS)
    await live.until(lambda: live.service.views == 0)
    with pytest.raises(ViewsStopped):
        await live.service.watch(WatchGrant("s1"), offer)
    live.service.relieve(Relief.NOTHING)
    assert (await live.service.watch(WatchGrant("s1"), offer)).answer_sdp
    await second.peer.close()
    assert live.service.status("s1").live


async def test_what_does_not_arrive_cannot_be_watched(live, viewer):
    assert (await viewer.watch(live, "s1:screen")).json() == {"code": "not_live_now"}
    offer = viewer.peer.localDescription.sdp
    with pytest.raises(NotLiveNow):
        await live.service.watch(WatchGrant("s2"), offer)
    headers = {"Authorization": "Bearer wrong", "Content-Type": "application/sdp"}
    assert (await live.http.post(f"{live.url}/whep", headers=headers)).status_code == 401


async def test_who_sends_does_not_watch(live, vp8, open_peer):
    _, offer = await open_peer(vp8)
    with pytest.raises(SdpUnsupported):
        await live.service.watch(WatchGrant("s1"), offer)


async def test_the_views_of_one_sitting_end_and_may_be_opened_anew(live, viewer):
    """Its proctor has dropped out: a right that was taken back does not watch on (S-14)."""
    await viewer.watch(live, "s1")
    await viewer.frame()
    await live.service.end_views("s2")
    assert live.service.views == 1
    await live.service.end_views("s1")
    await live.until(lambda: live.service.views == 0)
    assert live.service.status("s1").live
    offer = viewer.peer.localDescription.sdp
    assert (await live.service.watch(WatchGrant("s1"), offer)).answer_sdp


async def test_the_views_of_a_sitting_end_with_it(live, viewer):
    await viewer.watch(live, "s1")
    await viewer.frame()
    await live.service.end_sitting("s1")
    await live.until(lambda: live.service.views == 0)
