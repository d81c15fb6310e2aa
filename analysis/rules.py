"""From votes to flags: pure functions over immutable state. No clock: time is the frames' own.

One rule per kind. ``step`` takes the next vote, or None for *no vote*, which changes nothing but
the passing of time. Evidence is weighted by the time a vote stands for, so the frame rate does
not matter; where frames are so few that a window holds less votes than its rule asks for, it
reaches further back, and flags come later. A stretch without votes longer than ``max_gap_ms`` ends
what was going on: nothing is claimed about time that was not seen.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from analysis.contracts import FlagPhase

LONGEST_VOTE_MS = 1000  # what one vote can stand for at most
FIRST_VOTE_MS = 500  # what it stands for when no other came before it
SELDOM_MS = 3000  # frames come no more seldom on an overloaded machine (key frames: each 2.5 s)
SEQUENTIAL_UNIT_MS = 500  # a sequential rule's hit rates are those of frames this far apart
KEPT_SCORES = 40
OPENING_SCORES = 500  # enough to reach the decision again; a bound for the longest windows
UPDATE_EVERY_MS = 5000


@dataclass(frozen=True, slots=True)
class Timing:
    """``enter_ms`` of evidence open a flag, ``leave_ms`` without it close it.

    ``alert_ms`` of it make the flag more than a first sign (ADR 0019); such signs make no repeats.
    Within ``cool_ms`` after a flag's end a new one is a repeat: recorded, told more quietly.
    No flag is longer than ``longest_ms``: what goes on makes a repeat, with evidence of its own.
    """

    enter_ms: int
    leave_ms: int
    cool_ms: int
    max_gap_ms: int = 3000
    longest_ms: int = 600_000
    alert_ms: int = 0


@dataclass(frozen=True, slots=True)
class WindowRule:
    """The time-weighted median of the last ``window_ms`` crosses ``on``; it holds above ``off``.

    ``min_votes`` are looked at also where they come so seldom that the window holds fewer.
    """

    timing: Timing
    window_ms: int
    on: float
    off: float
    min_votes: int = 3

    @property
    def middle(self) -> float:
        return (self.on + self.off) / 2


@dataclass(frozen=True, slots=True)
class SequentialRule:
    """CUSUM of hits (score ≥ ``hit``) with a minimum span, for detectors that miss many frames.

    ``p1``, ``p0``: share of hits with and without the thing; ``rho`` tempers the weight of a vote
    because neighbouring frames err together; the span outlasts a typical burst of false hits.
    ``hold_at``: evidence above which a flag holds. More than one hit from nothing gives, so that
    hits that stray keep no flag open over what comes later.
    """

    timing: Timing
    hit: float
    p1: float
    p0: float
    rho: float
    open_at: float
    hold_at: float
    cap: float

    @property
    def up(self) -> float:
        return self.rho * math.log(self.p1 / self.p0)

    @property
    def down(self) -> float:
        return self.rho * math.log((1 - self.p1) / (1 - self.p0))


Rule = WindowRule | SequentialRule


@dataclass(frozen=True, slots=True)
class CastVote:
    at_ms: int
    score: float
    weight_ms: int


@dataclass(frozen=True, slots=True)
class Ongoing:
    """An open flag.

    ``held_ms``: when the rule last held; ``seen_ms``: the newest vote for the flag; ``last_ms``:
    the newest such vote while the rule held, which is the flag's end. ``brief``: a first sign yet.
    """

    start_ms: int
    last_ms: int
    seen_ms: int
    held_ms: int
    told_ms: int
    total: float
    count: int
    opening: tuple[tuple[int, float], ...]
    repeat: bool
    brief: bool


@dataclass(frozen=True, slots=True)
class RuleState:
    """``alerted_ms``: when the last flag that was more than a first sign ended."""

    votes: tuple[CastVote, ...] = ()
    evidence: float = 0.0  # sequential rules only
    since_ms: int | None = None  # first hit of the present evidence; sequential rules only
    ongoing: Ongoing | None = None
    ended_ms: int | None = None
    alerted_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a flag. ``end_ms`` is None while it lasts. ``scores``: (at_ms, score).

    ``brief``: it is a first sign, and none more if it ends with this.
    """

    phase: FlagPhase
    start_ms: int
    end_ms: int | None
    confidence: float
    scores: tuple[tuple[int, float], ...]
    repeat: bool
    brief: bool


Step = tuple[RuleState, tuple[Change, ...]]


def numbers(rule: Rule) -> Mapping[str, float]:
    """Every number of a rule under its name, as stored with a flag."""
    values = asdict(rule)
    timing = values.pop("timing")
    return {name: float(value) for name, value in {**values, **timing}.items()}


