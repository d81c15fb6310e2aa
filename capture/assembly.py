"""From RTP packets to encoded frames, without decoding: in order, whole, losses told.

Pure state machines with the clock passed in. Video frames end at the marker bit, so a frame is
whole as soon as its last packet is here and the last frame of a session is not lost; every
audio packet is a frame of its own.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

from capture.reorder import Arrival, Reorder, RoundTrip

MAX_FRAME_BYTES = 2_000_000  # far above any camera's key frame
Deliver = Callable[[int, bytes, bool, bool], None]
"""(extended RTP timestamp, payload, whether something before it was lost, whether it is on time)"""
_Packet = tuple[bool, int, bytes]  # marker, timestamp, payload


class TimestampExtender:
    """RTP's 32-bit timestamps as ever-growing integers from 0; late packets may be below."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._extended = 0

    def extend(self, timestamp: int) -> int:
        if self._last is None:
            self._last = timestamp
        step = (timestamp - self._last) & 0xFFFFFFFF
        if step >= 0x80000000:
            return self._extended + step - (1 << 32)
        self._last = timestamp
        self._extended += step
        return self._extended

    def ticks_of(self, timestamp: int) -> int | None:
        """The same without taking it for a packet's; None before the first packet."""
        if self._last is None:
            return None
        return self._extended + ((timestamp - self._last + 0x80000000) & 0xFFFFFFFF) - 0x80000000


class _Assembler(ABC):
    """What sound and picture share: the order of packets and the extension of their times."""

    def __init__(
        self,
        deliver: Deliver,
        now: Callable[[], float],
        trip: RoundTrip | None,
        wait_s: float,
        limit: int,
    ) -> None:
        self.reorder: Reorder[_Packet] = Reorder(self._take, now, trip, wait_s=wait_s, limit=limit)
        self.clock = TimestampExtender()
        self.gap_since = False  # something was given up; the owner clears it
        self._deliver = deliver

    def push(
        self, sequence: int, marker: bool, timestamp: int, data: bytes, repair: bool | None = None
    ) -> Arrival:
        return self.reorder.push(sequence, (marker, timestamp, data), repair=repair)

    def flush(self) -> None:
        """The stream ends: hand over what is whole beyond any hole."""
        self.reorder.flush()

    @abstractmethod
    def _take(self, packet: _Packet, after_gap: bool, on_time: bool) -> None: ...


class AudioAssembler(_Assembler):
    """Passes the packets on in order."""

    def __init__(
        self,
        deliver: Deliver,
        now: Callable[[], float],
        trip: RoundTrip | None = None,
        *,
        wait_s: float = 0.8,
        limit: int = 128,
    ) -> None:
        super().__init__(deliver, now, trip, wait_s, limit)
        self._lost = False

    def _take(self, packet: _Packet, after_gap: bool, on_time: bool) -> None:
        _, timestamp, data = packet
        self._lost = self._lost or after_gap
        self.gap_since = self.gap_since or after_gap
        if data:
            self._deliver(self.clock.extend(timestamp), data, self._lost, on_time)
            self._lost = False


class VideoAssembler(_Assembler):
    """Joins packets to frames; a hole costs the torn frame before it and the one it beheaded."""

    def __init__(
        self,
        deliver: Deliver,
        starts_key_frame: Callable[[bytes], bool],
        now: Callable[[], float],
        trip: RoundTrip | None = None,
        *,
        wait_s: float = 0.8,
        limit: int = 512,
    ) -> None:
        super().__init__(deliver, now, trip, wait_s, limit)
        self._starts_key = starts_key_frame
        self._parts: list[bytes] = []
        self._size = 0
        self._timestamp: int | None = None
        self._lost = False
        self._on_time = True
        self._begun = False
        self._skip_timestamp: int | None = None  # a frame whose beginning is missing

    def flush(self) -> None:
        super().flush()
        self._parts = []

    def _take(self, packet: _Packet, after_gap: bool, on_time: bool) -> None:
        marker, timestamp, data = packet
        if after_gap:
            self._parts, self._size = [], 0
            self._timestamp, self._lost, self.gap_since = None, True, True
        if (after_gap or not self._begun) and not self._starts_key(data):
            self._skip_timestamp, self.gap_since = timestamp, True
        elif after_gap:
            self._skip_timestamp = None
        self._begun = True
        if self._timestamp is not None and timestamp != self._timestamp:
            self._emit()  # a sender that sets no marker
        self._timestamp = timestamp
        self._on_time = self._on_time and on_time
        if data and timestamp != self._skip_timestamp:
            self._parts.append(data)
            self._size += len(data)
            if self._size > MAX_FRAME_BYTES:  # no end in sight: not a frame
                self._parts, self._size = [], 0
                self._lost, self._skip_timestamp = True, timestamp
        if marker:
            self._emit()

    def _emit(self) -> None:
        if self._parts and self._timestamp is not None:
            extended = self.clock.extend(self._timestamp)
            self._deliver(extended, b"".join(self._parts), self._lost, self._on_time)
            self._lost = False
            self._skip_timestamp = None
        self._parts, self._size = [], 0
        self._on_time = True
