"""Who is said to have caused a silence: the camera only where sound went on without it."""

from itertools import count

import pytest

from capture.codecs import KeyInfo
from capture.contracts import GapCause, MediaLost, TrackKey
from capture.service import CaptureService

KEY = TrackKey("s1")


class Clock:
    def now_ms(self):
        return 3150


class Session:
    """A publication whose last picture came at 1000 ms, 2.15 s ago."""

    clock = Clock()
    sampler = taps = None
    replaced = closed = connected = False
    last_rtp_ms = last_frame_ms = 1000
    numbers = count()

    def __init__(self, last_sound_ms):
        self.resource_id = f"r{next(self.numbers)}"
        self.last_sound_ms = last_sound_ms

    def tick(self):
        pass

    async def close(self):
        pass


@pytest.mark.parametrize(
    ("last_sound_ms", "cause"),
    [
        (None, GapCause.NETWORK),
        (1060, GapCause.NETWORK),
        # The line was cut: what waited for a lost packet was given up 0.8 s later.
        (1900, GapCause.NETWORK),
        (3100, GapCause.CAMERA_OFF),
    ],
)
async def test_a_cut_line_is_never_put_down_to_the_camera(tmp_path, last_sound_ms, cause):
    events = []
    service = CaptureService(tmp_path / "recordings", on_event=events.append)
    track, session = await service._track(KEY), Session(last_sound_ms)
    await service._replace(KEY, track, session)
    for at_ms in range(0, 1001, 100):
        track.recorder.video("vp8", at_ms, b"frame", KeyInfo(64, 48) if at_ms == 0 else None)
    service._tick(KEY, track)
    session.clock.now_ms = lambda: 3350  # by then the sound has ended too
    service._tick(KEY, track)
    assert [event for event in events if isinstance(event, MediaLost)] == [MediaLost("s1", 1000)]
    track.recorder.pause(GapCause.NETWORK)
    track.recorder.video("vp8", 9000, b"frame", KeyInfo(64, 48))
    track.recorder.pause(GapCause.NETWORK)
    await track.recorder.drain()
    assert [gap.cause for gap in track.recorder.ledger.gaps] == [cause]
    await service.aclose()
