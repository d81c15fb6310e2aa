"""One sitting's analysis: frames in, observations and flags out."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from analysis.budget import UNLIMITED
from analysis.contracts import (
    NOBODY_KNOWN,
    Box,
    Flag,
    FlagKind,
    FlagPhase,
    FlagUpdate,
    ModelRef,
    Observation,
    Severity,
    Still,
    Subject,
)
from analysis.errors import PictureUnreadable
from analysis.evidence import BestPicture
from analysis.guarded import Guarded
from analysis.identity_moments import seed_of
from analysis.lips import Lips
from analysis.models_set import ModelSet
from analysis.normal import Normal
from analysis.outages import Outages
from analysis.picture import Picture
from analysis.policy import AnalysisPolicy, KindPolicy
from analysis.reach import in_reach, phone_held
from analysis.rules import Change, RuleState, finish, in_evidence, numbers, past, step, supports
from analysis.schedule import Allowance, Pace
from analysis.seat import Seat
from analysis.strip import Strip
from analysis.usual import Usual
from analysis.votes import SightLimits, face_hidden, votes
from capture.contracts import AudioChunk, Frame

logger = logging.getLogger(__name__)

Told = tuple[FlagPhase, Flag]


class Looking:
    """The detector that works right now in a thread, for whoever finds that it does not return."""

    def __init__(self) -> None:
        self.name: str | None = None


class Acquaintance:
    """What outlasts a line that breaks: a student's normal, place, badge, and when flags ended.

    ``secret``: from which the moments are drawn at which the face is compared with the photos. It
    stands with each flag that came of it (threshold ``moments``), so that it can be made again.
    """

    def __init__(self, secret: int = 0) -> None:
        self.secret = secret
        self.normal, self.seat, self.usual = Normal(), Seat(), Usual()
        self.past: dict[FlagKind, RuleState] = {}


class Watch:
    """One kind of one sitting: its rule's state and the best picture of what goes on.

    ``known``: told when the last flag of the kind ended.
    """

    def __init__(
        self,
        kind: FlagKind,
        policy: KindPolicy,
        thresholds: Mapping[str, float],
        models: tuple[ModelRef, ...],
        strip: Strip,
        *,
        known: Acquaintance,
    ) -> None:
        self._kind = kind
        self._policy = policy
        self._models = models
        self._strip = strip
        self._thresholds = thresholds
        self._known = known
        self._state = known.past.get(kind, RuleState())
        self._best = BestPicture(kind)
        self._before: tuple[Still, ...] = ()

    def see(self, picture: Picture, boxes: tuple[Box, ...], score: float | None) -> list[Told]:
        rule = self._policy.rule
        self._state, changes = step(rule, self._state, picture.at_ms, score)
        # What closes does so with the pictures of before: this one is not part of it.
        ended = [self._end(change) for change in changes if change.phase is FlagPhase.CLOSED]
        if score is not None and supports(rule, score):
            self._best.offer(picture, boxes, score)
            for change in changes:
                if change.phase is FlagPhase.OPENED:
                    self._before = self._strip.before(change.start_ms)
                    self._best.begin(change.start_ms, picture, boxes, score)
        going = [change for change in changes if change.phase is not FlagPhase.CLOSED]
        more = [(change.phase, self._flag(change)) for change in going]
        if not in_evidence(rule, self._state):
            self._best.forget()
        return ended + more

    @property
    def since_ms(self) -> int | None:
        """When the present evidence began."""
        return self._state.since_ms if self.flagged_ms is None else self.flagged_ms

    @property
    def flagged_ms(self) -> int | None:
        """Start of the flag that is open."""
        return None if self._state.ongoing is None else self._state.ongoing.start_ms

    @property
    def settled(self) -> bool:
        """Whether a flag is open that is more than a first sign."""
        return self._state.ongoing is not None and not self._state.ongoing.brief

    def finish(self) -> list[Told]:
        self._state, changes = finish(self._policy.rule, self._state)
        return [self._end(change) for change in changes]

    def _end(self, change: Change) -> Told:
        flag = self._flag(change)
        self._known.past[self._kind] = past(self._state)
        self._best.forget()
        self._before = ()
        return change.phase, flag

    def _flag(self, change: Change) -> Flag:
        flag = flag_of(self._kind, self._policy, change, self._thresholds)
        best = self._best.evidence()
        return replace(flag, models=self._models, evidence=best, before=self._before)


def flag_of(
    kind: FlagKind, policy: KindPolicy, change: Change, thresholds: Mapping[str, float]
) -> Flag:
    """A change of a rule as a flag; one that soon follows another of its kind is told quietly.

    A first sign more quietly still: of it nobody has to decide.
    """
    severity = policy.severity
    if change.repeat and severity is Severity.ALERT:
        severity = Severity.NOTICE
    if change.brief:
        severity = Severity.SIGN
    return Flag(
        kind=kind,
        severity=severity,
        start_ms=change.start_ms,
        end_ms=change.end_ms,
        confidence=change.confidence,
        models=(),
        thresholds=thresholds,
        scores=change.scores,
        evidence=None,
    )


def _thresholds(
    kind: FlagKind, policy: KindPolicy, limits: SightLimits, secret: int
) -> Mapping[str, float]:
    drawn = {"moments": float(secret)} if kind is FlagKind.IDENTITY_MISMATCH else {}
    return {**numbers(policy.rule), **asdict(limits), **drawn}


class SittingAnalyzer:
    """Used by one thread, the one that loaded ``model_set``. Frames come in order of time.

    ``budget``: who allows close looks and more frames. ``since``: the flag of a gap without
    analysis, which ends with the first frame that this analyzer sees. ``acquaintance``: what an
    earlier analyzer of this sitting knew.
    """

    def __init__(
        self,
        model_set: ModelSet,
        policy: AnalysisPolicy,
        sitting_id: str,
        subject: Subject = NOBODY_KNOWN,
        *,
        budget: Allowance = UNLIMITED,
        since: Flag | None = None,
        acquaintance: Acquaintance | None = None,
        looking: Looking | None = None,
    ) -> None:
        self.sitting_id = sitting_id
        self._looking = looking or Looking()
        self._detectors: dict[str, Guarded] = {}
        for name, make in model_set.expecting(subject).makers.items():
            self._looking.name = name
            self._detectors[name] = Guarded(name, make)
        self._looking.name = None
        self._given_up = model_set.given_up
        self._outages = Outages(since)
        self._limits = policy.limits
        known = acquaintance or Acquaintance()
        self._pace = Pace(policy.schedule, budget, seed_of(subject, known.secret))
        self._normal, self._seat, self._usual = known.normal, known.seat, known.usual
        self._lips = Lips()
        self._strip = Strip()
        self._newest_ms = -1
        self._watches = {
            kind: Watch(
                kind,
                own,
                _thresholds(kind, own, policy.limits, known.secret),
                self._models_of(own),
                self._strip,
                known=known,
            )
            for kind, own in policy.kinds.items()
        }
        self._phones = self._watches.get(FlagKind.PHONE)

    @property
    def wanted_fps(self) -> float:
        """How many frames a second are worth having now: more while something is suspected."""
        return self._pace.fps

    @property
    def models(self) -> tuple[ModelRef, ...]:
        return tuple(ref for one in self._detectors.values() for ref in one.models)

    def _models_of(self, policy: KindPolicy) -> tuple[ModelRef, ...]:
        used = (self._detectors[name] for name in policy.detectors if name in self._detectors)
        return tuple(ref for detector in used for ref in detector.models)

    def feed(
        self, frame: Frame, sound: Sequence[AudioChunk] = ()
    ) -> tuple[Observation, list[FlagUpdate]]:
        """A frame that is no picture, or not newer than the last, votes on nothing.

        ``sound``: what was heard since the last one.
        """
        if frame.at_ms <= self._newest_ms:
            return Observation(frame.at_ms, {}), []
        self._newest_ms = frame.at_ms
        try:
            picture = Picture.of(frame, sound)
        except PictureUnreadable as error:
            logger.debug("frame left out: %s", error)
            return Observation(frame.at_ms, {}), []
        self._strip.see(picture)
        observation = self._observed(picture)
        updates = self._updates(self._outages.see(frame.at_ms, self._out()))
        for kind, watch in self._watches.items():
            told = watch.see(picture, observation.boxes, observation.scores.get(kind))
            updates += self._updates(told)
        if "phone" in (observation.measures or {}):
            flagged_ms = self._phones.flagged_ms if self._phones else None
            self._usual.learn(observation.boxes, frame.at_ms, flagged_ms)
        return observation, updates

    def finish(self) -> list[FlagUpdate]:
        """Closes what is open: evidence ends with the last frame, whatever the time is now."""
        updates = self._updates(self._outages.finish())
        for watch in self._watches.values():
            updates += self._updates(watch.finish())
        return updates

    def _observed(self, picture: Picture) -> Observation:
        boxes: tuple[Box, ...] = ()
        measures: dict[str, float] = {}
        flagged = [kind for kind, one in self._watches.items() if one.settled]
        for name, detector in self._detectors.items():
            if detector.rests(picture.at_ms):
                continue
            self._looking.name = name
            sighting = detector.look(picture, closely=self._pace.closely(name, picture))
            self._looking.name = None
            if sighting is None:
                continue
            boxes += sighting.boxes
            seen = dict(sighting.measures)
            if "phone" in seen:
                seen.update(self._phone_held(picture.at_ms, boxes))
            self._pace.told(picture.at_ms, seen, flagged)
            measures.update(seen)
        measures.update(self._normal.departures(picture.at_ms, measures))
        measures.update(self._seat.look(picture, boxes))
        hidden = face_hidden(measures, self._limits)
        if hidden is not None:
            measures["face_hidden"] = float(hidden)
        boxes += self._lips.shown(picture.at_ms, measures, boxes)
        measures.update(in_reach(boxes, measures))
        return Observation(picture.at_ms, self._votes(measures), boxes, measures)

    def _phone_held(self, at_ms: int, boxes: tuple[Box, ...]) -> Mapping[str, float]:
        since_ms = self._phones.since_ms if self._phones else None
        return phone_held(boxes, lambda phone: self._usual.counts(phone, boxes, at_ms, since_ms))

    def _out(self) -> Mapping[str, tuple[ModelRef, ...]]:
        out = {name: one.models for name, one in self._detectors.items() if one.out}
        return {**self._given_up, **out}

    def _votes(self, measures: Mapping[str, float]) -> Mapping[FlagKind, float | None]:
        return votes(measures, self._limits)

    def _updates(self, told: list[Told]) -> list[FlagUpdate]:
        return [FlagUpdate(self.sitting_id, phase, flag) for phase, flag in told]


def closed(updates: list[FlagUpdate]) -> list[Flag]:
    """The finished flags among updates, by start."""
    done = [update.flag for update in updates if update.phase is FlagPhase.CLOSED]
    return sorted(done, key=lambda flag: (flag.start_ms, flag.kind))
