"""What the service says and keeps when media stops, comes back, or ends."""

import asyncio
import itertools
import time

import av
import pytest

from capture.contracts import GapCause, MediaLost, MediaStarted, PublisherEnded
from capture.errors import ResourceUnknown
from capture.settings import CaptureSettings

pytestmark = pytest.mark.integration


def test_silence_is_looked_for_so_often_that_three_seconds_suffice():
    """What the pages add: benchmarks/long_session.py."""
    settings = CaptureSettings()
    assert settings.lost_after_s == 2.0
    assert settings.tick_s <= 0.25


async def test_silence_is_told_and_the_gap_on_return(capture_server, vp8):
    service = capture_server.service
    peer = await capture_server.publish("s1", vp8, loop=True)
    await capture_server.until(lambda: service.status("s1").live)
    await asyncio.sleep(0.6)
    peer.hold(held=True)
    held = time.monotonic()
    await capture_server.until(lambda: capture_server.seen(MediaLost))
    assert time.monotonic() - held > 1.5
    assert not service.status("s1").live
    assert service.status("s1").connected
    kept = service.recording("s1").segments
    await capture_server.until(lambda: len(service.recording("s1").segments) >= max(len(kept), 1))
    peer.hold(held=False)
    await capture_server.until(lambda: len(capture_server.seen(MediaStarted)) == 2)
    gap = capture_server.seen(MediaStarted)[1].gap
    assert gap is not None
    assert gap.cause is GapCause.NETWORK
    assert gap.end_ms - gap.start_ms >= 2000
    lost = capture_server.seen(MediaLost)[0]
    assert abs(gap.start_ms - lost.at_ms) < 300
    assert service.status("s1").live
    await service.end_sitting("s1")
    assert service.recording("s1").gaps == (gap,)


async def test_a_reconnect_replaces_the_publication_on_the_same_timeline(capture_server, vp8):
    service = capture_server.service
    first = await capture_server.publish("s1", vp8, loop=True)
    await capture_server.until(lambda: service.recorded_until("s1") > 1200)
    await capture_server.publish("s1", vp8, loop=True)
    with pytest.raises(ResourceUnknown):
        service.track_of(first.resource.rsplit("/", 1)[1])
    before = service.recorded_until("s1")
    await capture_server.until(lambda: service.recorded_until("s1") > before + 1500)
    assert not capture_server.seen(PublisherEnded)
    await service.end_sitting("s1")
    segments = service.recording("s1").segments
    starts = [s.start_ms for s in segments]
    assert starts == sorted(starts)
    assert all(a.end_ms <= b.start_ms for a, b in itertools.pairwise(segments))


async def test_a_peer_that_says_goodbye_ends_its_publication(capture_server, vp8):
    service = capture_server.service
    peer = await capture_server.publish("s1", vp8, loop=True)
    await capture_server.until(lambda: service.status("s1").live)
    await peer.close()
    await capture_server.until(lambda: capture_server.seen(PublisherEnded))
    assert service.status("s1").connected is False
    await capture_server.until(lambda: service.recording("s1").segments)
    again = await capture_server.publish("s1", vp8, loop=True)
    await capture_server.until(lambda: len(capture_server.seen(MediaStarted)) == 2)
    assert again.resource != peer.resource


async def test_sound_goes_on_record_while_the_camera_gives_no_picture(capture_server, vp8, opus):
    """A shutter is closed: what is said meanwhile stays, and the seconds do not count."""
    service = capture_server.service
    peer = await capture_server.publish("s1", vp8, opus, loop=True)
    await capture_server.until(lambda: service.recorded_until("s1") > 1200)
    peer.video.go.clear()
    await capture_server.until(lambda: capture_server.seen(MediaLost))
    until_ms = service.recorded_until("s1")
    assert not service.status("s1").live
    await asyncio.sleep(2.5)
    assert service.recorded_until("s1") == until_ms
    peer.video.go.set()
    await capture_server.until(lambda: len(capture_server.seen(MediaStarted)) == 2)
    await service.end_sitting("s1")
    (gap,) = service.recording("s1").gaps
    assert gap == capture_server.seen(MediaStarted)[1].gap
    assert gap.cause is GapCause.CAMERA_OFF
    assert gap.end_ms - gap.start_ms > 4000
    assert gap.sound_until_ms == pytest.approx(gap.end_ms, abs=300)
    with av.open(str(await service.joined("s1"))) as container:
        sound = [packet.pts for packet in container.demux(audio=0) if packet.size]
    assert max(b - a for a, b in itertools.pairwise(sound)) < 200


@pytest.mark.parametrize("ending", ["good-bye", "close"])
async def test_a_lost_line_is_the_gaps_cause_whatever_ends_it(capture_server, vp8, ending):
    """After the cut the page says good-bye to the dead connection, or the connection ends."""
    service = capture_server.service
    peer = await capture_server.publish("s1", vp8, loop=True)
    await capture_server.until(lambda: service.status("s1").live)
    peer.hold(held=True)
    await capture_server.until(lambda: capture_server.seen(MediaLost))
    if ending == "good-bye":
        await service.end(peer.resource.rsplit("/", 1)[1])
    else:
        await peer.close()
    await capture_server.until(lambda: capture_server.seen(PublisherEnded))
    await capture_server.publish("s1", vp8, loop=True)
    await capture_server.until(lambda: len(capture_server.seen(MediaStarted)) == 2)
    await service.end_sitting("s1")
    assert [gap.cause for gap in service.recording("s1").gaps] == [GapCause.NETWORK]


async def test_two_sittings_do_not_disturb_each_other(capture_server, vp8):
    service = capture_server.service
    one = await capture_server.publish("s1", vp8, loop=True)
    await capture_server.publish("s2", vp8, loop=True)
    await capture_server.until(lambda: service.status("s1").live and service.status("s2").live)
    one.hold(held=True)
    await capture_server.until(lambda: capture_server.seen(MediaLost))
    assert [event.sitting_id for event in capture_server.seen(MediaLost)] == ["s1"]
    assert service.status("s2").live


@pytest.fixture
def quick_settings():
    return CaptureSettings(segment_s=1.5, key_frame_every_s=1.0, connect_within_s=1.0)


async def test_an_offer_that_never_connects_is_forgotten(capture_server, vp8, open_peer):
    headers = {"Authorization": "Bearer s1", "Content-Type": "application/sdp"}
    _, offer = await open_peer(vp8)
    reply = await capture_server.http.post(capture_server.whip, content=offer, headers=headers)
    assert reply.status_code == 201
    await capture_server.until(lambda: capture_server.seen(PublisherEnded))
    with pytest.raises(ResourceUnknown):
        capture_server.service.track_of(reply.headers["Location"].rsplit("/", 1)[1])
