"""What a student's computer keeps for the server: bounded, and sent at the next visit."""

import json
import re
import time
from collections.abc import Sequence

import pytest
from playwright.sync_api import Page, Route

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

MB = 2**20
MINUTE = 60_000
NOW = round(time.time() * 1000)
DAY = 24 * 60 * MINUTE

ADD = """async ([base, rows]) => {
  const { Shelf } = await import(`${base}/js/room/kept.js`);
  const shelf = await Shelf.open();
  for (const row of rows) await shelf.add(row, 1, new Blob(["media of " + row.id]));
}"""
TRIM = """async (base) => {
  const { Shelf } = await import(`${base}/js/room/kept.js`);
  await (await Shelf.open()).trim();
}"""
FILL = "async (base) => (await import(`${base}/js/room/fill.js`)).fillLeft()"
KEPT = """async (base) => {
  const { Shelf } = await import(`${base}/js/room/kept.js`);
  return (await (await Shelf.open()).pieces()).map((piece) => piece.id);
}"""


@pytest.fixture
def page(visit) -> Page:
    student = visit()
    student.sign_in("student2")
    return student.open("/cabinet")


def js(page: Page) -> str:
    (base,) = re.findall(r'src="(\S+)/js/fill-left\.js"', page.content())
    return base


def keep(page: Page, *rows: tuple[str, str, int, int]) -> None:
    """(id, sitting, when it began, bytes); what is in it is a few bytes."""
    names = ("id", "sitting", "startedAt", "bytes")
    page.evaluate(ADD, [js(page), [dict(zip(names, row, strict=True)) for row in rows]])


def kept(page: Page) -> Sequence[str]:
    found: Sequence[str] = page.evaluate(KEPT, js(page))
    return found


def test_the_oldest_go_first_where_there_are_too_many_bytes(page: Page) -> None:
    keep(page, *((f"p{n}", "one", NOW + n * MINUTE, 20 * MB) for n in range(4)))
    page.evaluate(TRIM, js(page))
    assert kept(page) == ["p2", "p3"]


def test_each_sitting_keeps_its_last_minutes_whoever_comes_next(page: Page) -> None:
    mine = [(f"a{n}", "one", NOW + n * MINUTE, MB) for n in (0, 3, 22)]
    keep(page, *mine, ("b0", "another", NOW + 90 * MINUTE, MB))
    page.evaluate(TRIM, js(page))
    assert kept(page) == ["a3", "a22", "b0"]


def test_the_next_student_at_the_computer_loses_nothing_of_the_one_before(page: Page) -> None:
    """The server knows no such sitting of theirs (404); what is older than a day goes."""
    sitting = "01940000-0000-7000-8000-000000000000"
    keep(page, ("old", sitting, NOW - DAY - MINUTE, 9), ("fresh", sitting, NOW - MINUTE, 9))
    with page.expect_response("**/lacking") as asked:
        page.evaluate(FILL, js(page))
    assert (asked.value.status, asked.value.json()["code"]) == (404, "not_found")
    assert kept(page) == ["fresh"]


def test_a_piece_that_cannot_fill_its_gap_is_sent_once_by_a_page(page: Page) -> None:
    """The camera was off: its gap stays, and the line is needed for what is recorded now."""
    keep(page, ("dark", "s1", NOW, 9))
    spans, sent = [{"start_ms": 10_000, "end_ms": 20_000}], []

    def answer(route: Route) -> None:
        if route.request.url.endswith("/lacking"):
            told = {"origin_ms": NOW, "spans": spans, "final": False, "part_bytes": 99}
        else:
            sent.append(route.request.method)
            told = {"offset": 0, "done": route.request.method == "PATCH"}
        route.fulfill(status=200, content_type="application/json", body=json.dumps(told))

    page.route("**/api/v1/sittings/s1/**", answer)
    for _ in range(3):
        page.evaluate(FILL, js(page))
    assert sent == ["GET", "PATCH"]
    spans.append({"start_ms": 30_000, "end_ms": 40_000})  # there it may help
    page.evaluate(FILL, js(page))
    assert sent == ["GET", "PATCH"] * 2
    assert kept(page) == ["dark"]


def test_what_a_crash_left_is_sent_at_the_next_visit(page: Page) -> None:
    """Only what the server lacks; resumed where it stopped; then it is forgotten."""
    keep(page, ("first", "s1", NOW, 9), ("second", "s1", NOW + MINUTE, 9))
    sent: list[tuple[str, str | None, bytes | None]] = []

    def answer(route: Route) -> None:
        request = route.request
        if request.url.endswith("/lacking"):
            spans = [{"start_ms": 70_000, "end_ms": 80_000}]
            told = {"origin_ms": NOW, "spans": spans, "final": True, "part_bytes": 8}
        elif request.method == "GET":
            told = {"offset": 6, "done": False}
        else:
            offset = int(request.headers["upload-offset"])
            sent.append((request.url.split("?")[0][-6:], offset, request.post_data_buffer))
            told = {"offset": offset + 8, "done": offset + 8 >= len("media of second")}
        route.fulfill(status=200, content_type="application/json", body=json.dumps(told))

    page.route("**/api/v1/sittings/s1/**", answer)
    page.evaluate(FILL, js(page))
    assert [(name, offset) for name, offset, _ in sent] == [("second", 6), ("second", 14)]
    assert kept(page) == []
