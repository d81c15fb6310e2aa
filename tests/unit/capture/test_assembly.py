"""RTP packets to frames: any order in, the same frames out; a loss is told, never hidden."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from capture.assembly import AudioAssembler, TimestampExtender, VideoAssembler


class Collected:
    def __init__(self):
        self.frames = []

    def __call__(self, ticks, data, lost):
        self.frames.append((ticks, data, lost))


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


def video(collected, *, starts_key=lambda data: False, clock=lambda: 0.0, **options):
    return VideoAssembler(collected, starts_key, clock, **options)


SIZES = st.lists(st.integers(1, 5), min_size=1, max_size=12)


@given(SIZES, st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF))
def test_in_order_every_frame_is_whole_at_its_last_packet(sizes, sequence, time):
    collected = Collected()
    assembler = video(collected)
    for packet in packets(sizes, sequence, time):
        assert assembler.push(*packet) is False
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
    asked = []
    for packet in made:
        now[0] += 0.3
        if packet[0] not in lost:
            asked.append(assembler.push(*packet))
    assembler.flush()
    whole = frames_of(sizes)
    assert all(found in whole for _, found, _ in collected.frames)
    if any(number in lost for number in range(len(made) - 1)) and collected.frames:
        survivors = [whole.index(found) for _, found, _ in collected.frames]
        jumps = [b for a, b in itertools.pairwise(survivors) if b != a + 1]
        told = [whole.index(found) for _, found, lost in collected.frames if lost]
        assert set(jumps) <= set(told)


def test_a_hole_is_given_up_after_its_wait_and_a_key_frame_asked_for():
    made = packets([1, 3, 1, 1, 1])
    collected, now = Collected(), [0.0]
    assembler = video(collected, clock=lambda: now[0], wait_s=0.6)
    assembler.push(*made[0])
    assembler.push(*made[1])
    assert assembler.push(*made[3]) is False  # 2 is missing
    now[0] = 0.7
    assert assembler.push(*made[4]) is True
    assert assembler.push(*made[5]) is False
    assert [(data, lost) for _, data, lost in collected.frames] == [
        (b"0.0|", False),
        (b"2.0|", True),
        (b"3.0|", False),
    ]


def test_a_key_frame_right_after_a_hole_is_not_wasted():
    made = packets([1, 1, 2])
    collected, now = Collected(), [0.0]
    assembler = video(
        collected, starts_key=lambda data: data == b"2.0|", clock=lambda: now[0], wait_s=0.6
    )
    assembler.push(*made[0])
    assembler.push(*made[2])
    now[0] = 1.0
    assert assembler.push(*made[3]) is True
    assert collected.frames[-1] == (12000, b"2.0|2.1|", True)


def test_a_flood_of_packets_behind_a_hole_is_bounded():
    collected = Collected()
    assembler = video(collected, limit=64)
    assembler.push(0, True, 0, b"x")
    for sequence in range(2, 400):
        assembler.push(sequence, True, sequence * 10, b"y")
        assert len(assembler._waiting) <= 64


def test_a_frame_without_end_is_dropped():
    collected = Collected()
    assembler = video(collected)
    for sequence in range(3000):
        assembler.push(sequence, False, 0, b"x" * 1200)
        assert assembler._size <= 2_000_000
    assembler.push(3000, True, 0, b"end")
    assembler.push(3001, True, 6000, b"next")
    assert [(data, lost) for _, data, lost in collected.frames] == [(b"next", True)]


def test_a_restarted_sequence_goes_on():
    collected = Collected()
    assembler = video(collected, starts_key=lambda data: data == b"k")
    assembler.push(100, True, 0, b"a")
    assert assembler.push(30_000, True, 6000, b"k") is True
    assert assembler.push(30_001, True, 12000, b"b") is False
    assert [(data, lost) for _, data, lost in collected.frames] == [
        (b"a", False),
        (b"k", True),
        (b"b", False),
    ]


def test_a_sender_without_markers_is_understood():
    collected = Collected()
    assembler = video(collected)
    for sequence, timestamp in enumerate([0, 0, 6000, 12000]):
        assembler.push(sequence, False, timestamp, b"%d" % sequence)
    assert [data for _, data, _ in collected.frames] == [b"01", b"2"]


def test_sound_passes_at_once_without_repeats():
    collected = Collected()
    assembler = AudioAssembler(collected)
    for sequence, timestamp in [(0, 0), (2, 1920), (1, 960), (2, 1920), (3, 2880)]:
        assert assembler.push(sequence, False, timestamp, b"%d" % sequence) is False
    assert [(ticks, data) for ticks, data, _ in collected.frames] == [
        (0, b"0"),
        (1920, b"2"),
        (960, b"1"),
        (2880, b"3"),
    ]


@given(st.integers(0, 0xFFFFFFFF), st.lists(st.integers(-90_000, 200_000), max_size=30))
def test_timestamps_are_extended_over_the_wrap(start, steps):
    clock, true = TimestampExtender(), 0
    assert clock.extend(start) == 0
    for step in steps:
        newest = max(true, true + step)
        assert clock.extend((start + true + step) & 0xFFFFFFFF) == true + step
        true = newest
