"""What may stop or move a sitting's clock: pauses, and time that was granted.

Lengths are whole milliseconds, rounded down: rounding gives nobody time.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


def ms_of(length: timedelta) -> int:
    return length // timedelta(milliseconds=1)


class PauseKind(StrEnum):
    PROCTOR = "proctor"  # a proctor stopped the test
    BREAK = "break"  # the student declared one that the policy provides
    OWN_BREAK = "own_break"  # likewise, of the student's own accommodation (T-4.11)


@dataclass(frozen=True, slots=True)
class Pause:
    """It ends by itself at ``until``. ``stops_clock``: whether the deadline moves by its length."""

    kind: PauseKind
    since: datetime
    until: datetime
    stops_clock: bool

    def length(self, now: datetime) -> timedelta:
        """So far, and never more than was allowed; a clock that was set back counts as 0."""
        return max(timedelta(0), min(now, self.until) - self.since)

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "stops_clock": self.stops_clock,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Pause":
        return cls(
            PauseKind(stored["kind"]),
            datetime.fromisoformat(stored["since"]),
            datetime.fromisoformat(stored["until"]),
            bool(stored["stops_clock"]),
        )


@dataclass(frozen=True, slots=True)
class Granted:
    """What a sitting was given so far, held against what the policy lets it have."""

    paused_ms: int = 0
    extended_ms: int = 0
    outage_ms: int = 0
    breaks: int = 0
    own_breaks_ms: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Granted":
        return cls(**stored)
