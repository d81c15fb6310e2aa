"""One byte range of bytes in memory (RFC 9110, 14): players seek with it."""

import re
from collections.abc import Mapping

from fastapi import Response, status

_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def ranged(data: bytes, wanted: str, media_type: str, headers: Mapping[str, str]) -> Response:
    """206 with the range, 416 where it lies outside, else 200 with everything.

    Several ranges, or one that is not understood, are answered with everything, as the RFC allows.
    """
    common = {**headers, "Accept-Ranges": "bytes"}
    match = _ONE_RANGE.fullmatch(wanted)
    if match is None or not any(match.groups()):
        return Response(data, media_type=media_type, headers=common)
    first, last = _span(match[1], match[2], len(data))
    if first > last:
        refused = {**common, "Content-Range": f"bytes */{len(data)}"}
        return Response(
            status_code=status.HTTP_416_RANGE_NOT_SATISFIABLE,
            headers=refused,
        )
    common["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return Response(
        data[first : last + 1],
        status_code=status.HTTP_206_PARTIAL_CONTENT,
        media_type=media_type,
        headers=common,
    )


def _span(first: str, last: str, size: int) -> tuple[int, int]:
    """Inclusive; empty (first > last) where nothing of it exists."""
    if not first:  # the last n bytes
        length = min(int(last), size)
        return size - length, size - 1
    return int(first), min(int(last) if last else size - 1, size - 1)
