"""The one-slot tap and the decoder behind it: bounded, latest wins, drops counted."""

import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from fractions import Fraction

import av
import numpy as np
import pytest

from capture.codecs import vp8_key
from capture.contracts import Frame, Relief
from capture.decode import FrameSampler
from capture.tap import FrameTap
from tests.patience import PATIENCE_S


def frame(at_ms):
    return Frame("s1", at_ms, np.zeros((6, 4), np.uint8))


@pytest.fixture(scope="module")
def encoded():
    """60 frames of VP8 at 15 fps, a key frame every 15."""
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, "yuv420p"
    encoder.time_base, encoder.gop_size = Fraction(1, 15), 15
    encoder.options = {"deadline": "realtime", "lag-in-frames": "0"}
    packets = []
    for number in range(60):
        picture = np.full((48, 64, 3), number * 4, np.uint8)
        made = av.VideoFrame.from_ndarray(picture, format="rgb24")
        made.pts = number
        packets += encoder.encode(made)
    data = [bytes(packet) for packet in packets]
    return [(d, round(n * 1000 / 15), vp8_key(d) is not None) for n, d in enumerate(data)]


class Later(Executor):
    """Runs nothing until told to: a decoder that has fallen behind."""

    def __init__(self):
        self.jobs = []

    def submit(self, fn, /, *args, **kwargs):
        self.jobs.append(fn)
        return Future()

    def run(self):
        while self.jobs:
            self.jobs.pop(0)()


def test_the_latest_frame_wins_and_what_was_missed_is_counted():
    tap = FrameTap("s1")
    for at_ms in (1, 2, 3):
        tap.put(frame(at_ms))
    assert tap.take().at_ms == 3
    assert tap.take() is None
    assert tap.dropped == 2


def test_taking_waits_for_a_frame_and_wakes_at_the_end():
    tap = FrameTap("s1")
    threading.Timer(0.05, tap.put, [frame(7)]).start()
    assert tap.take(PATIENCE_S).at_ms == 7
    threading.Timer(0.05, tap.close).start()
    start = time.monotonic()
    assert tap.take(PATIENCE_S) is None
    assert time.monotonic() - start < PATIENCE_S
    tap.put(frame(8))
    assert tap.take() is None


def test_a_watcher_hears_of_each_frame():
    tap, heard = FrameTap("s1"), []
    tap.watch(lambda: heard.append(tap.take().at_ms))
    tap.put(frame(1))
    tap.put(frame(2))
    assert heard == [1, 2]


def test_every_frame_is_decoded_and_two_a_second_become_pictures(encoded):
    tap, seen = FrameTap("s1"), []
    tap.watch(lambda: seen.append(tap.take()))
    with ThreadPoolExecutor(2) as pool:
        sampler = FrameSampler("vp8", tap, pool, backlog=100)
        for data, at_ms, key in encoded:
            sampler.feed(data, at_ms, key, after_loss=False)
        while sampler.decoded < 60:
            time.sleep(0.005)
    assert [f.at_ms for f in seen] == [0, 533, 1000, 1533, 2000, 2533, 3000, 3533]
    assert seen[0].i420.shape == (72, 64)
    assert int(seen[4].luma.mean()) > int(seen[0].luma.mean()) + 60
    assert sampler.skipped == 0


def test_a_higher_rate_takes_effect_at_once(encoded):
    tap, seen = FrameTap("s1"), []
    tap.watch(lambda: seen.append(tap.take().at_ms))
    pool = Later()
    sampler = FrameSampler("vp8", tap, pool, backlog=100)
    for number, item in enumerate(encoded):
        if number == 30:
            tap.rate = 5.0
        sampler.feed(*item, after_loss=False)
        pool.run()
    assert len([at for at in seen if at < 2000]) == 4
    assert len([at for at in seen if at >= 2200]) >= 8


def test_decoding_that_falls_behind_skips_to_a_key_frame(encoded):
    pool = Later()
    sampler = FrameSampler("vp8", FrameTap("s1"), pool, backlog=10)
    for item in encoded[:50]:
        sampler.feed(*item, after_loss=False)
        assert len(sampler._waiting) <= 10
    pool.run()
    assert (sampler.decoded, sampler.skipped) == (5, 45)  # from the key frame at 45 on


def test_decoding_starts_at_a_key_frame_also_after_a_loss(encoded):
    pool = Later()
    sampler = FrameSampler("vp8", FrameTap("s1"), pool, backlog=100)
    for number, item in enumerate(encoded[1:31], start=1):
        sampler.feed(*item, after_loss=number == 20)
    pool.run()
    # 1-14 come before the first key frame (15), 20-29 after the loss and before the next (30)
    assert sampler.skipped == 14 + 10
    assert sampler.decoded == 6


def test_garbage_does_not_stop_the_decoder(encoded):
    pool = Later()
    sampler = FrameSampler("vp8", FrameTap("s1"), pool, backlog=100)
    sampler.feed(b"\x00" * 50, 0, key=True, after_loss=False)
    pool.run()
    for item in encoded:
        sampler.feed(*item, after_loss=False)
        pool.run()
    assert sampler.decoded >= 45


def test_after_closing_nothing_is_decoded(encoded):
    pool = Later()
    sampler = FrameSampler("vp8", FrameTap("s1"), pool, backlog=100)
    sampler.feed(*encoded[0], after_loss=False)
    sampler.close()
    sampler.feed(*encoded[1], after_loss=False)
    pool.run()
    assert sampler.decoded == 0


def run_all(sampler, pool, encoded):
    for data, at_ms, key in encoded:
        sampler.feed(data, at_ms, key, False)
        pool.run()


@pytest.mark.parametrize(
    ("relief", "decoded", "pictures"),
    [
        (Relief.NOTHING, 60, 8),
        (Relief.FEWER_FRAMES, 60, 2),
        (Relief.KEY_FRAMES_ONLY, 4, 2),
        (Relief.NO_LIVE_VIEWS, 4, 2),
        (Relief.RECORDING_ONLY, 0, 0),
    ],
)
def test_overload_is_relieved_by_looking_less(encoded, relief, decoded, pictures):
    tap, pool, taken = FrameTap("s1"), Later(), []
    tap.relief = relief
    tap.watch(lambda: taken.append(tap.take()))
    sampler = FrameSampler("vp8", tap, pool, backlog=60)
    run_all(sampler, pool, encoded)
    assert (sampler.decoded, len(taken)) == (decoded, pictures)
    assert (sampler.skipped, tap.dropped) == (0, 0)  # left out on purpose: no sign of overload


def test_decoding_goes_on_at_a_key_frame_once_the_overload_is_over(encoded):
    tap, pool = FrameTap("s1"), Later()
    sampler = FrameSampler("vp8", tap, pool, backlog=60)
    tap.relief = Relief.RECORDING_ONLY
    run_all(sampler, pool, encoded[:20])
    tap.relief = Relief.NOTHING
    run_all(sampler, pool, encoded[20:])
    assert sampler.decoded == 30  # from the third key frame on
