"""A detector whose failures stay its own: it is made anew, and what it missed is known."""

import logging
import math
from collections.abc import Callable
from typing import Final

from analysis.contracts import ModelRef
from analysis.detectors.contracts import Detector, Sighting
from analysis.errors import SightingUnsound
from analysis.picture import Picture

logger = logging.getLogger(__name__)

# After a failure it is made anew for the next frame, then less and less often.
RETRY_MS: Final = (0, 0, 1000, 5000, 30_000)


def checked(sighting: object) -> Sighting:
    """Raises SightingUnsound: what is no finite number would poison votes, rules and evidence."""
    if not isinstance(sighting, Sighting):
        raise SightingUnsound(f"a {type(sighting).__name__} instead of a sighting")
    edges = (edge for box in sighting.boxes for edge in (box.score, box.x0, box.y0, box.x1, box.y1))
    if not all(map(math.isfinite, (*sighting.measures.values(), *edges))):
        raise SightingUnsound("a number that is none")
    return sighting


class Guarded:
    """One sitting's detector. ``out``: it did not work when last asked.

    After a failure it is asked for a close look: a resting detector succeeds at doing nothing.
    """

    def __init__(self, name: str, make: Callable[[], Detector]) -> None:
        self._name, self._make = name, make
        self._detector: Detector | None = None
        self._failures = 0
        self._not_before_ms = 0
        self.models: tuple[ModelRef, ...] = ()
        try:
            self._detector = make()
            self.models = self._detector.models
        except Exception:
            logger.exception("detector %s cannot be made", name)

    @property
    def out(self) -> bool:
        return self._failures > 0

    def rests(self, at_ms: int) -> bool:
        """It failed and is not tried again yet."""
        return self.out and at_ms < self._not_before_ms

    def look(self, picture: Picture, *, closely: bool) -> Sighting | None:
        """None when it could not."""
        try:
            if self._detector is None:
                self._detector = self._make()
            sighting = checked(self._detector.look(picture, closely=closely or self.out))
        except Exception:
            logger.exception("detector %s failed", self._name)
            self._note_failure(picture.at_ms)
            return None
        self.models, self._failures = self._detector.models, 0
        return sighting

    def _note_failure(self, at_ms: int) -> None:
        self._detector = None
        self._not_before_ms = at_ms + RETRY_MS[min(self._failures, len(RETRY_MS) - 1)]
        self._failures += 1