def step(rule: Rule, state: RuleState, at_ms: int, score: float | None) -> Step:
    """The next frame's vote. A vote that is not newer than the last one changes nothing."""
    newest = state.votes[-1].at_ms if state.votes else None
    if newest is not None and at_ms <= newest:
        return state, ()
    changes: tuple[Change, ...] = ()
    if newest is not None and at_ms - newest > rule.timing.max_gap_ms:
        state, changes = finish(rule, state)
        newest = None
    if score is None or not math.isfinite(score):
        return state, changes
    state = _voted(rule, state, at_ms, score, newest)
    after, more = _continued(rule, state) if state.ongoing else _considered(rule, state)
    return after, changes + more


def finish(_rule: Rule, state: RuleState) -> Step:
    """Evidence ends here (the stream does, or a gap in it): an open flag is closed."""
    if state.ongoing is None:
        return past(state), ()
    return _closed(state, state.ongoing)


def past(state: RuleState) -> RuleState:
    """What outlives the evidence: when flags ended, by which a later one is a repeat."""
    return RuleState(ended_ms=state.ended_ms, alerted_ms=state.alerted_ms)


def _closed(state: RuleState, ongoing: Ongoing, votes: tuple[CastVote, ...] = ()) -> Step:
    alerted_ms = state.alerted_ms if ongoing.brief else ongoing.last_ms
    after = RuleState(votes=votes, ended_ms=ongoing.last_ms, alerted_ms=alerted_ms)
    return after, (_change(FlagPhase.CLOSED, state, ongoing),)


# --- votes ---------------------------------------------------------------------------------------


def _voted(rule: Rule, state: RuleState, at_ms: int, score: float, newest: int | None) -> RuleState:
    weight = FIRST_VOTE_MS if newest is None else min(at_ms - newest, LONGEST_VOTE_MS)
    vote = CastVote(at_ms, min(1.0, max(0.0, score)), weight)
    state = replace(state, votes=(*_remembered(rule, state, at_ms), vote))
    return _accumulated(rule, state, vote) if isinstance(rule, SequentialRule) else state


def _remembered(rule: Rule, state: RuleState, at_ms: int) -> tuple[CastVote, ...]:
    """Where frames come seldom one more than the rule asks for: of four votes two are too few.

    Of a sequential rule, until its flag opens, all that its present evidence is made of.
    """
    votes = state.votes[-OPENING_SCORES:]
    after_ms = at_ms - _memory_ms(rule)
    if state.since_ms is not None and state.ongoing is None:
        after_ms = min(after_ms, state.since_ms - 1)
    first = sum(old.at_ms <= after_ms for old in votes)
    fewest = rule.min_votes if isinstance(rule, WindowRule) else 0
    later_ms = votes[first].at_ms if first < len(votes) else at_ms
    while first > 0 and len(votes) - first < fewest:
        if later_ms - votes[first - 1].at_ms > SELDOM_MS:
            break
        first -= 1
        later_ms = votes[first].at_ms
    return votes[first:]


def _memory_ms(rule: Rule) -> int:
    """A sequential rule remembers only for the record of scores."""
    return rule.window_ms if isinstance(rule, WindowRule) else 2 * rule.timing.enter_ms


def _accumulated(rule: SequentialRule, state: RuleState, vote: CastVote) -> RuleState:
    share = min(1.0, vote.weight_ms / SEQUENTIAL_UNIT_MS)
    gain = rule.up if vote.score >= rule.hit else rule.down
    evidence = min(rule.cap, max(0.0, state.evidence + gain * share))
    if evidence == 0.0:
        return replace(state, evidence=0.0, since_ms=None)
    since = vote.at_ms if state.since_ms is None else state.since_ms
    return replace(state, evidence=evidence, since_ms=since)


def _median(votes: tuple[CastVote, ...]) -> float:
    """Weighted by time; of two middle values the lower one, so that doubt accuses nobody."""
    half = sum(vote.weight_ms for vote in votes) / 2
    passed = 0.0
    for vote in sorted(votes, key=lambda one: one.score):
        passed += vote.weight_ms
        if passed >= half:
            return vote.score
    return 0.0


def _turn(votes: tuple[CastVote, ...], middle: float) -> int:
    """When the evidence began: the time from which votes lie most clearly above the middle."""
    best, best_ms, total = -math.inf, votes[-1].at_ms, 0.0
    for vote in reversed(votes):
        total += (vote.score - middle) * vote.weight_ms
        if total > best and vote.score >= middle:
            best, best_ms = total, vote.at_ms
    return best_ms


