"""``limit`` and ``cursor`` in, ``Link: <…>; rel="next"`` out (RFC 8288); bodies stay plain lists.

A cursor is opaque: it names the last row that was seen, so that rows which come or go meanwhile
neither repeat others nor hide them.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Request, Response

from exam_api.domain.errors import CursorInvalid
from exam_api.services.paging import DEFAULT_LIMIT, MOST, Key, Page, PageAsk

Row = TypeVar("Row")
LINK_HEADER = {"Link": {"schema": {"type": "string"}, "description": "The next page (RFC 8288)."}}
PAGED: dict[int | str, dict[str, object]] = {200: {"headers": LINK_HEADER}}


async def _asked(
    limit: Annotated[int, Query(ge=1, le=MOST)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> PageAsk:
    return PageAsk(limit, _read(cursor) if cursor else None)


AskedPage = Annotated[PageAsk, Depends(_asked)]


def linked(request: Request, response: Response, page: Page[Row]) -> tuple[Row, ...]:
    """The rows as the body; where to go on in the header."""
    if page.next is not None:
        url = request.url.include_query_params(cursor=_written(page.next))
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return page.rows


def _written(key: Key) -> str:
    return urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _read(cursor: str) -> Key:
    try:
        key = json.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        raise CursorInvalid from None
    if not isinstance(key, list) or not key or not all(_is_key(part) for part in key):
        raise CursorInvalid
    return tuple(key)


def _is_key(part: object) -> bool:
    """Nothing that a database's driver would choke on (NUL, half a surrogate pair)."""
    if isinstance(part, str):
        return part.isprintable()
    return type(part) is int and abs(part) < 2**53
