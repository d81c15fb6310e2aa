"""EBML primitives (RFC 8794): elements out, element headers in."""

import struct

UNKNOWN_SIZE = b"\x01\xff\xff\xff\xff\xff\xff\xff"
Buffer = bytes | memoryview


class Malformed(ValueError):
    """The bytes are no EBML, or end in the middle of an element."""


def vint(value: int, width: int = 0) -> bytes:
    if not width:
        width = 1
        while value >= (1 << (7 * width)) - 1:
            width += 1
    return ((1 << (7 * width)) | value).to_bytes(width, "big")


def element(identifier: bytes, payload: bytes, size_width: int = 0) -> bytes:
    return identifier + vint(len(payload), size_width) + payload


def unsigned(identifier: bytes, value: int, width: int = 0) -> bytes:
    width = width or max(1, (value.bit_length() + 7) // 8)
    return element(identifier, value.to_bytes(width, "big"))


def double(identifier: bytes, value: float) -> bytes:
    return element(identifier, struct.pack(">d", value))


def text(identifier: bytes, value: str) -> bytes:
    return element(identifier, value.encode())


def _width(first: int, limit: int) -> int:
    width = 9 - first.bit_length()
    if first == 0 or width > limit:
        raise Malformed("no EBML variable-size integer")
    return width


def read_size(data: Buffer, at: int) -> tuple[int | None, int]:
    """The size (None when unknown) and the position after it."""
    if at >= len(data):
        raise Malformed("cut off")
    width = _width(data[at], 8)
    if at + width > len(data):
        raise Malformed("cut off")
    raw = int.from_bytes(data[at : at + width], "big") & ((1 << (7 * width)) - 1)
    return (None if raw == (1 << (7 * width)) - 1 else raw), at + width


def read_header(data: Buffer, at: int) -> tuple[bytes, int | None, int]:
    """Element id, payload size (None when unknown), position of the payload."""
    if at >= len(data):
        raise Malformed("cut off")
    width = _width(data[at], 4)
    if at + width > len(data):
        raise Malformed("cut off")
    size, payload = read_size(data, at + width)
    return bytes(data[at : at + width]), size, payload


def children(data: Buffer, start: int, end: int) -> dict[bytes, list[tuple[int, int]]]:
    """Child elements of known size in [start, end): id → [(payload start, payload end)]."""
    found: dict[bytes, list[tuple[int, int]]] = {}
    while start < end:
        identifier, size, payload = read_header(data, start)
        if size is None or payload + size > end:
            raise Malformed("cut off")
        found.setdefault(identifier, []).append((payload, payload + size))
        start = payload + size
    return found
