"""One RTP stream in order: what is missing, when to ask for it (again), when to give it up.

A pure state machine with the clock passed in. Its owner calls ``expire`` and ``wanted`` no later
than ``wake_at``; a stream without losses needs neither.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

T = TypeVar("T")
_HALF = 0x8000
_RESET = 3000  # a jump this large is a restarted stream, not a loss
_GRACE_S = 0.02  # a packet may be overtaken by others without being lost
_MAX_GRACE_S = 0.08  # more, and one loss stops the picture for over half a second
_ASK_EVERY_S = 0.05
_MAX_ASKS = 10
_MAX_MISSING = 256  # after an outage the sender has no more than this to give again


class Arrival(Enum):
    """What a packet was; only ORIGINAL ones count as received in reports to the sender."""

    ORIGINAL = "original"
    REPAIR = "repair"
    REPEATED = "repeated"


class RoundTrip:
    """How long an asked packet takes to come; shared by the streams of one peer."""

    def __init__(self) -> None:
        self.seconds = 0.1

    def sample(self, seconds: float, weight: float = 1 / 8) -> None:
        self.seconds += (min(max(seconds, 0.001), 1.0) - self.seconds) * weight


@dataclass(slots=True)
class _Missing:
    since: float
    ask_at: float
    asks: int = 0
    first_asked_at: float = 0.0


class Reorder(Generic[T]):
    """``take(packet, after_gap, on_time)`` gets each packet once, in sequence.

    ``after_gap``: those before it were given up. ``on_time``: it came when it was sent, neither
    again nor held behind a hole. Never more than ``limit`` packets wait, nor one longer than
    ``wait_s`` for another.
    """

    def __init__(
        self,
        take: Callable[[T, bool, bool], None],
        now: Callable[[], float],
        trip: RoundTrip | None = None,
        *,
        wait_s: float = 0.8,
        limit: int = 512,
    ) -> None:
        self._take = take
        self._now = now
        self._trip = trip or RoundTrip()
        self._wait_s, self._limit = wait_s, limit
        self._grace_s = _GRACE_S
        self._next: int | None = None
        self._top = 0  # one above the highest seen
        self._waiting: dict[int, T] = {}
        self._missing: dict[int, _Missing] = {}  # ascending; never empty while packets wait
        self._repaired: dict[int, float] = {}  # asked for, then come: how late each was
        self._doubted: dict[int, float] = {}  # asked for again, then come: after the first asking
        self._base = 0  # the first number, moved at a restart so that ``expected`` goes on
        self.given_up = 0

    @property
    def expected(self) -> int:
        """How many packets there would be without any loss."""
        return self._top - self._base

    @property
    def incomplete(self) -> bool:
        """Something is missing: ``wake_at`` tells when it has to be looked after."""
        return bool(self._missing)

    @property
    def highest(self) -> int:
        """The highest sequence number, extended by its cycles, of 32 bits (RFC 3550 §6.4.1)."""
        return (self._top - 1) & 0xFFFFFFFF

    def push(self, sequence: int, packet: T, *, repair: bool | None = None) -> Arrival:
        """``repair``: whether it is a retransmission; None if its stream does not tell."""
        if self._next is None:
            self._next = self._top = self._base = sequence
        if not self._missing and sequence == self._next & 0xFFFF:
            # Nearly every packet. Where nothing is missing, nothing waits.
            self._next = self._top = self._next + 1
            self._take(packet, False, not repair)
            return Arrival.REPAIR if repair else Arrival.ORIGINAL
        ahead = ((sequence - self._next + _HALF) & 0xFFFF) - _HALF
        if abs(ahead) >= _RESET:
            self._restart(sequence, packet)
            return Arrival.ORIGINAL
        number = self._next + ahead
        if number < self._next or number in self._waiting:
            return self._repeat(number)
        arrival = self._arrive(number, repair)
        if number == self._next:
            self._run(packet, after_gap=False, on_time=arrival is Arrival.ORIGINAL)
        else:
            self._waiting[number] = packet
        while len(self._missing) > _MAX_MISSING or len(self._waiting) >= self._limit:
            self._give_up()
        return arrival

    def expire(self) -> None:
        """Give up on what is missing too long."""
        overdue = self._now() - self._wait_s
        while self._missing and next(iter(self._missing.values())).since <= overdue:
            self._give_up()

    def excuse(self, seconds: float) -> None:
        """We were too busy to listen so long; what came meanwhile is still to be read."""
        for missing in self._missing.values():
            missing.since += seconds

    def flush(self) -> None:
        """The stream ends: nothing missing will come."""
        while self._missing:
            self._give_up()

    def wanted(self) -> list[int]:
        """Sequence numbers to ask the sender for now."""
        now, found = self._now(), []
        for number, missing in self._missing.items():
            if missing.ask_at <= now and missing.asks < _MAX_ASKS:
                missing.asks += 1
                if missing.asks == 1:
                    missing.first_asked_at = now
                missing.ask_at = now + max(_ASK_EVERY_S, 1.2 * self._trip.seconds)
                found.append(number & 0xFFFF)
        return sorted(found)

    def wake_at(self) -> float | None:
        """When ``expire`` or ``wanted`` has work next."""
        if not self._missing:
            return None
        asks = [m.ask_at for m in self._missing.values() if m.asks < _MAX_ASKS]
        return min([next(iter(self._missing.values())).since + self._wait_s, *asks])

    def _arrive(self, number: int, repair: bool | None) -> Arrival:
        now = self._now()
        missing = self._missing.pop(number, None)
        if missing is None:
            for lost in range(self._top, number):
                self._missing[lost] = _Missing(now, now + self._grace_s)
            self._top = number + 1
            return Arrival.REPAIR if repair else Arrival.ORIGINAL
        late_s = now - missing.since
        if repair is None:
            repair = missing.asks > 0
            if repair:
                _note(self._repaired, number, late_s)
        if not repair:
            self._be_patient(late_s)
            return Arrival.ORIGINAL
        took_s = now - missing.first_asked_at
        if missing.asks == 1:
            self._trip.sample(took_s)
        else:  # nobody knows yet which request it answers
            _note(self._doubted, number, took_s)
        self._grace_s = max(0.95 * self._grace_s, _GRACE_S)
        return Arrival.REPAIR

    def _repeat(self, number: int) -> Arrival:
        """Asked for and here twice: so it was overtaken, not lost, and counts once after all.

        Or it was asked for again while the first answer was on its way. That answer's time is the
        line's round trip: unless it is learnt a narrow line fills with what it carries twice.
        """
        if (took_s := self._doubted.pop(number, None)) is not None:
            self._trip.sample(took_s, 1 / 16)  # it is the slow ones that are asked for twice
        late_s = self._repaired.pop(number, None)
        if late_s is None:
            return Arrival.REPEATED
        self._be_patient(late_s)
        return Arrival.ORIGINAL

    def _be_patient(self, late_s: float) -> None:
        """A packet was overtaken: do not ask for the next ones before they had as much time."""
        self._grace_s = max(min(late_s, _MAX_GRACE_S), 0.9 * self._grace_s, _GRACE_S)

    def _run(self, packet: T, *, after_gap: bool, on_time: bool) -> None:
        """Hand over ``packet``, the next in sequence, and those that waited for it."""
        assert self._next is not None
        self._next += 1
        self._take(packet, after_gap, on_time)
        while (waited := self._waiting.pop(self._next, None)) is not None:
            self._next += 1
            self._take(waited, False, False)

    def _give_up(self) -> None:
        """Skip the foremost hole."""
        assert self._next is not None
        while self._missing.pop(self._next, None) is not None:
            self._next += 1
            self.given_up += 1
        self._run(self._waiting.pop(self._next), after_gap=True, on_time=False)

    def _restart(self, sequence: int, packet: T) -> None:
        self._waiting.clear()
        self._missing.clear()
        expected = self.expected + 1
        self._next, self._top = sequence, sequence + 1
        self._base = self._top - expected
        self._run(packet, after_gap=True, on_time=True)


def _note(times: dict[int, float], number: int, seconds: float) -> None:
    """Of the last few only."""
    times[number] = seconds
    if len(times) > _MAX_MISSING:
        del times[next(iter(times))]
