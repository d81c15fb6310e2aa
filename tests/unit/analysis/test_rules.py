"""Rules are pure: what holds for every sequence of votes is stated here as properties."""

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.contracts import FlagPhase
from analysis.rules import (
    KEPT_SCORES,
    OPENING_SCORES,
    Change,
    Rule,
    RuleState,
    SequentialRule,
    Timing,
    WindowRule,
    finish,
    numbers,
    step,
)

WINDOW = WindowRule(Timing(3000, 5000, 20_000), window_ms=5000, on=0.8, off=0.4)
CUSUM = SequentialRule(
    Timing(3000, 10_000, 30_000),
    hit=0.3,
    p1=0.62,
    p0=0.02,
    rho=0.6,
    open_at=4.6,
    hold_at=2.3,
    cap=5.0,
)
RULES = st.sampled_from([WINDOW, CUSUM])
Votes = list[tuple[int, float | None]]


def run(rule: Rule, votes: Votes, *, end: bool = True) -> list[Change]:
    state, changes = RuleState(), []
    for at_ms, score in votes:
        state, more = step(rule, state, at_ms, score)
        changes += more
    return changes + list(finish(rule, state)[1]) if end else changes


SIGNED = WindowRule(Timing(1000, 5000, 20_000, alert_ms=3000), window_ms=2000, on=0.8, off=0.4)


def test_a_flag_is_a_first_sign_until_it_has_lasted() -> None:
    changes = run(SIGNED, scene(2, 30, (10, 20)))
    opened, grown, *_, closed = changes
    assert (opened.phase, opened.brief) == (FlagPhase.OPENED, True)
    assert (grown.phase, grown.brief) == (FlagPhase.UPDATED, False)
    assert [change.brief for change in changes] == [True] + [False] * (len(changes) - 1)
    assert closed.end_ms is not None
    assert closed.end_ms - closed.start_ms >= 3000


def test_it_is_told_at_once_when_it_is_more_than_a_sign() -> None:
    state, when = RuleState(), {}
    for at_ms, score in scene(2, 30, (10, 20)):
        state, changes = step(SIGNED, state, at_ms, score)
        for change in changes:
            when.setdefault(change.brief, at_ms)
    assert when == {True: 11_000, False: 13_000}


def test_what_ends_as_a_sign_makes_nothing_a_repeat_and_stays_on_record() -> None:
    found = run(SIGNED, scene(2, 40, (10, 12), (19, 28), (36, 39)))
    ends = [one for one in found if one.phase is FlagPhase.CLOSED]
    ended = [(one.start_ms, one.brief, one.repeat) for one in ends]
    assert ended == [(10_000, True, False), (19_000, False, False), (36_000, True, True)]


@given(st.lists(st.floats(0, 1), min_size=5, max_size=120))
def test_a_sign_is_what_has_not_lasted(scores: list[float]) -> None:
    """Whatever comes: it never falls back to a sign, and each end says what it was."""
    changes = run(SIGNED, [(index * 500, score) for index, score in enumerate(scores)])
    more: dict[int, bool] = {}
    for change in changes:
        assert not (more.get(change.start_ms) and change.brief)
        more[change.start_ms] = not change.brief
        if change.end_ms is not None:
            assert change.brief == (change.end_ms - change.start_ms < 3000)


def spans(changes: list[Change]) -> list[tuple[int, int | None]]:
    return [(c.start_ms, c.end_ms) for c in changes if c.phase is FlagPhase.CLOSED]


def scene(fps: float, length_s: float, *events: tuple[float, float], offset_ms: int = 0) -> Votes:
    """Votes of 1 inside the events, of 0 elsewhere."""
    votes: Votes = []
    for index in range(int(length_s * fps)):
        at_s = index / fps
        inside = any(start <= at_s < end for start, end in events)
        votes.append((round(at_s * 1000) + offset_ms, float(inside)))
    return votes


@st.composite
def sequences(draw: st.DrawFn) -> Votes:
    """Any votes at any rate: stretches of yes, no and no vote, with jitter and gaps."""
    at_ms, votes = draw(st.integers(0, 100_000)), []
    for _ in range(draw(st.integers(0, 12))):
        score = draw(st.sampled_from([0.0, 0.2, 0.35, 0.6, 0.9, 1.0, None]))
        for _ in range(draw(st.integers(1, 15))):
            at_ms += draw(st.sampled_from([0, 67, 200, 450, 500, 550, 1000, 3500]))
            votes.append((at_ms, score))
    return votes


def test_an_event_becomes_one_flag_with_its_start_and_end() -> None:
    changes = run(WINDOW, scene(2, 60, (14, 23)))
    assert spans(changes) == [(14_000, 22_500)]
    assert next(c.phase for c in changes) is FlagPhase.OPENED


