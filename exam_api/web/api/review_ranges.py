"""One byte range of bytes or of a stored file (RFC 9110, 14): players seek with it."""

import re
from collections.abc import Mapping

from fastapi import Response, status
from fastapi.responses import StreamingResponse

from exam_api.services.exports import StoredVideo

_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def ranged(data: bytes, wanted: str, media_type: str, headers: Mapping[str, str]) -> Response:
    """206 with the range, 416 where it lies outside, else 200 with everything.

    Several ranges, or one that is not understood, are answered with everything, as the RFC allows.
    """
    first, last, code, common = _chosen(len(data), wanted, headers)
    return Response(data[first : last + 1], code, common, media_type=media_type)


def ranged_video(
    video: StoredVideo, wanted: str, media_type: str, headers: Mapping[str, str]
) -> Response:
    """As ``ranged``, of a file that is not in the memory."""
    first, last, code, common = _chosen(video.size, wanted, headers)
    if first > last:
        return Response(status_code=code, headers=common)
    common["Content-Length"] = str(last - first + 1)
    return StreamingResponse(video.read(first, last), code, common, media_type=media_type)


def _chosen(
    size: int, wanted: str, headers: Mapping[str, str]
) -> tuple[int, int, int, dict[str, str]]:
    """First and last byte, status, headers."""
    common = {**headers, "Accept-Ranges": "bytes"}
    match = _ONE_RANGE.fullmatch(wanted)
    if match is None or not any(match.groups()):
        return 0, size - 1, status.HTTP_200_OK, common
    first, last = _span(match[1], match[2], size)
    if first > last:
        common["Content-Range"] = f"bytes */{size}"
        return 0, -1, status.HTTP_416_RANGE_NOT_SATISFIABLE, common
    common["Content-Range"] = f"bytes {first}-{last}/{size}"
    return first, last, status.HTTP_206_PARTIAL_CONTENT, common


def _span(first: str, last: str, size: int) -> tuple[int, int]:
    """Inclusive; empty (first > last) where nothing of it exists."""
    if not first:  # the last n bytes
        length = min(int(last), size)
        return size - length, size - 1
    return int(first), min(int(last) if last else size - 1, size - 1)
