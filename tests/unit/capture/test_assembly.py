"""RTP packets to frames: any order in, the same frames out; a loss is told, never hidden."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from capture.assembly import AudioAssembler, TimestampExtender, VideoAssembler
from capture.reorder import Arrival


class Collected:
    def __init__(self):
        self.frames = []
        self.on_time = []

    def __call__(self, ticks, data, lost, on_time):
        self.frames.append((ticks, data, lost))
        self.on_time.append(on_time)


def packets(sizes, first_sequence=0, first_time=0):
    """(sequence, marker, timestamp, data) of frames with that many packets each."""
    made, sequence = [], first_sequence
    for number, size in enumerate(sizes):
        for part in range(size):
            timestamp = (first_time + number * 6000) & 0xFFFFFFFF
            data = b"%d.%d|" % (number, part)
            made.append((sequence & 0xFFFF, part == size - 1, timestamp, data))
            sequence += 1
    return made


def frames_of(sizes):
    return [b"".join(b"%d.%d|" % (n, part) for part in range(s)) for n, s in enumerate(sizes)]


def video(
    collected, *, starts_key=lambda data: data.endswith(b".0|"), clock=lambda: 0.0, **options
):
    return VideoAssembler(collected, starts_key, clock, **options)


SIZES = st.lists(st.integers(1, 5), min_size=1, max_size=12)


@given(SIZES, st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF))
def test_in_order_every_frame_is_whole_at_its_last_packet(sizes, sequence, time):
    collected = Collected()
    assembler = video(collected)
    for packet in packets(sizes, sequence, time):
        assert assembler.push(*packet) is Arrival.ORIGINAL
        if packet[1]:
            assert collected.frames[-1][1].endswith(packet[3])
    assert [data for _, data, _ in collected.frames] == frames_of(sizes)
    assert [ticks for ticks, _, _ in collected.frames] == [n * 6000 for n in range(len(sizes))]
    assert not any(lost for _, _, lost in collected.frames)


@given(SIZES, st.data())
def test_any_order_after_the_first_packet_gives_the_same_frames(sizes, data):
    made = packets(sizes, 65530)
    order = [made[0], *data.draw(st.permutations(made[1:]))]
    repeated = order + data.draw(st.lists(st.sampled_from(made), max_size=4))
    collected = Collected()
    assembler = video(collected)
    for packet in repeated:
        assembler.push(*packet)
    assert [found for _, found, _ in collected.frames] == frames_of(sizes)


@given(SIZES, st.data())
def test_with_losses_only_whole_frames_come_out_and_the_loss_is_told(sizes, data):
    made = packets(sizes)
    lost = data.draw(st.sets(st.integers(1, max(1, len(made) - 1)), max_size=4))
    collected = Collected()
    now = [0.0]
    assembler = video(collected, clock=lambda: now[0], wait_s=0.5)
    for packet in made:
        now[0] += 0.3
        assembler.reorder.expire()
        if packet[0] not in lost:
            assembler.push(*packet)
    assembler.flush()
    whole = frames_of(sizes)
    assert all(found in whole for _, found, _ in collected.frames)
    if any(number in lost for number in range(len(made) - 1)) and collected.frames:
        survivors = [whole.index(found) for _, found, _ in collected.frames]
        jumps = [b for a, b in itertools.pairwise(survivors) if b != a + 1]
        told = [whole.index(found) for _, found, lost in collected.frames if lost]
        assert set(jumps) <= set(told)


def test_a_hole_is_given_up_after_its_wait_and_told():
    made = packets([1, 3, 1, 1, 1])
    collected, now = Collected(), [0.0]
    assembler = video(collected, clock=lambda: now[0], wait_s=0.6)
    assembler.push(*made[0])
    assembler.push(*made[1])
    assembler.push(*made[3])  # 2 is missing
    now[0] = 0.5
    assembler.reorder.expire()
    assert not assembler.gap_since
    assembler.push(*made[4])
    now[0] = 0.7
    assembler.reorder.expire()
    assert assembler.gap_since
    assembler.push(*made[5])
    assert [(data, lost) for _, data, lost in collected.frames] == [
        (b"0.0|", False),
        (b"2.0|", True),
        (b"3.0|", False),
    ]


def test_a_key_frame_right_after_a_hole_is_not_wasted():
    made = packets([1, 1, 2])
    collected, now = Collected(), [0.0]
    assembler = video(
        collected,
        starts_key=lambda data: data in {b"0.0|", b"2.0|"},
        clock=lambda: now[0],
        wait_s=0.6,
    )
    assembler.push(*made[0])
    assembler.push(*made[2])
    assembler.push(*made[3])
    now[0] = 1.0
    assembler.reorder.expire()
    assert collected.frames[-1] == (12000, b"2.0|2.1|", True)


def test_a_frame_that_waited_for_a_packet_is_not_on_time():
    made = packets([1, 2, 1, 1])
    collected = Collected()
    assembler = video(collected)
    for number in (0, 1, 3, 2, 4):
        assembler.push(*made[number], False)
    assert collected.on_time == [True, True, False, True]
    collected.on_time.clear()
    assembler = video(collected)
    for number in (0, 1, 3, 2, 4):
        assembler.push(*made[number], number == 2)
    assert collected.on_time == [True, False, False, True]


def test_a_frame_without_end_is_dropped():
    collected = Collected()
    assembler = video(collected, starts_key=lambda _: True)
    for sequence in range(3000):
        assembler.push(sequence, False, 0, b"x" * 1200)
        assert assembler._size <= 2_000_000
    assembler.push(3000, True, 0, b"end")
    assembler.push(3001, True, 6000, b"next")
    assert [(data, lost) for _, data, lost in collected.frames] == [(b"next", True)]


def test_a_stream_whose_first_packet_is_missing_asks_for_a_key_frame():
    collected = Collected()
    assembler = video(collected)
    for packet in packets([3, 2])[1:]:
        assembler.push(*packet)
    assert assembler.gap_since
    assert [data for _, data, _ in collected.frames] == [b"1.0|1.1|"]


def test_a_restarted_sequence_goes_on():
    collected = Collected()
    assembler = video(collected, starts_key=lambda data: data in b"ak")
    assembler.push(100, True, 0, b"a")
    assembler.push(30_000, True, 6000, b"k")
    assert assembler.gap_since
    assembler.push(30_001, True, 12000, b"b")
    assert [(data, lost) for _, data, lost in collected.frames] == [
        (b"a", False),
        (b"k", True),
        (b"b", False),
    ]


def test_a_sender_without_markers_is_understood():
    collected = Collected()
    assembler = video(collected, starts_key=lambda data: data == b"0")
    for sequence, timestamp in enumerate([0, 0, 6000, 12000]):
        assembler.push(sequence, False, timestamp, b"%d" % sequence)
    assert [data for _, data, _ in collected.frames] == [b"01", b"2"]


def test_sound_comes_in_order_without_repeats_and_a_loss_is_told():
    collected, now = Collected(), [0.0]
    assembler = AudioAssembler(collected, lambda: now[0], wait_s=0.5)
    for sequence in (0, 2, 1, 2, 3, 5):
        assembler.push(sequence, False, sequence * 960, b"%d" % sequence)
    now[0] = 0.6
    assembler.reorder.expire()
    assert [(ticks // 960, data, lost) for ticks, data, lost in collected.frames] == [
        (0, b"0", False),
        (1, b"1", False),
        (2, b"2", False),
        (3, b"3", False),
        (5, b"5", True),
    ]


@given(st.integers(0, 0xFFFFFFFF), st.lists(st.integers(-90_000, 200_000), max_size=30))
def test_timestamps_are_extended_over_the_wrap(start, steps):
    clock, true = TimestampExtender(), 0
    assert clock.extend(start) == 0
    for step in steps:
        newest = max(true, true + step)
        assert clock.extend((start + true + step) & 0xFFFFFFFF) == true + step
        true = newest
        assert clock.ticks_of((start + newest - 50) & 0xFFFFFFFF) == newest - 50


def test_a_report_before_the_first_packet_has_no_ticks():
    assert TimestampExtender().ticks_of(5) is None
