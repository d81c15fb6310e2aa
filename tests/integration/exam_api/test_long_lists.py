"""Lists that grow over the years come page by page, newest first, with the way to the others."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import func, insert, select

from exam_api.adapters.sql import tables
from exam_api.domain.ids import new_id
from exam_api.domain.notices import NoticeKind
from exam_api.services.numbered_pages import PageWanted

pytestmark = pytest.mark.integration

A_PAGE = PageWanted().size
MORE = A_PAGE + 10


@pytest.fixture
async def old_exams(database, exam_id) -> None:
    """One exam a day before the demo's."""
    async with database.write() as unit:
        known = await unit.session.get_one(tables.Exam, exam_id)
        made = [
            {
                "id": new_id(),
                "discipline_id": known.discipline_id,
                "opens_at": known.opens_at - timedelta(days=days),
                "closes_at": known.closes_at - timedelta(days=days),
                "policy": known.policy,
            }
            for days in range(1, MORE)
        ]
        await unit.session.execute(insert(tables.Exam), made)


@pytest.fixture
async def letters(database, clock) -> None:
    """To registrar and dean's office, at one and the same moment; none of them has an address."""
    async with database.write() as unit:
        readers = await unit.seeds.ids(["registrar", "dean"])
        told = [new_id() for _ in range(MORE)]
        notice = {"kind": NoticeKind.OVERRAN, "at": clock.now(), "link": "/overview", "facts": {}}
        await unit.session.execute(
            insert(tables.NoticeRow), [{"id": one, "once_key": one, **notice} for one in told]
        )
        await unit.session.execute(
            insert(tables.NoticeReader),
            [{"notice_id": one, "user_id": user} for one in told for user in readers.values()],
        )


def link(page: str, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page)
    return unescape(found[1]) if found else None


async def leafed(browser, path: str, row: str) -> list[list[str]]:
    """By page, what ``row`` finds there, from the first page to the last."""
    pages: list[list[str]] = []
    address: str | None = path
    while address is not None:
        answer = await browser.get(address)
        assert answer.status_code == 200
        pages.append(re.findall(row, answer.text))
        assert (link(answer.text, "prev") is None) == (len(pages) == 1)
        address = link(answer.text, "next")
    return pages


@pytest.mark.parametrize(
    ("login", "path", "row"),
    [
        ("admin", "/overview", r'href="/console/([0-9a-f-]{36})"'),
        ("registrar", "/results", r'<a href="/results/([0-9a-f-]{36})"'),
    ],
)
async def test_exams_of_many_years(*, browser_of, database, old_exams, login, path, row) -> None:
    pages = await leafed(await browser_of(login), path, row)
    assert [len(page) for page in pages[:-1]] == [A_PAGE] * (len(pages) - 1)
    async with database.read() as unit:
        newest = select(tables.Exam.id).order_by(tables.Exam.opens_at.desc(), tables.Exam.id)
        assert [one for page in pages for one in page] == list(await unit.session.scalars(newest))


async def test_an_inbox_of_many_years(browser_of, database, letters) -> None:
    browser = await browser_of("registrar")
    first, second = await leafed(browser, "/notices", r'id="notice-([0-9a-f-]{36})"')
    assert (len(first), len(second), len({*first, *second})) == (A_PAGE, 10, MORE)
    page = (await browser.get("/notices?page=2")).text
    mark = re.search(r'action="(/notices/[0-9a-f-]{36}/read[^"]*)"', page)
    assert mark is not None
    answer = await browser.post(unescape(mark[1]))
    assert answer.headers["location"] == "/notices?page=2", "back to where it was read"
    async with database.read() as unit:
        reader = tables.NoticeReader
        query = select(func.count()).where(reader.read_at.is_not(None))
        assert await unit.session.scalar(query) == 1
    unread = re.search(r'<p class="muted">(\d+)', (await browser.get("/notices")).text)
    assert unread is not None
    assert int(unread[1]) == MORE - 1, "counted over all pages"


async def test_an_outbox_of_many_years(browser_of, letters) -> None:
    browser = await browser_of("admin")
    pages = await leafed(browser, "/mail", r'<th scope="row">([^<]+)</th>')
    assert [len(page) for page in pages] == [A_PAGE, A_PAGE, 20]


async def test_beyond_the_last_page_there_is_a_way_back(browser_of, letters) -> None:
    page = (await (await browser_of("registrar")).get("/notices?page=90")).text
    assert link(page, "prev") == "/notices?page=2"
    assert link(page, "next") is None
