"""From RTP packets to encoded frames, without decoding: reorder, find frame ends, tell of loss.

Pure state machines with the clock passed in. Video frames end at the marker bit, so a frame is
whole as soon as its last packet is here and the last frame of a session is not lost; every
audio packet is a frame of its own and passes at once.
"""

from collections import deque
from collections.abc import Callable

_HALF = 0x8000
_RESET = 3000  # a jump this large is a restarted stream, not a loss
MAX_FRAME_BYTES = 2_000_000  # far above any camera's key frame
Deliver = Callable[[int, bytes, bool], None]
"""(extended RTP timestamp, payload, whether something before it was lost)"""


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


class AudioAssembler:
    """Passes each packet on; repeated packets are dropped."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._clock = TimestampExtender()
        self._seen: deque[int] = deque(maxlen=64)

    def push(self, sequence: int, _marker: bool, timestamp: int, data: bytes) -> bool:
        if data and sequence not in self._seen:
            self._seen.append(sequence)
            self._deliver(self._clock.extend(timestamp), data, False)
        return False

    def flush(self) -> None:
        """Nothing is ever held back."""


class VideoAssembler:
    """Puts packets in order and joins them to frames; gives up on a hole after ``wait_s``."""

    def __init__(
        self,
        deliver: Deliver,
        starts_key_frame: Callable[[bytes], bool],
        now: Callable[[], float],
        *,
        wait_s: float = 0.6,
        limit: int = 512,
    ) -> None:
        self._deliver = deliver
        self._starts_key = starts_key_frame
        self._now = now
        self._wait_s, self._limit = wait_s, limit
        self._clock = TimestampExtender()
        self._next: int | None = None
        self._waiting: dict[int, tuple[bool, int, bytes]] = {}
        self._hole_since = 0.0
        self._parts: list[bytes] = []
        self._size = 0
        self._timestamp: int | None = None
        self._lost = False
        self._skip_timestamp: int | None = None  # a frame whose beginning is missing

    def push(self, sequence: int, marker: bool, timestamp: int, data: bytes) -> bool:
        """Take a packet; True asks the sender for a key frame."""
        if self._next is None:
            self._next = sequence
        ahead = (sequence - self._next) & 0xFFFF
        if ahead >= _HALF:
            if 0x10000 - ahead < _RESET:
                return False  # late or repeated
            return self._restart(sequence, marker, timestamp, data)
        if ahead >= _RESET:
            return self._restart(sequence, marker, timestamp, data)
        if ahead == 0:
            self._accept(sequence, marker, timestamp, data)
            return False
        if not self._waiting:
            self._hole_since = self._now()
        self._waiting[sequence] = (marker, timestamp, data)
        if self._now() - self._hole_since < self._wait_s and len(self._waiting) < self._limit:
            return False
        self._give_up()
        return True

    def flush(self) -> None:
        """The stream ends: hand over what is whole beyond any hole."""
        while self._waiting:
            self._give_up()
        self._parts = []

    def _restart(self, sequence: int, marker: bool, timestamp: int, data: bytes) -> bool:
        self._waiting.clear()
        self._parts, self._size = [], 0
        self._timestamp, self._lost = None, True
        self._next = sequence
        self._skip_timestamp = None if self._starts_key(data) else timestamp
        self._accept(sequence, marker, timestamp, data)
        return True

    def _accept(self, sequence: int, marker: bool, timestamp: int, data: bytes) -> None:
        self._append(marker, timestamp, data)
        following = (sequence + 1) & 0xFFFF
        while (packet := self._waiting.pop(following, None)) is not None:
            self._append(*packet)
            following = (following + 1) & 0xFFFF
        self._next = following
        if self._waiting:  # another hole behind the filled one: its own wait
            self._hole_since = self._now()

    def _append(self, marker: bool, timestamp: int, data: bytes) -> None:
        if self._timestamp is not None and timestamp != self._timestamp:
            self._emit()  # a sender that sets no marker
        self._timestamp = timestamp
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
            extended = self._clock.extend(self._timestamp)
            self._deliver(extended, b"".join(self._parts), self._lost)
            self._lost = False
            self._skip_timestamp = None
        self._parts, self._size = [], 0

    def _give_up(self) -> None:
        """Skip the hole: the torn frame before it and the one it beheaded are gone."""
        start = self._next or 0
        first = min(self._waiting, key=lambda sequence: (sequence - start) & 0xFFFF)
        marker, timestamp, data = self._waiting.pop(first)
        self._parts, self._size = [], 0
        self._timestamp, self._lost = None, True
        self._skip_timestamp = None if self._starts_key(data) else timestamp
        self._accept(first, marker, timestamp, data)
