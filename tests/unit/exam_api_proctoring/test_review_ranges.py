"""Byte ranges as players ask for them (RFC 9110, 14)."""

import pytest

from exam_api.web.api.review_ranges import ranged

DATA = bytes(range(10))


@pytest.mark.parametrize(
    ("wanted", "status", "body", "content_range"),
    [
        ("", 200, DATA, None),
        ("bytes=0-", 206, DATA, "bytes 0-9/10"),
        ("bytes=2-4", 206, DATA[2:5], "bytes 2-4/10"),
        ("bytes=8-99", 206, DATA[8:], "bytes 8-9/10"),
        ("bytes=-3", 206, DATA[7:], "bytes 7-9/10"),
        ("bytes=-99", 206, DATA, "bytes 0-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=5-4", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=-", 200, DATA, None),
        ("bytes=0-1,4-5", 200, DATA, None),
        ("lines=0-1", 200, DATA, None),
    ],
)
def test_a_range_is_answered_as_the_rfc_says(wanted, status, body, content_range):
    answer = ranged(DATA, wanted, "video/webm", {"Cache-Control": "private"})
    assert (answer.status_code, answer.body) == (status, body)
    assert answer.headers.get("Content-Range") == content_range
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "private"
