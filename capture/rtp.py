"""RTP packets as they come off the wire, and what receiver reports say of them.

Plain tuples and integers: this runs for each of the hundred packets a second of each sitting.
"""

import struct
from collections import deque
from typing import Protocol

_HEADER = struct.Struct("!BBHII").unpack_from
_ONE_BYTE_EXTENSIONS = 0xBEDE
_TWO_BYTES = struct.Struct("!HH").unpack_from

Parsed = tuple[int, bool, int, int, int, int, int]
"""(payload type, marker, sequence, timestamp, SSRC, start of the payload, its end)"""


def parse(data: bytes) -> Parsed:
    """The fixed header (RFC 3550 §5.1) and where the payload lies. ValueError, struct.error."""
    flags, kind, sequence, timestamp, ssrc = _HEADER(data)
    start, end = 12 + 4 * (flags & 15), len(data)
    if flags & 0x10:
        start += 4 + 4 * _TWO_BYTES(data, start)[1]
    if flags & 0x20:
        end -= data[-1] or end  # a padding of no bytes is none
    if flags >> 6 != 2 or start > end:
        raise ValueError("no RTP packet")
    return kind & 0x7F, kind > 0x7F, sequence, timestamp, ssrc, start, end


def send_time(data: bytes, extension_id: int) -> int | None:
    """abs-send-time: when the packet left, in seconds, 6.18 bits fixed point; None without it.

    Of the header extensions only this one is looked at, in the one-byte form (RFC 8285 §4.2):
    the two-byte form needs a=extmap-allow-mixed, which our answer never has.
    """
    if not data[0] & 0x10:
        return None
    at = 12 + 4 * (data[0] & 15)
    profile, words = _TWO_BYTES(data, at)
    at, end = at + 4, at + 4 + 4 * words
    while profile == _ONE_BYTE_EXTENSIONS and at < end:
        identifier, size = data[at] >> 4, (data[at] & 15) + 1
        if identifier == extension_id:
            return int.from_bytes(data[at + 1 : at + 4], "big") if size == 3 else None
        at += 1 + size if identifier else 1  # a zero byte is padding
    return None


def vp8_payload(data: bytes, start: int, end: int) -> bytes:
    """A VP8 packet's payload without its descriptor (RFC 7741 §4.2). ValueError."""
    at = start + 1
    if start < end and data[start] & 0x80:  # X: more of the descriptor follows
        extended = data[at] if at < end else 0
        at += 1
        if extended & 0x80:  # I: a picture id of one or two bytes
            at += 2 if at < end and data[at] & 0x80 else 1
        at += bool(extended & 0x40) + bool(extended & 0x30)  # L; T or K
    if at > end:
        raise ValueError("a cut VP8 descriptor")
    return data[at:end]


class Order(Protocol):
    """The order of a stream's packets (capture.reorder), as far as reports tell of it."""

    @property
    def expected(self) -> int: ...
    @property
    def highest(self) -> int: ...


class Reception:
    """One source as receiver reports have it (RFC 3550 §6.4.1, §A.3, §A.8).

    The names are those that aiortc's sender of reports reads.
    """

    def __init__(self, clock_rate: int, order: Order) -> None:
        self.packets_received = 0
        self._order = order
        self._rate = clock_rate
        self._jitter_q4 = 0.0
        self._transit: float | None = None
        self._timestamp: int | None = None
        self._before = (0, 0)  # expected and received at the last report

    def time(self, timestamp: int, arrival_s: float) -> None:
        """An in-order packet: its time of arrival beside its RTP time gives the jitter."""
        if timestamp == self._timestamp:
            return
        transit = arrival_s * self._rate - timestamp
        if self._transit is not None:
            step = abs(transit - self._transit)
            if step < self._rate:  # a wrap of the timestamp is no jitter
                self._jitter_q4 += step - self._jitter_q4 / 16
        self._transit, self._timestamp = transit, timestamp

    @property
    def max_seq(self) -> int:
        """Extended by the cycles of the 16-bit number."""
        return self._order.highest

    @property
    def jitter(self) -> int:
        return int(self._jitter_q4 / 16)

    @property
    def packets_lost(self) -> int:
        return max(-(1 << 23), min(self._order.expected - self.packets_received, (1 << 23) - 1))

    @property
    def fraction_lost(self) -> int:
        """Of the packets since this was last asked, in 256ths."""
        now = self._order.expected, self.packets_received
        expected, received = now[0] - self._before[0], now[1] - self._before[1]
        self._before = now
        lost = expected - received
        return min(255, (lost << 8) // expected) if expected > 0 and lost > 0 else 0


class ByteRate:
    """Bits a second over the last second, to the millisecond.

    In place of the counter in aiortc's bandwidth estimator, whose thousand buckets it walks
    through for each packet; the names are those that the estimator calls.
    """

    WINDOW_MS = 1000

    def __init__(self) -> None:
        self._packets: deque[tuple[int, int]] = deque()  # (arrival, size)
        self._total = 0
        self._since_ms: int | None = None

    def add(self, size: int, now_ms: int) -> None:
        if self._since_ms is None:
            self._since_ms = now_ms
        self._packets.append((now_ms, size))
        self._total += size

    def rate(self, now_ms: int) -> int | None:
        """None while nothing, or only this millisecond, is counted."""
        while self._packets and self._packets[0][0] <= now_ms - self.WINDOW_MS:
            self._total -= self._packets.popleft()[1]
        if self._since_ms is None or not self._packets or now_ms <= self._since_ms:
            return None
        return round(8000 * self._total / min(now_ms - self._since_ms + 1, self.WINDOW_MS))

    def reset(self) -> None:
        self._packets.clear()
        self._total = 0
        self._since_ms = None