@pytest.mark.parametrize("fps", [1, 2, 3, 5, 10])
@pytest.mark.parametrize("rule", [WINDOW, CUSUM])
def test_the_frame_rate_does_not_change_what_is_flagged(rule: Rule, fps: float) -> None:
    (found,) = spans(run(rule, scene(fps, 60, (14, 24))))
    assert found[1] is not None
    assert abs(found[0] - 14_000) <= 1000 / fps
    assert abs(found[1] - 24_000) <= 1000 / fps


@pytest.mark.parametrize("fps", [2, 5])
def test_a_flag_opens_as_soon_as_the_entry_time_has_passed(fps: float) -> None:
    state = RuleState()
    for at_ms, score in scene(fps, 60, (14, 30)):
        state, changes = step(WINDOW, state, at_ms, score)
        if changes:
            assert changes[0].phase is FlagPhase.OPENED
            assert at_ms - 14_000 <= WINDOW.timing.enter_ms + 1000 / fps
            return
    pytest.fail("never opened")


def test_shorter_than_the_entry_time_is_no_flag() -> None:
    assert run(WINDOW, scene(5, 60, (14, 16.8))) == []
    assert run(CUSUM, scene(5, 60, (14, 16.8))) == []


def test_single_false_frames_neither_open_nor_break_a_flag() -> None:
    clear = scene(2, 60, (15, 30.5))
    noisy: Votes = [(at, 1.0 - (score or 0) if at % 4000 == 1000 else score) for at, score in clear]
    assert spans(run(WINDOW, noisy)) == [(15_000, 30_000)]


def test_two_events_within_the_leave_time_are_one_flag() -> None:
    assert len(spans(run(WINDOW, scene(2, 60, (10, 20), (23, 33))))) == 1
    assert len(spans(run(WINDOW, scene(2, 60, (10, 20), (26, 36))))) == 2


def test_a_repeat_within_the_cool_down_is_recorded_as_such() -> None:
    changes = run(WINDOW, scene(2, 120, (10, 20), (30, 40), (80, 90)))
    closed = [change for change in changes if change.phase is FlagPhase.CLOSED]
    assert [change.repeat for change in closed] == [False, True, False]


def test_a_gap_in_the_stream_ends_the_flag_at_the_last_evidence() -> None:
    votes = [(at, score) for at, score in scene(2, 60, (10, 60)) if not 20_000 < at < 40_000]
    assert [span[0] for span in spans(run(WINDOW, votes))] == [10_000, 40_000]
    assert spans(run(WINDOW, votes))[0][1] == 20_000


def test_evidence_is_not_bridged_over_a_gap() -> None:
    votes: Votes = [(at, 1.0) for at in (0, 500, 1000, 9000, 9500, 10_000)]
    assert run(WINDOW, votes) == []


def test_a_weak_detector_with_a_burst_of_errors_raises_nothing() -> None:
    burst = scene(5, 60, (20, 21.5))
    assert run(CUSUM, burst) == []


@pytest.mark.parametrize("fps", [2.0, 5.0])
def test_hits_that_stray_keep_no_flag_open_over_the_next_phone(fps: float) -> None:
    """A badge that looks like a phone now and then, every five seconds, beside two uses."""
    shown = [(10.0, 18.0), (50.0, 58.0)]
    votes: Votes = [
        (at_ms, 0.6 if inside or (at_ms > 18_000 and at_ms % 5000 == 0) else 0.05)
        for at_ms, inside in scene(fps, 90, *shown)
    ]
    first, second = spans(run(CUSUM, votes))
    assert first == (10_000, 20_000)
    assert second[0] == 50_000


@pytest.mark.parametrize("fps", [2.0, 5.0])
def test_a_phone_seen_in_half_of_the_frames_is_flagged_and_errors_are_not(fps: float) -> None:
    """Simulated four hours: uses of 4-15 s; errors in 1 % of frames, most in bursts of 1.5 s."""
    draw = random.Random(3)
    uses = [(100 + 200 * i, 100 + 200 * i + draw.uniform(4, 15)) for i in range(70)]
    votes: Votes = []
    burst_until = -1.0
    for at_ms, inside in scene(fps, 14_200, *uses):
        if draw.random() < 0.007 / (1.5 * 0.8 * fps):
            burst_until = at_ms + 1500
        wrong = draw.random() < (0.8 if at_ms < burst_until else 0.003)
        hit = wrong or (inside and draw.random() < 0.5)
        votes.append((at_ms, 0.6 if hit else 0.05))
    found = [(start / 1000, (end or 0) / 1000) for start, end in spans(run(CUSUM, votes))]
    seen = [use for use in uses if any(a <= use[1] and b >= use[0] for a, b in found)]
    false = [flag for flag in found if not any(a <= flag[1] and flag[0] <= b for a, b in uses)]
    assert len(seen) / len(uses) >= 0.85
    assert len(false) / 4 <= 1


