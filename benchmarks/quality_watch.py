"""Sessions and clips played to the analyzer: what it claimed, missed, and scored in between."""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from analysis.analyzer import SittingAnalyzer, closed
from analysis.contracts import (
    NOBODY_KNOWN,
    Flag,
    FlagKind,
    FlagPhase,
    FlagUpdate,
    Observation,
    Severity,
    Subject,
)
from analysis.detectors.faces import FaceNets
from analysis.models_set import ModelSet
from analysis.offline import DEFAULT_FPS, Track, sampled
from analysis.policy import DEFAULT_POLICY, AnalysisPolicy
from benchmarks.quality_measures import (
    Claim,
    Event,
    Tally,
    merged,
    most_likely_below,
    near,
    share_json,
    tallied,
    tally_json,
    threshold_at,
)
from benchmarks.quality_sessions import HELD_UP, Session, frames
from capture.contracts import Frame

EDGE_S: Final = 1.0  # around an event's ends a frame is neither calm nor eventful
CURVE: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
APART_S: Final = 0.9
NOTHING_HELD: Final = "nothing"
FALSE_FRAMES: Final = (0.01, 0.05)
LOOK_ALIKES: Final[Mapping[str, str]] = {"wallet_at_face": "wallets", "case_at_face": "cases"}
# Clips that are played forth and back are loops, which is what that kind is there to find.
POLICY: Final = DEFAULT_POLICY.without(FlagKind.FEED_LOOPED)

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Scores:
    """Votes of one kind: in frames that show it, and in calm ones."""

    shown: list[float] = field(default_factory=list)
    calm: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """``face_missed``, ``calm_frames``: of frames in which a person sits and nothing happens.

    ``look_alikes``: how often wallets or cases were held up, and flagged as a phone; such
    a flag is counted here and not among the false ones. ``held``: votes for a phone, at most one a
    second, by what is held; ``NOTHING_HELD`` where nothing happens.
    """

    tallies: Mapping[str, Tally]
    hours: float
    face_missed: int = 0
    calm_frames: int = 0
    look_alikes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    scores: Mapping[str, Scores] = field(default_factory=dict)
    held: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """What an analyzer is given beside pictures."""

    policy: AnalysisPolicy = POLICY
    subject: Subject = NOBODY_KNOWN
    sound: Path | None = None


PICTURES_ALONE: Final = Given()


def watched(
    models: ModelSet,
    shown: Iterable[Frame],
    on_observation: Callable[[Observation], None],
    given: Given = PICTURES_ALONE,
) -> list[Claim]:
    return [claim for claim, _ in flagged(models, shown, on_observation, given)]


def flagged(
    models: ModelSet,
    shown: Iterable[Frame],
    on_observation: Callable[[Observation], None],
    given: Given = PICTURES_ALONE,
) -> list[tuple[Claim, Flag]]:
    """The flags, each with the time of the frame that opened it."""
    analyzer = SittingAnalyzer(models, given.policy, "quality", given.subject)
    heard = Track(given.sound)
    updates: list[FlagUpdate] = []
    opened: dict[tuple[str, int], float] = {}
    judged: dict[tuple[str, int], float] = {}
    for frame in sampled(shown, lambda: max(DEFAULT_FPS, analyzer.wanted_fps)):
        observation, told = analyzer.feed(frame, heard.until(frame.at_ms))
        on_observation(observation)
        updates += told
        for update in told:
            name = update.flag.kind, update.flag.start_ms
            if update.phase is FlagPhase.OPENED:
                opened[name] = frame.at_ms / 1000
            if update.flag.severity is not Severity.SIGN:
                judged.setdefault(name, frame.at_ms / 1000)
    flags = closed(updates + analyzer.finish())
    names = [(flag.kind, flag.start_ms) for flag in flags]
    return [
        (_claim(flag, opened[name], judged.get(name)), flag)
        for flag, name in zip(flags, names, strict=True)
    ]


def _claim(flag: Flag, told_s: float, judged_s: float | None) -> Claim:
    ends_ms = flag.end_ms or flag.start_ms
    return Claim(flag.kind.value, flag.start_ms / 1000, ends_ms / 1000, told_s, judged_s)


