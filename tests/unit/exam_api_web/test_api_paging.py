"""Cursors are opaque, survive the way there and back, and nothing else is taken for one."""

from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.errors import CursorInvalid
from exam_api.services.paging import Page, PageAsk, page_after, page_of
from exam_api.web.api.paging import AskedPage, _read, _written, linked

PRINTABLE = st.text().filter(str.isprintable)
NUMBERS = st.integers(1 - 2**53, 2**53 - 1)
KEYS = st.lists(st.one_of(NUMBERS, PRINTABLE), min_size=1, max_size=4).map(tuple)


@given(KEYS)
def test_a_cursor_names_the_same_row_again(key: tuple[str | int, ...]) -> None:
    assert _read(_written(key)) == key


@given(st.text(max_size=60))
def test_any_other_text_is_refused_or_read_as_keys(text: str) -> None:
    with suppress(CursorInvalid):
        assert isinstance(_read(text), tuple)


NO_KEYS = ["e30", "W1tdXQ", "bnVsbA", "W3RydWVd", "%", "ә", "W" * 499]
# An empty list, NUL, half a surrogate pair, a number that no column holds.
NO_VALUES = ["W10", "WyJcdTAwMDAiXQ", "WyJcdWQ4MDAiXQ", "WzkyMjMzNzIwMzY4NTQ3NzU4MDhd"]


@pytest.mark.parametrize("forged", [*NO_KEYS, *NO_VALUES])
def test_what_is_no_list_of_keys_is_refused(forged: str) -> None:
    with pytest.raises(CursorInvalid):
        _read(forged)


def test_one_row_too_many_says_that_there_is_more() -> None:
    assert page_of([1, 2, 3], PageAsk(2), lambda row: (row,)) == Page((1, 2), (2,))
    assert page_of([1, 2], PageAsk(2), lambda row: (row,)) == Page((1, 2), None)
    assert page_of([], PageAsk(2), lambda row: (row,)) == Page((), None)


@given(st.sets(st.integers(0, 50)), st.integers(1, 7))
def test_a_whole_list_is_cut_without_losing_or_repeating_a_row(rows: set[int], limit: int) -> None:
    seen: list[int] = []
    ask: PageAsk | None = PageAsk(limit)
    while ask is not None:
        page = page_after(rows, ask, lambda row: (row,))
        seen += page.rows
        ask = PageAsk(limit, page.next) if page.next else None
    assert seen == sorted(rows)


def test_another_lists_cursor_is_refused() -> None:
    with pytest.raises(CursorInvalid):
        page_after([1, 2], PageAsk(1, ("x",)), lambda row: (row,))


async def test_the_next_page_is_a_link_that_keeps_the_query() -> None:
    app = FastAPI()

    @app.get("/rows")
    async def rows(request: Request, response: Response, ask: AskedPage) -> tuple[int, ...]:
        after = int(ask.after[0]) if ask.after else 0
        found = [row for row in range(1, 6) if row > after][: ask.limit + 1]
        return linked(request, response, page_of(found, ask, lambda row: (row,)))

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://exam.test") as client:
        seen, url = [], "/rows?limit=2&of=exams"
        while url:
            answer = await client.get(url)
            seen.append(answer.json())
            link = answer.headers.get("link", "")
            url = link.split(">")[0][1:]
            assert not link or parse_qs(urlsplit(url).query)["of"] == ["exams"]
    assert seen == [[1, 2], [3, 4], [5]]
