"""One timeline per sitting: server time since the grant's origin, in milliseconds."""

import time
from collections.abc import Callable
from datetime import UTC, datetime


class SittingClock:
    """Milliseconds since ``origin``; steady even if the wall clock is set meanwhile."""

    def __init__(
        self,
        origin: datetime,
        *,
        utc_now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        at_least_ms: int = 0,
    ) -> None:
        self._monotonic = monotonic
        self._started = monotonic()
        # A clock set back between two publications must not turn the timeline back.
        self._base_ms = max((utc_now() - origin).total_seconds() * 1000, float(at_least_ms))

    def now_ms(self) -> int:
        return int(self._base_ms + (self._monotonic() - self._started) * 1000)


class TrackClock:
    """Places a track's RTP times on the sitting's timeline.

    RTP times space the frames evenly; arrival anchors them. When arrivals are off the anchor by
    more than ``BIAS_MS`` on average (a slow start, clocks that drift apart over an exam) it is
    set anew, so sound and picture stay within twice that; and at once at a jump: a sender whose
    clock lies moves only itself, and never far from the arrival.
    """

    BIAS_MS = 15.0
    SETTLED = 256  # frames the average is taken over; fewer right after an anchor was set
    JUMP_MS = 1500.0

    def __init__(self, clock_rate: int) -> None:
        self._ms_per_tick = 1000 / clock_rate
        self._anchor = 0.0
        self._bias, self._seen = 0.0, 0  # none seen: no anchor yet
        self._last = -1

    def place(self, ticks: int, arrival_ms: int) -> int | None:
        """Strictly increasing milliseconds; None for a frame of a flood (over 1,000 a second)."""
        own = ticks * self._ms_per_tick
        if not self._seen or abs(arrival_ms - own - self._anchor) > self.JUMP_MS:
            self._set_anchor(arrival_ms - own)
        else:
            self._seen = min(self._seen + 1, self.SETTLED)
            self._bias += (arrival_ms - own - self._anchor - self._bias) / self._seen
            if abs(self._bias) > self.BIAS_MS:
                self._set_anchor(self._anchor + self._bias)
        if self._last >= arrival_ms + self.JUMP_MS:
            return None
        self._last = max(self._last + 1, round(own + self._anchor))
        return self._last

    def _set_anchor(self, anchor: float) -> None:
        self._anchor = anchor
        # As if eight frames had come on time, so that one late frame cannot move it again.
        self._bias, self._seen = 0.0, 8