def test_updates_come_while_a_flag_lasts() -> None:
    updates = [c for c in run(WINDOW, scene(2, 60, (10, 40))) if c.phase is FlagPhase.UPDATED]
    times = [change.scores[-1][0] for change in updates]
    assert len(times) >= 4
    assert all(later - earlier >= 5000 for earlier, later in itertools.pairwise(times))
    assert all(change.end_ms is None for change in updates)


def test_confidence_grows_with_the_evidence() -> None:
    opened, *_, closed = run(WINDOW, scene(2, 60, (10, 30)))
    assert 0.5 < opened.confidence < closed.confidence < 1


def test_the_numbers_of_a_rule_are_told_by_name() -> None:
    assert numbers(WINDOW)["enter_ms"] == 3000
    assert numbers(CUSUM)["p0"] == 0.02
    assert {"on", "off", "window_ms"} <= numbers(WINDOW).keys()


@given(RULES, sequences())
def test_never_two_open_flags_and_starts_before_ends(rule: Rule, votes: Votes) -> None:
    ongoing: Change | None = None
    last_end = -1
    for change in run(rule, votes):
        if change.phase is FlagPhase.OPENED:
            assert ongoing is None
            ongoing = change
        assert ongoing is not None
        assert change.start_ms == ongoing.start_ms
        if change.phase is FlagPhase.CLOSED:
            assert change.end_ms is not None
            assert last_end < change.start_ms <= change.end_ms
            last_end, ongoing = change.end_ms, None
        else:
            assert change.end_ms is None
    assert ongoing is None


@given(RULES, sequences())
def test_flags_lie_within_the_votes_and_confidence_within_bounds(rule: Rule, votes: Votes) -> None:
    times = [at for at, score in votes if score is not None]
    for change in run(rule, votes):
        assert min(times) <= change.start_ms <= max(times)
        assert 0 < change.confidence < 1
        assert change.scores
        assert list(change.scores) == sorted(change.scores)


@given(RULES, sequences(), st.data())
def test_no_vote_is_neutral(rule: Rule, votes: Votes, data: st.DataObject) -> None:
    """Frames that say nothing give the same flags as frames that were never taken."""
    with_none: Votes = []
    for at, score in votes:
        if data.draw(st.booleans()):
            with_none.append((at, None))
        with_none.append((at, score))
    without = [vote for vote in votes if vote[1] is not None]
    assert spans(run(rule, with_none)) == spans(run(rule, without))


@given(RULES, sequences(), st.integers(0, 10**9))
def test_only_differences_of_time_matter(rule: Rule, votes: Votes, shift: int) -> None:
    moved: Votes = [(at + shift, score) for at, score in votes]
    there = [(a + shift, b + shift) for a, b in spans(run(rule, votes)) if b is not None]
    assert spans(run(rule, moved)) == there


@given(RULES, sequences())
def test_the_state_is_never_changed_in_place(rule: Rule, votes: Votes) -> None:
    state = RuleState()
    for at, score in votes:
        before = replace(state)
        after, _ = step(rule, state, at, score)
        again, _ = step(rule, state, at, score)
        assert state == before
        assert after == again
        state = after


@given(RULES, sequences())
def test_memory_is_bounded(rule: Rule, votes: Votes) -> None:
    state = RuleState()
    for at, score in votes:
        state, changes = step(rule, state, at, score)
        gathering = state.since_ms is not None and state.ongoing is None
        since = min(at - 12_000, state.since_ms - 1) if gathering else at - 12_000
        assert all(vote.at_ms > since for vote in state.votes[:-1])
        assert len(state.votes) <= OPENING_SCORES + 1
        assert all(len(change.scores) <= OPENING_SCORES + KEPT_SCORES for change in changes)


@settings(max_examples=50)
@given(
    st.floats(2, 10),
    st.integers(8, 25),
    st.floats(-0.2, 0.2),
    st.sampled_from([WINDOW, CUSUM]),
)
def test_any_rate_finds_the_event_within_a_second(
    fps: float, length_s: int, jitter: float, rule: Rule
) -> None:
    votes = [
        (at + round(jitter * 1000 / fps * (index % 3)), score)
        for index, (at, score) in enumerate(scene(fps, 70, (20, 20 + length_s)))
    ]
    (found,) = spans(run(rule, votes))
    assert found[1] is not None
    assert abs(found[0] - 20_000) <= 1000
    assert abs(found[1] - (20 + length_s) * 1000) <= 1000


@given(st.lists(st.sampled_from([float("nan"), float("inf"), -1.0, 2.0]), min_size=1, max_size=60))
def test_scores_out_of_range_do_no_harm(scores: list[float]) -> None:
    changes = run(WINDOW, [(index * 500, score) for index, score in enumerate(scores)])
    assert all(0 < change.confidence < 1 for change in changes)
