"""Reading what a recorder must know from encoded frames: key or not, picture size, H.264 sets."""

from collections.abc import Iterator
from dataclasses import dataclass

_VP8_START = b"\x9d\x01\x2a"
_IDR, _SPS, _PPS, _AUD = 5, 7, 8, 9
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
MAX_SIDE = 4096


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key frame's picture size, and for H.264 the avcC record for CodecPrivate."""

    width: int
    height: int
    private: bytes = b""


def vp8_key(data: bytes) -> KeyInfo | None:
    """The picture size of a VP8 key frame (RFC 6386 §9.1), None for any other frame."""
    if len(data) < 10 or data[0] & 1 or data[3:6] != _VP8_START:
        return None
    width = int.from_bytes(data[6:8], "little") & 0x3FFF
    height = int.from_bytes(data[8:10], "little") & 0x3FFF
    return _sized(width, height)


def _sized(width: int, height: int, private: bytes = b"") -> KeyInfo | None:
    if not (16 <= width <= MAX_SIDE and 16 <= height <= MAX_SIDE):
        return None
    return KeyInfo(width, height, private)


def nal_units(data: bytes) -> Iterator[bytes]:
    """The NAL units of an Annex B byte stream."""
    at = data.find(b"\x00\x00\x01")
    while at >= 0:
        start = at + 3
        at = data.find(b"\x00\x00\x01", start)
        unit = data[start:] if at < 0 else data[start:at]
        unit = unit.rstrip(b"\x00")
        if unit:
            yield unit


def h264_key(data: bytes) -> KeyInfo | None:
    """Size and avcC of an access unit that holds SPS, PPS and an IDR slice, else None."""
    sps = pps = None
    idr = False
    for unit in nal_units(data):
        kind = unit[0] & 31
        sps = unit if kind == _SPS else sps
        pps = unit if kind == _PPS else pps
        idr = idr or kind == _IDR
    if sps is None or pps is None or not idr or len(sps) < 4:
        return None
    try:
        width, height = sps_size(sps)
    except (IndexError, ValueError):
        return None
    return _sized(width, height, _avcc(sps, pps))


def h264_sample(data: bytes) -> bytes:
    """Annex B → length-prefixed units, as Matroska wants. Parameter sets stay in band too."""
    return b"".join(
        len(unit).to_bytes(4, "big") + unit for unit in nal_units(data) if unit[0] & 31 != _AUD
    )


def annex_b(sample: bytes) -> bytes:
    """Length-prefixed units → Annex B, for a decoder that was given no avcC."""
    parts = []
    at = 0
    while at + 4 <= len(sample):
        size = int.from_bytes(sample[at : at + 4], "big")
        parts.append(b"\x00\x00\x00\x01" + sample[at + 4 : at + 4 + size])
        at += 4 + size
    return b"".join(parts)


def _avcc(sps: bytes, pps: bytes) -> bytes:
    return (
        bytes((1, sps[1], sps[2], sps[3], 0xFF, 0xE1))
        + len(sps).to_bytes(2, "big")
        + sps
        + b"\x01"
        + len(pps).to_bytes(2, "big")
        + pps
    )


class _Bits:
    """A bit reader over a NAL unit's payload, emulation prevention bytes removed."""

    def __init__(self, data: bytes) -> None:
        self._data = data.replace(b"\x00\x00\x03", b"\x00\x00")
        self._at = 0

    def read(self, count: int) -> int:
        value = 0
        for _ in range(count):
            byte = self._data[self._at >> 3]
            value = value << 1 | byte >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def ue(self) -> int:
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 31:
                raise ValueError("no exp-Golomb code")
        return (1 << zeros) - 1 + self.read(zeros)

    def se(self) -> int:
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def sps_size(sps: bytes) -> tuple[int, int]:
    """Picture width and height of a sequence parameter set (ITU-T H.264 §7.3.2.1.1)."""
    bits = _Bits(sps[1:])
    profile = bits.read(8)
    bits.read(16)
    bits.ue()
    chroma = _skip_high_profile(bits) if profile in _HIGH_PROFILES else 1
    bits.ue()  # frame number length
    _skip_picture_order(bits)
    bits.ue()  # reference frames
    bits.read(1)
    width = (bits.ue() + 1) * 16
    rows = bits.ue() + 1
    frames_only = bits.read(1)
    if not frames_only:
        bits.read(1)
    bits.read(1)
    height = rows * 16 * (2 - frames_only)
    if bits.read(1):
        unit_x = 2 if chroma in {1, 2} else 1
        unit_y = (2 if chroma == 1 else 1) * (2 - frames_only)
        left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
        width -= (left + right) * unit_x
        height -= (top + bottom) * unit_y
    return width, height


def _skip_high_profile(bits: _Bits) -> int:
    chroma = bits.ue()
    if chroma == 3:
        bits.read(1)
    bits.ue()
    bits.ue()
    bits.read(1)
    if bits.read(1):
        for index in range(8 if chroma != 3 else 12):
            if bits.read(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _skip_picture_order(bits: _Bits) -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.read(1)
        bits.se()
        bits.se()
        for _ in range(min(bits.ue(), 255)):
            bits.se()
