"""What a thread can spend on its sittings, and on which of them first.

Every sampled frame gets the cheap checks. Close looks are paid from what the thread has not used:
a suspicion as long as anything is left, a look of the calm round only from plenty. What is overdue
is not asked for at all (``schedule.Pace``), so that nobody starves: a sitting is looked at closely
within ``Schedule.overdue_ms`` and one round of the thread, whatever the others do.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

Seconds = float


class Urgency(Enum):
    CALM = auto()
    SUSPICION = auto()


@dataclass(frozen=True, slots=True)
class Purse:
    """``share``: of the thread's time that looks may take; the rest is left to the core's others.

    ``most_s``: how much unused time is remembered, and owed; ``reserve``: what of it only a
    suspicion may use.
    """

    share: float = 0.8
    most_s: Seconds = 2.0
    reserve: float = 0.5


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
        needed = self._purse.reserve * self._purse.most_s if urgency is Urgency.CALM else 0.0
        return self._left > needed

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
