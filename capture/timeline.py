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
    set anew, so sound and picture stay within twice that. Once the track has an ``aim`` (from
    LipSync) that is where it goes instead. Either way time runs at most ``SLEW`` faster or slower
    than real; only a jump is followed at once: a sender whose clock lies moves only itself, and
    never far from the arrival.

    After a cut of the line a sender delivers what it had kept in one burst. Those frames are late,
    not of now: they go where they belong, unless lateness stays.
    """

    BIAS_MS = 15.0
    SETTLED = 256  # frames the average is taken over; fewer right after an anchor was set
    JUMP_MS = 1500.0
    LATE_MS = 200.0  # frames that are later than this move no anchor
    LATE_FOR_MS = 1000.0  # the line has become slower, or the sender's clock stood still
    SLEW = 0.05

    def __init__(self, clock_rate: int) -> None:
        self._ms_per_tick = 1000 / clock_rate
        self._anchor = 0.0
        self._bias, self._seen = 0.0, 0  # none seen: no anchor yet
        self._applied = 0.0
        self._own = 0.0
        self._last = -1
        self._late_since: float | None = None
        self.sender_zero: float | None = None  # the sender's clock at tick 0, in milliseconds
        self.aim: float | None = None  # where tick 0 should be on the timeline

    @property
    def arrival_zero(self) -> float:
        """Where tick 0 is on the timeline, as the arrivals have it."""
        return self._anchor + self._bias

    def place(self, ticks: int, arrival_ms: int, *, on_time: bool = True) -> int | None:
        """Strictly increasing milliseconds; None for a frame of a flood (over 1,000 a second).

        A frame that is not ``on_time`` (it waited for a retransmission) moves no anchor.
        """
        own = ticks * self._ms_per_tick
        late = arrival_ms - own - self._anchor
        if not self._seen or late < -self.JUMP_MS or self._stays_late(late, arrival_ms):
            self._set_anchor(arrival_ms - own)
            self._applied = self._anchor
            self.sender_zero = self.aim = None
        elif on_time and late <= self.LATE_MS:
            self._seen = min(self._seen + 1, self.SETTLED)
            self._bias += (arrival_ms - own - self._anchor - self._bias) / self._seen
            if abs(self._bias) > self.BIAS_MS:
                self._set_anchor(self._anchor + self._bias)
        self._move(own)
        if self._last >= arrival_ms + self.JUMP_MS:
            return None
        # Far from the arrival only a jump leads, which was followed above: slewing must not.
        furthest = int(arrival_ms + self.JUMP_MS)
        self._last = max(self._last + 1, min(round(own + self._applied), furthest))
        return self._last

    def _stays_late(self, late: float, arrival_ms: int) -> bool:
        if late <= self.JUMP_MS:
            self._late_since = None
            return False
        if self._late_since is None:
            self._late_since = arrival_ms
        return arrival_ms - self._late_since > self.LATE_FOR_MS

    def report(self, ticks: int, sender_ms: float) -> None:
        """A sender report: at ``ticks`` the sender's clock showed ``sender_ms``."""
        self.sender_zero = sender_ms - ticks * self._ms_per_tick

    def _move(self, own: float) -> None:
        goal = self._anchor if self.aim is None else self.aim
        most = self.SLEW * max(0.0, own - self._own)
        self._applied += min(max(goal - self._applied, -most), most)
        self._own = own

    def _set_anchor(self, anchor: float) -> None:
        self._anchor = anchor
        # As if eight frames had come on time, so that one late frame cannot move it again.
        self._bias, self._seen = 0.0, 8


class LipSync:
    """Aligns the tracks of one sender by its reports (RFC 3550 §6.4.1).

    The reports put all tracks on the sender's one clock. The track that arrives soonest after
    its capture says where that clock is on the timeline; the others are drawn towards it.
    """

    FARTHEST_MS = 1000.0  # a report that claims more than this beside the arrivals is no help

    def __init__(self) -> None:
        self._tracks: list[TrackClock] = []

    def add(self, track: TrackClock) -> TrackClock:
        self._tracks.append(track)
        return track

    def align(self) -> None:
        """Give each track its aim; none, as long as fewer than two have reports."""
        known = [(t, t.sender_zero) for t in self._tracks if t.sender_zero is not None]
        if len(known) < 2:
            return
        soonest = min(track.arrival_zero - zero for track, zero in known)
        aims = [(track, zero + soonest) for track, zero in known]
        if all(abs(aim - track.arrival_zero) <= self.FARTHEST_MS for track, aim in aims):
            for track, aim in aims:
                track.aim = aim