# --- flags ---------------------------------------------------------------------------------------


def supports(rule: Rule, score: float | None) -> bool:
    """Whether a vote speaks for a flag of this rule."""
    if score is None:
        return False
    return score >= (rule.middle if isinstance(rule, WindowRule) else rule.hit)


def in_evidence(rule: Rule, state: RuleState) -> bool:
    """Whether something is going on: an open flag, or remembered votes that speak for one."""
    return state.ongoing is not None or any(supports(rule, vote.score) for vote in state.votes)


def _begun(rule: Rule, state: RuleState) -> int | None:
    """Start of the evidence if it is strong enough to open a flag now."""
    newest = state.votes[-1]
    if not supports(rule, newest.score):
        return None
    if isinstance(rule, SequentialRule):
        strong, start = state.evidence >= rule.open_at, state.since_ms
    else:
        strong = len(state.votes) >= rule.min_votes and _median(state.votes) >= rule.on
        start = _turn(state.votes, rule.middle)
    if not strong or start is None or newest.at_ms - start < rule.timing.enter_ms:
        return None
    # What an earlier flag already covers is not claimed twice.
    return start if state.ended_ms is None else max(start, state.ended_ms + 1)


def _holds(rule: Rule, state: RuleState) -> bool:
    if isinstance(rule, SequentialRule):
        return state.evidence > rule.hold_at
    return _median(state.votes) >= rule.off


def _considered(rule: Rule, state: RuleState) -> Step:
    start = _begun(rule, state)
    if start is None:
        return state, ()
    now = state.votes[-1].at_ms
    span = [vote for vote in state.votes if vote.at_ms >= start and supports(rule, vote.score)]
    repeat = state.alerted_ms is not None and start - state.alerted_ms < rule.timing.cool_ms
    ongoing = Ongoing(
        start_ms=start,
        last_ms=now,
        seen_ms=now,
        held_ms=now,
        told_ms=now,
        total=sum(vote.score for vote in span),
        count=len(span),
        opening=_scores(state.votes, OPENING_SCORES),
        repeat=repeat,
        brief=now - start < rule.timing.alert_ms,
    )
    return replace(state, ongoing=ongoing), (_change(FlagPhase.OPENED, state, ongoing),)


def _continued(rule: Rule, state: RuleState) -> Step:
    assert state.ongoing is not None
    now = state.votes[-1].at_ms
    was_brief, ongoing = state.ongoing.brief, _grown(rule, state, state.ongoing)
    state = replace(state, ongoing=ongoing)
    left = now - min(ongoing.seen_ms, ongoing.held_ms) >= rule.timing.leave_ms
    if left or now - ongoing.start_ms >= rule.timing.longest_ms:
        return _closed(state, ongoing, votes=state.votes[-1:])
    if now - ongoing.told_ms < UPDATE_EVERY_MS and ongoing.brief == was_brief:
        return state, ()
    state = replace(state, ongoing=replace(ongoing, told_ms=now))
    return state, (_change(FlagPhase.UPDATED, state, ongoing),)


def _grown(rule: Rule, state: RuleState, ongoing: Ongoing) -> Ongoing:
    """The flag with the newest vote taken into it."""
    newest = state.votes[-1]
    holds, speaks = _holds(rule, state), supports(rule, newest.score)
    if holds:
        ongoing = replace(ongoing, held_ms=newest.at_ms)
    if speaks:
        ongoing = replace(ongoing, seen_ms=newest.at_ms)
    if holds and speaks:
        total, count = ongoing.total + newest.score, ongoing.count + 1
        brief = newest.at_ms - ongoing.start_ms < rule.timing.alert_ms
        ongoing = replace(ongoing, last_ms=newest.at_ms, total=total, count=count, brief=brief)
    return ongoing


def _change(phase: FlagPhase, state: RuleState, ongoing: Ongoing) -> Change:
    """Confidence: the mean of the votes for it, held back while there are few (one added zero)."""
    confidence = ongoing.total / (ongoing.count + 1)
    end = ongoing.last_ms if phase is FlagPhase.CLOSED else None
    scores = dict([*ongoing.opening, *_scores(state.votes, KEPT_SCORES)])
    return Change(
        phase,
        ongoing.start_ms,
        end,
        round(confidence, 4),
        tuple(scores.items()),
        ongoing.repeat,
        ongoing.brief,
    )


def _scores(votes: tuple[CastVote, ...], most: int) -> tuple[tuple[int, float], ...]:
    def pairs() -> Iterator[tuple[int, float]]:
        for vote in votes[-most:]:
            yield vote.at_ms, round(vote.score, 4)

    return tuple(pairs())
