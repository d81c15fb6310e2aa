"""Camera, screen and second camera of one sitting: each recorded by itself, on one timeline."""

import asyncio

import pytest

from capture.chain import verify_folder
from capture.contracts import GapCause, MediaLost, MediaStarted, PublisherEnded, TrackKind

pytestmark = pytest.mark.integration


async def test_tracks_are_recorded_side_by_side(capture_server, vp8, opus, larger_vp8):
    service = capture_server.service
    await capture_server.publish("s1", vp8, opus, loop=True)
    await capture_server.publish("s1:screen", larger_vp8, loop=True)
    await capture_server.publish("s1:camera2", vp8, loop=True)
    await capture_server.until(
        lambda: all(service.recorded_until("s1", kind) > 2000 for kind in TrackKind)
    )
    assert all(service.status("s1", kind).live for kind in TrackKind)
    started = {event.track for event in capture_server.seen(MediaStarted)}
    assert started == set(TrackKind)
    ends = [service.recorded_until("s1", kind) for kind in TrackKind]
    assert max(ends) - min(ends) < 1000
    await service.end_sitting("s1")
    for kind in TrackKind:
        recording = service.recording("s1", kind)
        assert recording.track is kind
        assert {segment.track for segment in recording} == {kind}
        assert verify_folder(capture_server.root / "s1" / kind, recording.digest) == []
        assert (await service.joined("s1", kind)).parent.name == kind
    assert {s.width for s in service.recording("s1", TrackKind.SCREEN)} == {480}
    assert {s.audio_codec for s in service.recording("s1")} == {"opus"}
    assert {event.track for event in capture_server.seen(PublisherEnded)} == set(TrackKind)


async def test_a_track_that_comes_back_leaves_the_others_alone(capture_server, vp8):
    service = capture_server.service
    await capture_server.publish("s1", vp8, loop=True)
    screen = await capture_server.publish("s1:screen", vp8, loop=True)
    await capture_server.until(lambda: service.status("s1", TrackKind.SCREEN).live)
    await capture_server.until(lambda: service.status("s1").live)
    await service.end(screen.resource.rsplit("/", 1)[1])
    assert not service.status("s1", TrackKind.SCREEN).live
    await asyncio.sleep(0.5)  # longer than a hole that is no gap
    await capture_server.publish("s1:screen", vp8, loop=True)
    await capture_server.until(lambda: service.status("s1", TrackKind.SCREEN).live)
    (gap,) = [event.gap for event in capture_server.seen(MediaStarted) if event.gap]
    assert (gap.track, gap.cause) == (TrackKind.SCREEN, GapCause.CLIENT_ENDED)
    assert service.recording("s1").gaps == ()
    assert capture_server.seen(MediaLost) == []
    assert service.status("s1").live


async def test_a_screen_on_which_nothing_moves_is_not_lost(capture_server, vp8):
    service = capture_server.service
    screen = await capture_server.publish("s1:screen", vp8, loop=True)
    await capture_server.until(lambda: service.status("s1", TrackKind.SCREEN).live)
    screen.hold(held=True)
    await asyncio.sleep(3)
    screen.hold(held=False)
    before = service.recorded_until("s1", TrackKind.SCREEN)
    await capture_server.until(
        lambda: service.recorded_until("s1", TrackKind.SCREEN) > before + 1000
    )
    assert capture_server.seen(MediaLost) == []
    assert service.recording("s1", TrackKind.SCREEN).gaps == ()
