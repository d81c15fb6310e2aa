"""How far a student's clock is from the server's, from several exchanges (as NTP, RFC 5905 §8)."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exam_api.domain.errors import InvalidRequest

FEWEST: Final = 3
MOST: Final = 20
_TRUSTED: Final = 3  # the quickest exchanges: the others waited somewhere on one way


@dataclass(frozen=True, slots=True)
class ClockSample:
    """Milliseconds since 1970: sent and received by the student's clock, answered by ours."""

    sent: float
    server: float
    received: float

    @property
    def round_trip(self) -> float:
        return self.received - self.sent

    @property
    def ahead(self) -> float:
        """The server's answer is taken to lie in the middle of the round trip."""
        return (self.sent + self.received) / 2 - self.server


@dataclass(frozen=True, slots=True)
class MeasuredOffset:
    offset_ms: int
    round_trip_ms: int
    samples: int


def measured(samples: Sequence[ClockSample]) -> MeasuredOffset:
    """The median of the quickest exchanges. InvalidRequest where they say nothing."""
    if not FEWEST <= len(samples) <= MOST:
        raise InvalidRequest(f"between {FEWEST} and {MOST} samples are needed")
    if any(sample.round_trip < 0 for sample in samples):
        raise InvalidRequest("an answer came before its question")
    quickest = sorted(samples, key=lambda sample: sample.round_trip)[:_TRUSTED]
    return MeasuredOffset(
        offset_ms=round(statistics.median(sample.ahead for sample in quickest)),
        round_trip_ms=round(quickest[0].round_trip),
        samples=len(samples),
    )