class Notes:
    """What single frames of a session were scored."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.missed = self.calm = 0
        self.scores: dict[str, Scores] = defaultdict(Scores)
        self.held: dict[str, list[float]] = defaultdict(list)
        self._kept_s = -APART_S

    def __call__(self, observation: Observation) -> None:
        at_s = observation.at_ms / 1000
        votes = {kind.value: score for kind, score in observation.scores.items()}
        for event in self._session.events:
            score = votes.get(event.kind)
            if event.start_s + EDGE_S <= at_s <= event.end_s - EDGE_S and score is not None:
                self.scores[event.kind].shown.append(score)
        doings = self._session.doings
        self._keep_phone(at_s, votes.get(FlagKind.PHONE.value))
        if any(start - EDGE_S <= at_s <= end + EDGE_S for _, start, end in doings):
            return
        for kind, score in votes.items():
            if score is not None:
                self.scores[kind].calm.append(score)
        self.calm += 1
        self.missed += (observation.measures or {}).get("face", 0.0) == 0.0

    def _keep_phone(self, at_s: float, vote: float | None) -> None:
        """Suspected frames are looked at more often: one a second keeps them from counting more."""
        if vote is None or at_s < self._kept_s + APART_S:
            return
        doings = self._session.doings
        near = [one for one in doings if one[1] - EDGE_S <= at_s <= one[2] + EDGE_S]
        shown = [one for one in near if one[1] + EDGE_S <= at_s <= one[2] - EDGE_S]
        names = [what for what, *_ in shown if what in HELD_UP] if near else [NOTHING_HELD]
        for name in names:
            self.held[name].append(vote)
            self._kept_s = at_s


def played(models: ModelSet, session: Session, nets: FaceNets) -> Outcome:
    notes = Notes(session)
    with tempfile.TemporaryDirectory() as folder:
        claims = watched(models, frames(session, Path(folder), nets), notes)
    alike = {
        things: [Event("phone", *when) for when in session.times_of(what)]
        for what, things in LOOK_ALIKES.items()
    }
    shown = [one for events in alike.values() for one in events]
    taken = [claim for claim in claims if any(near(one, claim) for one in shown)]
    meant = [claim for claim in taken if any(near(one, claim) for one in session.events)]
    judged = [claim for claim in claims if claim not in taken or claim in meant]
    return Outcome(
        tallied(session.events, judged),
        session.duration_s / 3600,
        notes.missed,
        notes.calm,
        {
            things: (len(events), sum(any(near(one, claim) for claim in taken) for one in events))
            for things, events in alike.items()
        },
        notes.scores,
        notes.held,
    )


# --- as JSON -------------------------------------------------------------------------------------


def outcomes_json(outcomes: Sequence[Outcome]) -> Json:
    """``false_flags_per_hour`` counts what accuses somebody, signs too; technical ones apart."""
    tallies = merged(outcome.tallies for outcome in outcomes)
    hours = sum(outcome.hours for outcome in outcomes)
    false = sum(tally.false for kind, tally in tallies.items() if kind not in TECHNICAL)
    seen: Json = {
        "per_kind": {kind: tally_json(tally) for kind, tally in sorted(tallies.items())},
        "hours": round(hours, 3),
        "false_flags": false,
        "of_them_signs_only": sum(
            one.signs for kind, one in tallies.items() if kind not in TECHNICAL
        ),
        "false_technical_flags": sum(one.false for one in tallies.values()) - false,
        "false_flags_per_hour": round(false / hours, 2) if hours else None,
        "false_flags_per_hour_below": round(most_likely_below(false) / hours, 1) if hours else None,
    }
    calm = sum(outcome.calm_frames for outcome in outcomes)
    if calm:
        seen["face_missed"] = share_json(sum(one.face_missed for one in outcomes), calm)
    for things in LOOK_ALIKES.values():
        counts = [one.look_alikes.get(things, (0, 0)) for one in outcomes]
        if any(held for held, _ in counts):
            hits = sum(hit for _, hit in counts)
            seen[f"{things}_flagged"] = share_json(hits, sum(held for held, _ in counts))
    return seen


TECHNICAL: Final = frozenset(
    kind.value for kind, own in DEFAULT_POLICY.kinds.items() if own.severity is Severity.TECHNICAL
) | {FlagKind.ANALYSIS_LOST.value}


def curves_json(outcomes: Sequence[Outcome]) -> Json:
    """Kind → score from which on a frame counts → share of those that show it, and of calm ones."""
    together: dict[str, Scores] = defaultdict(Scores)
    for outcome in outcomes:
        for kind, scores in outcome.scores.items():
            together[kind].shown.extend(scores.shown)
            together[kind].calm.extend(scores.calm)
    return {
        kind: {
            "frames": [len(scores.shown), len(scores.calm)],
            "seen_and_false": {
                str(limit): [_share(scores.shown, limit), _share(scores.calm, limit)]
                for limit in CURVE
            },
        }
        for kind, scores in sorted(together.items())
        if scores.shown
    }


def phone_frames_json(outcomes: Sequence[Outcome], hit: float) -> Json:
    """Votes for a phone in composed frames: thresholds from those in which nothing is held.

    ``hit``: the rule's own. Each vote is one frame's that the object model looked at.
    """
    held: dict[str, list[float]] = defaultdict(list)
    for outcome in outcomes:
        for what, votes in outcome.held.items():
            held[what].extend(votes)
    clear = held.pop(NOTHING_HELD, [])
    if not clear or not held:
        return {}
    points = {f"at_{share:.0%}_false": threshold_at(clear, share) for share in FALSE_FRAMES}
    points["at_the_rules_hit"] = hit
    return {
        point: {
            "threshold": round(limit, 3),
            "taken_for_a_phone": {
                what: share_json(sum(vote >= limit for vote in votes), len(votes))
                for what, votes in sorted(held.items())
            },
            "false_frames": share_json(sum(vote >= limit for vote in clear), len(clear)),
        }
        for point, limit in points.items()
    }


def _share(scores: Sequence[float], limit: float) -> float | None:
    return round(sum(score >= limit for score in scores) / len(scores), 4) if scores else None
