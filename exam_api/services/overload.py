"""When to do without what: one step at a time, in a fixed order, and back again by itself.

Pure: it is told the time and the strain, and says the relief that is due (``capture.contracts``).
Two thresholds a measure, and patience on both sides, keep it from swinging.
"""

from dataclasses import dataclass
from typing import Final

from capture.contracts import Relief

WORST: Final = max(Relief)


@dataclass(frozen=True, slots=True)
class Strain:
    """``lag_s``: how late the event loop is. ``cpu``: share of the cores this process may use.

    ``dropped_per_s``: frames a second and sitting that were wanted and never analysed.
    """

    lag_s: float = 0.0
    cpu: float = 0.0
    dropped_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class OverloadPolicy:
    """Too much: any measure at its upper value. Calm: all below their lower ones."""

    too_much: Strain = Strain(lag_s=0.25, cpu=0.92, dropped_per_s=0.5)
    calm: Strain = Strain(lag_s=0.08, cpu=0.70, dropped_per_s=0.1)
    rise_after_s: float = 3.0  # of too much, before the next step; a step needs time to tell
    fall_after_s: float = 15.0  # of calm, before a step back
    longest_fall_s: float = 240.0  # where each step back was soon regretted


class Overload:
    """One process's. ``relief``: what it does without now."""

    def __init__(self, policy: OverloadPolicy = OverloadPolicy()) -> None:
        self.relief = Relief.NOTHING
        self._policy = policy
        self._fall_after_s = policy.fall_after_s
        self._since = 0.0  # when the present stretch of too much, calm or neither began
        self._was: bool | None = None  # too much, calm, or (None) between
        self._fell_at: float | None = None

    def see(self, now: float, strain: Strain) -> Relief:
        """``now``: monotonic seconds."""
        found = self._judge(strain)
        if found is not self._was:
            self._was, self._since = found, now
        lasted = now - self._since
        if found is True and lasted >= self._policy.rise_after_s and self.relief < WORST:
            self._rise(now)
        elif found is False and lasted >= self._fall_after_s and self.relief > Relief.NOTHING:
            self._fall(now)
        return self.relief

    def _judge(self, strain: Strain) -> bool | None:
        pairs = ("lag_s", "cpu", "dropped_per_s")
        values = [(getattr(strain, name), name) for name in pairs]
        if any(value >= getattr(self._policy.too_much, name) for value, name in values):
            return True
        if all(value < getattr(self._policy.calm, name) for value, name in values):
            return False
        return None

    def _rise(self, now: float) -> None:
        self.relief = Relief(self.relief + 1)
        self._since = now
        regretted = self._fell_at is not None and now - self._fell_at < 2 * self._fall_after_s
        longer = min(2 * self._fall_after_s, self._policy.longest_fall_s)
        self._fall_after_s = longer if regretted else self._policy.fall_after_s
        self._fell_at = None

    def _fall(self, now: float) -> None:
        self.relief = Relief(self.relief - 1)
        self._since = self._fell_at = now
