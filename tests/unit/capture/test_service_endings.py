"""How tracks end: signed only when nothing of them is open, and never under who is back."""

import asyncio
from datetime import UTC, datetime
from itertools import count

import pytest

from capture.chain import verify_recording
from capture.codecs import KeyInfo
from capture.contracts import TrackKey, TrackKind
from capture.errors import StillRecorded
from capture.service import CaptureService
from capture.signing import RecordingKey

CAMERA, SCREEN = TrackKey("s1"), TrackKey("s1", TrackKind.SCREEN)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Clock:
    def now_ms(self):
        return 5000


class Session:
    """A publication, as far as its end is concerned."""

    clock = Clock()
    sampler = taps = None
    replaced = closed = connected = False
    numbers = count()

    def __init__(self):
        self.resource_id = f"r{next(self.numbers)}"

    async def close(self):
        await asyncio.sleep(0.01)
        self.closed = True


@pytest.fixture
async def service(tmp_path):
    service = CaptureService(tmp_path / "recordings", on_event=lambda _: None)
    yield service
    await service.aclose()


async def published(service, key, until_ms=3000):
    track = await service._track(key)
    await service._replace(key, track, Session())
    for at_ms in range(0, until_ms, 100):
        track.recorder.video("vp8", at_ms, b"frame", KeyInfo(64, 48) if at_ms == 0 else None)
    return track


async def test_a_track_is_signed_when_it_is_closed_and_not_before(service, tmp_path):
    key = RecordingKey.load_or_create(tmp_path / "key.pem")
    for one in (CAMERA, SCREEN):
        await published(service, one)
    with pytest.raises(StillRecorded):
        await service.finalise(SCREEN, key, NOW, 5000)
    await service.end_sitting("s1")
    for one in (CAMERA, SCREEN):
        recording = await service.finalise(one, key, NOW, 3000)
        assert [len(recording.segments), recording.gaps] == [1, ()]
        assert verify_recording(service._folders.of(one), trusted=key.public).problems == ()


async def test_what_begins_as_its_sitting_ends_is_ended_too(service):
    service._places.enter("s1")
    async with service._locks.hold(SCREEN):  # an offer is being answered
        ending = asyncio.create_task(service.end_sitting("s1"))
        await asyncio.sleep(0.02)
        track = await published(service, SCREEN)
        session = track.session
    await ending
    assert session.closed
    assert not list(service.tracks())
    assert service._places.free == service._places.limit


async def test_who_comes_back_as_the_track_is_put_away_stays(service):
    track = await published(service, CAMERA)
    await service.end(track.session.resource_id)
    track.idle_since -= service._settings.forget_after_s + 1
    async with service._locks.hold(CAMERA):  # the offer is being answered
        service._tick(CAMERA, track)
        await asyncio.sleep(0.02)
        session = Session()
        await service._replace(CAMERA, track, session)
    await asyncio.wait(service._tasks)
    assert not session.closed
    assert [key for key, *_ in service.tracks()] == [CAMERA]
    assert service.track_of(session.resource_id) == CAMERA


async def test_what_was_dropped_is_counted_once_when_a_track_comes_back(service):
    track = await published(service, CAMERA)
    service.audio_tap("s1").lose(480)
    await service.end(track.session.resource_id)
    track.idle_since -= service._settings.forget_after_s + 1
    service._tick(CAMERA, track)
    await asyncio.wait(service._tasks)
    assert not list(service.tracks())
    await published(service, CAMERA)
    service.audio_tap("s1")
    assert service.figures().sound_lost_ms == 480
