"""Sessions and clips played to the analyzer: what it claimed, missed, and scored in between."""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from analysis.analyzer import SittingAnalyzer, closed
from analysis.contracts import FlagKind, FlagPhase, FlagUpdate, Observation, Severity
from analysis.detectors.faces import FaceNets
from analysis.models_set import ModelSet
from analysis.offline import DEFAULT_FPS, sampled
from analysis.policy import DEFAULT_POLICY
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
)
from benchmarks.quality_sessions import Session, frames
from capture.contracts import Frame

EDGE_S: Final = 1.0  # around an event's ends a frame is neither calm nor eventful
CURVE: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
LOOK_ALIKE: Final = "wallet_at_face"
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

    ``look_alikes``: how often a wallet was held up, and how often that was flagged as a phone; such
    a flag is counted here and not among the false ones.
    """

    tallies: Mapping[str, Tally]
    hours: float
    face_missed: int = 0
    calm_frames: int = 0
    look_alikes: tuple[int, int] = (0, 0)
    scores: Mapping[str, Scores] = field(default_factory=dict)


def watched(
    models: ModelSet, shown: Iterable[Frame], on_observation: Callable[[Observation], None]
) -> list[Claim]:
    """The flags, each with the time of the frame that opened it."""
    analyzer = SittingAnalyzer(models, POLICY, "quality")
    updates: list[FlagUpdate] = []
    opened: dict[tuple[str, int], float] = {}
    for frame in sampled(shown, lambda: max(DEFAULT_FPS, analyzer.wanted_fps)):
        observation, told = analyzer.feed(frame)
        on_observation(observation)
        updates += told
        for update in told:
            if update.phase is FlagPhase.OPENED:
                opened[update.flag.kind, update.flag.start_ms] = frame.at_ms / 1000
    flags = closed(updates + analyzer.finish())
    return [
        Claim(
            flag.kind.value,
            flag.start_ms / 1000,
            (flag.end_ms or flag.start_ms) / 1000,
            opened[flag.kind, flag.start_ms],
        )
        for flag in flags
    ]


class Notes:
    """What single frames of a session were scored."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.missed = self.calm = 0
        self.scores: dict[str, Scores] = defaultdict(Scores)

    def __call__(self, observation: Observation) -> None:
        at_s = observation.at_ms / 1000
        votes = {kind.value: score for kind, score in observation.scores.items()}
        for event in self._session.events:
            score = votes.get(event.kind)
            if event.start_s + EDGE_S <= at_s <= event.end_s - EDGE_S and score is not None:
                self.scores[event.kind].shown.append(score)
        doings = self._session.doings
        if any(start - EDGE_S <= at_s <= end + EDGE_S for _, start, end in doings):
            return
        for kind, score in votes.items():
            if score is not None:
                self.scores[kind].calm.append(score)
        self.calm += 1
        self.missed += (observation.measures or {}).get("face", 0.0) == 0.0


def played(models: ModelSet, session: Session, nets: FaceNets) -> Outcome:
    notes = Notes(session)
    with tempfile.TemporaryDirectory() as folder:
        claims = watched(models, frames(session, Path(folder), nets), notes)
    alike = [Event("phone", *when) for when in session.times_of(LOOK_ALIKE)]
    taken = [claim for claim in claims if any(near(one, claim) for one in alike)]
    hit = sum(any(near(one, claim) for claim in taken) for one in alike)
    meant = [claim for claim in taken if any(near(one, claim) for one in session.events)]
    judged = [claim for claim in claims if claim not in taken or claim in meant]
    return Outcome(
        tallied(session.events, judged),
        session.duration_s / 3600,
        notes.missed,
        notes.calm,
        (len(alike), hit),
        notes.scores,
    )


# --- as JSON -------------------------------------------------------------------------------------


def outcomes_json(outcomes: Sequence[Outcome]) -> Json:
    """``false_flags_per_hour`` counts what accuses somebody; technical flags stand apart."""
    tallies = merged(outcome.tallies for outcome in outcomes)
    hours = sum(outcome.hours for outcome in outcomes)
    false = sum(tally.false for kind, tally in tallies.items() if kind not in TECHNICAL)
    seen: Json = {
        "per_kind": {kind: tally_json(tally) for kind, tally in sorted(tallies.items())},
        "hours": round(hours, 3),
        "false_flags": false,
        "false_technical_flags": sum(one.false for one in tallies.values()) - false,
        "false_flags_per_hour": round(false / hours, 2) if hours else None,
        "false_flags_per_hour_below": round(most_likely_below(false) / hours, 1) if hours else None,
    }
    calm = sum(outcome.calm_frames for outcome in outcomes)
    if calm:
        seen["face_missed"] = share_json(sum(one.face_missed for one in outcomes), calm)
    alike = sum(one.look_alikes[0] for one in outcomes)
    if alike:
        seen["wallets_flagged"] = share_json(sum(one.look_alikes[1] for one in outcomes), alike)
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


def _share(scores: Sequence[float], limit: float) -> float | None:
    return round(sum(score >= limit for score in scores) / len(scores), 4) if scores else None
