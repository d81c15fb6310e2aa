"""One sitting's analysis: frames in, observations and flags out."""

import logging
from collections.abc import Mapping

from analysis.contracts import (
    Box,
    Flag,
    FlagKind,
    FlagPhase,
    FlagUpdate,
    ModelRef,
    Observation,
    Severity,
)
from analysis.errors import PictureUnreadable
from analysis.evidence import BestPicture
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import AnalysisPolicy, KindPolicy
from analysis.rules import Change, RuleState, finish, numbers, step
from analysis.votes import votes
from capture.contracts import Frame

logger = logging.getLogger(__name__)


class Watch:
    """One kind of one sitting: its rule's state and the best picture of what goes on."""

    def __init__(self, kind: FlagKind, policy: KindPolicy, models: tuple[ModelRef, ...]) -> None:
        self._kind = kind
        self._policy = policy
        self._models = models
        self._thresholds = numbers(policy.rule)
        self._state = RuleState()
        self._best = BestPicture(kind)

    def see(self, picture: Picture, boxes: tuple[Box, ...], score: float | None) -> list[Change]:
        if score is not None and score > 0:
            self._best.offer(picture, boxes, score)
        self._state, changes = step(self._policy.rule, self._state, picture.at_ms, score)
        return list(changes)

    def finish(self) -> list[Change]:
        self._state, changes = finish(self._policy.rule, self._state)
        return list(changes)

    def settle(self) -> None:
        """Drops the kept picture once the votes that spoke for anything have gone."""
        state = self._state
        if state.ongoing is None and not any(vote.score > 0 for vote in state.votes):
            self._best.forget()

    def flag(self, change: Change) -> Flag:
        severity = self._policy.severity
        if change.repeat and severity is Severity.ALERT:
            severity = Severity.NOTICE
        return Flag(
            kind=self._kind,
            severity=severity,
            start_ms=change.start_ms,
            end_ms=change.end_ms,
            confidence=change.confidence,
            models=self._models,
            thresholds=self._thresholds,
            scores=change.scores,
            evidence=self._best.evidence(),
        )


class SittingAnalyzer:
    """Used by one thread, the one that loaded ``model_set``. Frames come in order of time."""

    def __init__(self, model_set: ModelSet, policy: AnalysisPolicy, sitting_id: str) -> None:
        self.sitting_id = sitting_id
        self._detectors = model_set.detectors()
        self._limits = policy.limits
        self._watches = {
            kind: Watch(kind, own, self._models_of(own)) for kind, own in policy.kinds.items()
        }

    def _models_of(self, policy: KindPolicy) -> tuple[ModelRef, ...]:
        used = (self._detectors[name] for name in policy.detectors if name in self._detectors)
        return tuple(ref for detector in used for ref in detector.models)

    def feed(self, frame: Frame) -> tuple[Observation, list[FlagUpdate]]:
        """A frame that is no picture votes on nothing."""
        try:
            picture = Picture.of(frame)
        except PictureUnreadable as error:
            logger.debug("frame left out: %s", error)
            return Observation(frame.at_ms, {}), []
        observation = self._observed(picture)
        updates: list[FlagUpdate] = []
        for kind, watch in self._watches.items():
            changes = watch.see(picture, observation.boxes, observation.scores.get(kind))
            updates += self._told(watch, changes)
            watch.settle()
        return observation, updates

    def finish(self) -> list[FlagUpdate]:
        """Closes what is open: evidence ends with the last frame, whatever the time is now."""
        updates: list[FlagUpdate] = []
        for watch in self._watches.values():
            updates += self._told(watch, watch.finish())
        return updates

    def _observed(self, picture: Picture) -> Observation:
        boxes: tuple[Box, ...] = ()
        measures: dict[str, float] = {}
        for detector in self._detectors.values():
            sighting = detector.look(picture)
            boxes += sighting.boxes
            measures.update(sighting.measures)
        return Observation(picture.at_ms, self._votes(measures), boxes, measures)

    def _votes(self, measures: Mapping[str, float]) -> Mapping[FlagKind, float | None]:
        return votes(measures, self._limits)

    def _told(self, watch: Watch, changes: list[Change]) -> list[FlagUpdate]:
        return [FlagUpdate(self.sitting_id, change.phase, watch.flag(change)) for change in changes]


def closed(updates: list[FlagUpdate]) -> list[Flag]:
    """The finished flags among updates, by start."""
    done = [update.flag for update in updates if update.phase is FlagPhase.CLOSED]
    return sorted(done, key=lambda flag: (flag.start_ms, flag.kind))
