"""What a thread can spend on its sittings, and on which of them first.

Every sampled frame gets the cheap checks. Close looks are paid from what the thread has not used:
a suspicion as long as anything is left, then more frames of who is suspected, then the looks of
the calm round; only from plenty those before their turn, and more than those at what has its flag
already. What is overdue is not asked for at all (``schedule.Pace``), so that nobody starves: a
sitting is looked at closely within ``Schedule.overdue_ms`` and one round of the thread, whatever
the others do.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

Seconds = float


class Urgency(Enum):
    """First to last. ``HURRY``: more frames of who is suspected. ``EXTRA``: a look before its turn,
    or at what has its flag already.
    """  # noqa: D205 - one thought

    SUSPICION = auto()
    HURRY = auto()
    CALM = auto()
    EXTRA = auto()


KEPT: Mapping[Urgency, float] = {
    Urgency.SUSPICION: 0.0,
    Urgency.HURRY: 0.25,
    Urgency.CALM: 0.5,
    Urgency.EXTRA: 0.75,
}


@dataclass(frozen=True, slots=True)
class Purse:
    """``share``: of the thread's time that looks may take; the rest is left to the core's others.

    ``most_s``: how much unused time is remembered, and owed; ``kept``: how much of it each urgency
    leaves to those before it.
    """

    share: float = 0.8
    most_s: Seconds = 2.0
    kept: Mapping[Urgency, float] = field(default_factory=lambda: KEPT)


class Budget:
    """One thread's, shared by its sittings."""

    def __init__(
        self, clock: Callable[[], Seconds] = time.monotonic, purse: Purse | None = None
    ) -> None:
        self._clock = clock
        self._purse = purse or Purse()
        self._left = self._purse.most_s
        self._filled_at = clock()

    def spend(self, seconds: Seconds) -> None:
        self._fill()
        self._left = max(-self._purse.most_s, self._left - seconds)

    def allows(self, urgency: Urgency) -> bool:
        self._fill()
        return self._left > self._purse.kept[urgency] * self._purse.most_s

    def _fill(self) -> None:
        now = self._clock()
        gained = (now - self._filled_at) * self._purse.share
        self._left = min(self._purse.most_s, self._left + gained)
        self._filled_at = now


class Unlimited:
    """Of a file, which nobody waits for."""

    def allows(self, urgency: Urgency) -> bool:  # noqa: ARG002 - whatever it is
        return True


UNLIMITED = Unlimited()
