"""What is missing is asked for a few times, on a timer, and given up in time."""

from hypothesis import given
from hypothesis import strategies as st

from capture.reorder import Arrival, Reorder, RoundTrip


class Stream:
    def __init__(self, **options):
        self.now = 0.0
        self.taken, self.gaps, self.late = [], [], []
        self.trip = RoundTrip()
        self.reorder = Reorder(self._take, lambda: self.now, self.trip, **options)

    def _take(self, packet, after_gap, on_time):
        self.taken.append(packet)
        if after_gap:
            self.gaps.append(packet)
        if not on_time:
            self.late.append(packet)

    def push(self, *sequences, repair=None):
        return [self.reorder.push(n & 0xFFFF, n, repair=repair) for n in sequences][-1]

    def run_until(self, end):
        """Let the timer work as its owner would; returns (time, sequence) of all requests."""
        asked = []
        while (wake_at := self.reorder.wake_at()) is not None and wake_at <= end:
            self.now = max(self.now, wake_at)
            self.reorder.expire()
            asked += [(round(self.now, 3), n) for n in self.reorder.wanted()]
        self.now = end
        return asked


def test_a_stream_without_loss_needs_no_timer():
    stream = Stream()
    stream.push(*range(65_530, 65_600))
    assert stream.reorder.wake_at() is None
    assert stream.taken == list(range(65_530, 65_600))
    assert stream.late == []


def test_a_lost_packet_is_asked_for_on_a_timer_until_it_comes():
    stream = Stream()
    stream.push(0, 1, 3)
    assert stream.run_until(0.3) == [(0.02, 2), (0.14, 2), (0.26, 2)]
    assert stream.push(2, repair=True) is Arrival.REPAIR
    assert stream.run_until(1.0) == []
    assert stream.taken == [0, 1, 2, 3]
    assert stream.late == [2, 3]
    assert stream.gaps == []


def test_it_is_given_up_after_the_stated_time_and_never_asked_for_more_than_ten_times():
    stream = Stream(wait_s=2.0)
    stream.trip.seconds = 0.01
    stream.push(0, 2)
    asked = stream.run_until(1.99)
    assert len(asked) == 10
    assert asked[1][0] - asked[0][0] >= 0.05
    assert stream.taken == [0]
    stream.run_until(2.01)
    assert stream.taken == [0, 2]
    assert stream.gaps == [2]
    assert stream.reorder.given_up == 1
    assert stream.push(1) is Arrival.REPEATED


def test_time_in_which_nobody_listened_does_not_count():
    stream = Stream(wait_s=0.5)
    stream.push(0, 2)
    stream.now = 3.0
    stream.reorder.excuse(2.9)
    stream.reorder.expire()
    assert stream.taken == [0]
    stream.now = 3.5
    stream.reorder.expire()
    assert stream.taken == [0, 2]


def test_requests_follow_the_round_trip():
    stream = Stream()
    for number in range(0, 60, 2):
        stream.push(number)
        stream.push(number + 2)
        stream.run_until(stream.now + 0.021)
        stream.now += 0.3
        stream.push(number + 1, repair=True)
    assert 0.25 < stream.trip.seconds < 0.31
    stream.push(100)
    asked = [at for at, n in stream.run_until(stream.now + 0.7) if n == 99]
    assert 0.3 < asked[1] - asked[0] < 0.4


def test_answers_that_come_twice_tell_how_long_the_line_takes():
    """Each was asked for again while the first answer was on its way."""
    stream = Stream()
    for number in range(0, 200, 2):
        stream.push(number)
        stream.push(number + 2)
        asked = stream.run_until(stream.now + 0.4)
        stream.now = asked[0][0] + 0.4
        for _ in asked:
            stream.push(number + 1, repair=True)
    assert 0.3 < stream.trip.seconds <= 0.4
    assert len(asked) == 1


def test_overtaken_packets_make_it_patient_and_are_no_repairs():
    stream = Stream()
    stream.push(0, 2)
    stream.now = 0.07
    assert stream.push(1, repair=False) is Arrival.ORIGINAL
    stream.push(4)
    assert stream.run_until(0.13) == []
    assert stream.push(3) is Arrival.ORIGINAL
    stream.push(6)
    asked_at = stream.run_until(0.5)[0][0]
    stream.now = asked_at + 0.4
    assert stream.push(5) is Arrival.REPAIR  # its stream does not tell, but it was asked for


def test_asked_for_and_come_twice_means_it_was_only_overtaken():
    stream = Stream()
    stream.push(0, 2)
    stream.run_until(0.05)
    assert stream.push(1) is Arrival.REPAIR
    assert stream.push(1) is Arrival.ORIGINAL  # the pair counts once
    assert stream.push(1) is Arrival.REPEATED
    stream.push(4)
    assert stream.run_until(stream.now + 0.04) == []
    assert stream.taken == [0, 1, 2]


def test_an_outage_is_not_asked_for_in_full():
    stream = Stream()
    stream.push(0, 1000)
    assert stream.taken == [0, 1000]
    assert stream.gaps == [1000]
    assert stream.reorder.wake_at() is None
    stream.push(1001)
    assert stream.taken[-1] == 1001


def test_requests_are_sorted_over_the_wrap():
    stream = Stream()
    stream.push(65_533, 65_539)
    assert [n for _, n in stream.run_until(0.03)] == [0, 1, 2, 65_534, 65_535]


@given(st.data())
def test_whatever_comes_all_is_bounded_in_order_and_once(data):
    stream = Stream(limit=32)
    top = 0
    for _ in range(data.draw(st.integers(1, 60))):
        stream.now += data.draw(st.sampled_from([0.0, 0.01, 0.3]))
        top = max(0, top + data.draw(st.integers(-8, 12)))
        stream.push(top)
        if data.draw(st.booleans()):
            stream.reorder.expire()
        reorder = stream.reorder
        assert len(reorder._waiting) < 32
        assert bool(reorder._waiting) == bool(reorder._missing)
        assert list(reorder._missing) == sorted(reorder._missing)
        assert (reorder.wake_at() is None) == (not reorder._missing)
    stream.reorder.flush()
    assert stream.taken == sorted(set(stream.taken))


def test_a_flood_behind_a_hole_is_bounded():
    stream = Stream(limit=64)
    stream.push(0)
    for number in range(2, 400):
        stream.push(number)
        assert len(stream.reorder._waiting) <= 64
    assert stream.taken[-1] == 399
