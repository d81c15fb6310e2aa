"""What a live view keeps and drops while frames come faster than they leave."""

from fractions import Fraction

import av
import pytest
from aiortc.mediastreams import MediaStreamError

from capture.contracts import TrackKey
from capture.rtp_seam import EncodedFrame
from capture.viewing import Audience, LiveTrack, View


def packet(number: int = 0) -> av.Packet:
    made = av.Packet(bytes([number % 256]))
    made.pts, made.time_base = number, Fraction(1, 90000)
    return made


@pytest.fixture
async def view():
    made = View(TrackKey("s1"), "vp8", ())
    yield made
    await made.close()


async def test_a_view_begins_at_a_key_frame(view):
    assert view.video(packet(), key=False)
    assert not view.video(packet(), key=True)
    assert not view.video(packet(), key=False)


async def test_a_view_that_falls_behind_drops_to_the_next_key_frame(view):
    view.video(packet(), key=True)
    waits = [view.video(packet(n), key=False) for n in range(200)]
    first = waits.index(True)
    assert 10 < first < 100
    assert all(waits[first:])
    assert not view.video(packet(255), key=True)
    assert (await view._video.recv()).pts == 255


async def test_a_lossy_line_gets_key_frames_only_until_it_is_well(view):
    view.video(packet(), key=True)
    view._slow_down(0.5)
    assert not view.video(packet(1), key=False)
    assert not view.video(packet(2), key=True)
    view._slow_down(0.1)
    assert not view.video(packet(3), key=False)
    view._slow_down(0.0)
    assert view.video(packet(4), key=False)
    assert not view.video(packet(5), key=True)
    assert not view.video(packet(6), key=False)
    assert [(await view._video.recv()).pts for _ in range(4)] == [0, 2, 5, 6]


async def test_old_sound_makes_room_for_new():
    track = LiveTrack("audio", 3)
    for number in range(5):
        track.put(packet(number))
    assert [(await track.recv()).pts for _ in range(3)] == [2, 3, 4]
    track.stop()
    with pytest.raises(MediaStreamError):
        await track.recv()


class Watching:
    """Stands in for a view; says whether it waits for a key frame."""

    def __init__(self, *, broken: bool = False) -> None:
        self.got: list[int] = []
        self.broken, self.left = broken, False

    def video(self, got: av.Packet, *, key: bool) -> bool:
        if self.broken:
            raise RuntimeError("a fault of the view")
        self.got.append(got.pts)
        return not key

    def leave(self) -> None:
        self.left = True


def frame(ticks: int, codec: str = "vp8") -> EncodedFrame:
    return EncodedFrame(codec, ticks, 90000, b"x", after_loss=False)


async def test_times_grow_across_publications_and_stay_near_the_timeline():
    audience, one = Audience(), Watching()
    audience.video(frame(0), 1000, key=True)
    audience.views.add(one)
    assert audience.video(frame(0), 1000, key=False)
    assert not audience.video(frame(6000), 1066, key=True)
    audience.video(frame(0), 9000, key=True)  # another publication: its ticks begin anew
    assert one.got == [90000, 96000, 810000]
    assert not one.left


async def test_a_faulty_view_does_not_reach_the_recording():
    audience = Audience()
    audience.video(frame(0), 0, key=True)
    audience.views.add(Watching(broken=True))
    assert not audience.video(frame(1), 10, key=True)


async def test_another_codec_ends_the_views():
    audience, one = Audience(), Watching()
    audience.video(frame(0), 0, key=True)
    audience.views.add(one)
    audience.video(frame(0, "h264"), 10, key=True)
    assert one.left
