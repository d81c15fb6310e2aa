"""Server time for every frame: steady, monotonic, robust to clocks that lie."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from capture.timeline import LipSync, SittingClock, TrackClock

ORIGIN = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


def test_time_counts_from_the_origin_and_ignores_later_changes_of_the_wall_clock():
    wall, steady = [ORIGIN + timedelta(seconds=5)], [100.0]
    clock = SittingClock(ORIGIN, utc_now=lambda: wall[0], monotonic=lambda: steady[0])
    assert clock.now_ms() == 5000
    steady[0] += 2
    wall[0] -= timedelta(hours=1)
    assert clock.now_ms() == 7000


def test_a_clock_set_back_does_not_turn_the_timeline_back():
    clock = SittingClock(
        ORIGIN,
        utc_now=lambda: ORIGIN - timedelta(hours=1),
        monotonic=lambda: 0.0,
        at_least_ms=90_000,
    )
    assert clock.now_ms() == 90_000


def test_frames_are_spaced_by_rtp_not_by_arrival():
    track = TrackClock(90_000)
    jitter = [0, 30, 5, 60, 0, 20]
    placed = [track.place(n * 6000, 1000 + n * 67 + late) for n, late in enumerate(jitter)]
    assert all(66 <= b - a <= 68 for a, b in itertools.pairwise(placed))


def test_a_late_first_packet_does_not_shift_the_track_for_good():
    track = TrackClock(90_000)
    track.place(0, 180)  # it should have come at 100
    for n in range(1, 15 * 30):
        placed = track.place(n * 6000, round(100 + n * 1000 / 15))
    assert abs(placed - (100 + n * 1000 / 15)) <= TrackClock.BIAS_MS + 1


def test_a_drifting_sender_stays_near_server_time():
    track = TrackClock(90_000)
    for n in range(15 * 3600):
        placed = track.place(int(n * 6000 * 1.0002), round(n * 1000 / 15))  # 200 ppm for an hour
    assert abs(placed - n * 1000 / 15) < 30


@example([(-97_884, 0), (0, 0), (44_364, 0)])
@given(st.lists(st.tuples(st.integers(-(2**33), 2**33), st.integers(0, 50)), max_size=60))
def test_lying_timestamps_move_nothing_far_and_never_back(steps):
    track, arrival, last = TrackClock(90_000), 0, -1
    for ticks, wait in steps:
        arrival += wait
        placed = track.place(ticks, arrival)
        if placed is not None:
            assert last < placed <= arrival + TrackClock.JUMP_MS + 1
            last = placed


def test_a_flood_does_not_run_ahead_of_time():
    track = TrackClock(90_000)
    placed = [track.place(0, 10) for _ in range(5000)]
    assert max(p for p in placed if p is not None) <= 10 + TrackClock.JUMP_MS
    assert placed[-1] is None


def test_a_frame_that_waited_for_a_retransmission_moves_no_anchor():
    track = TrackClock(90_000)
    for n in range(15 * 20):
        late = 400 if n % 3 == 1 else 0
        placed = track.place(n * 6000, round(100 + n * 1000 / 15) + late, on_time=not late)
        assert abs(placed - (100 + n * 1000 / 15)) <= 2


def two_tracks(sound_late_ms, seconds, *, lie_ms=0):
    """Picture and sound of one capture, the sound with a longer way; their places over time."""
    sync = LipSync()
    picture, sound = sync.add(TrackClock(90_000)), sync.add(TrackClock(48_000))
    off = []
    for tenth in range(seconds * 10):
        at = tenth * 100
        shown = picture.place(at * 90, at + 400)
        heard = sound.place(at * 48 - 24_000, at + 400 + sound_late_ms)
        off.append(heard - shown)
        if tenth % 20 == 15:
            picture.report(at * 90, 7_000_000 + at)
            sound.report(at * 48 - 24_000, 7_000_000 + at + lie_ms)
            sync.align()
    return off


@given(st.integers(-300, 300))
def test_reports_draw_the_later_track_to_the_sooner_without_a_leap(late_ms):
    off = two_tracks(late_ms, 20)
    assert abs(off[10] - late_ms) <= 1
    assert abs(off[-1]) <= 1
    assert all(abs(b - a) <= 6 for a, b in itertools.pairwise(off))  # 5 % of 100 ms


def test_one_report_alone_changes_nothing():
    sync, track = LipSync(), TrackClock(90_000)
    sync.add(track)
    sync.add(TrackClock(48_000))
    track.place(0, 50)
    track.report(0, 1e12)
    sync.align()
    assert track.aim is None


def test_a_report_that_claims_the_impossible_is_not_believed():
    off = two_tracks(60, 20, lie_ms=5000)
    assert all(abs(step - 60) <= 1 for step in off)


def test_what_a_cut_held_back_goes_where_it_belongs():
    """The line is cut for 2 s; then all frames of that time arrive at once, and it goes on."""
    track = TrackClock(90_000)
    placed = []
    for n in range(200):
        captured = n * 100
        arrival = 12_000 if 10_000 <= captured < 12_000 else captured
        placed.append(track.place(captured * 90, arrival + 40))
    assert max(abs(at - (n * 100 + 40)) for n, at in enumerate(placed)) <= 2


def test_a_sender_whose_clock_stood_still_is_followed_within_a_second():
    track = TrackClock(90_000)
    for n in range(50):
        track.place(n * 9000, n * 100)
    behind = [(n * 100 + 5000) - track.place(n * 9000, n * 100 + 5000) for n in range(50, 80)]
    assert behind[0] >= 4900
    assert behind[12:] == [0] * len(behind[12:])
