"""What each role's pages list and refuse, on both databases."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import httpx
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from exam_api.adapters.sql import tables
from exam_api.adapters.sql.people import actor_of
from exam_api.domain.errors import NotFound
from exam_api.domain.ids import new_id
from exam_api.domain.roles import Actor
from exam_api.services.numbered_pages import PageWanted
from exam_api.services.overview import Overview
from exam_api.services.seeding import DEMO_PASSWORD
from exam_api.web.app import create_app
from exam_api.web.pages import install_pages
from exam_api.web.pages.errors import error_page

pytestmark = pytest.mark.integration

STAFF = ("proctor1", "member", "dean", "registrar", "testing", "admin")


@pytest.fixture
def overview(database, clock) -> Overview:
    return Overview(database, clock)


async def person(database, login: str) -> Actor:
    async with database.read() as unit:
        found = await unit.session.scalar(select(tables.User).where(tables.User.login == login))
    return actor_of(found)


async def add_flag(
    database, sitting_id: str, at, start_ms: int = 0, severity: str = "alert"
) -> str:
    row = tables.FlagRow(
        id=new_id(), sitting_id=sitting_id, kind="absence", severity=severity, start_ms=start_ms,
        end_ms=start_ms + 900, confidence=0.9, models=[], thresholds={}, scores=[], boxes=[],
        opened_at=at,
    )  # fmt: skip
    async with database.write() as unit:
        unit.session.add(row)
    return row.id


async def decide(database, flag_id: str, verdict: str, by: Actor, at) -> None:
    async with database.write() as unit:
        unit.session.add(
            tables.DecisionRow(
                id=new_id(), flag_id=flag_id, verdict=verdict, comment="", by_user=by.id, at=at
            )
        )


async def add_act(database, sitting_id: str, by: Actor, at, revision: int, *, done: bool) -> str:
    row = tables.ActRow(
        id=new_id(), sitting_id=sitting_id, form=1, number="2026-0001", year=2026, seq=1,
        revision=revision, made_at=at, made_by=by.id, document_sha256={},
        blobs={"kk": "acts/x.pdf"} if done else {}, document={},
    )  # fmt: skip
    async with database.write() as unit:
        unit.session.add(row)
    return row.id


@pytest.mark.parametrize("login", STAFF)
async def test_staff_see_the_exam_with_its_sittings_counted(
    overview, database, begun, exam_id, login
):
    actor = await person(database, login)
    (row,) = (await overview.exams(actor, PageWanted())).rows
    assert row.exam.id == exam_id
    assert row.exam.phase == "open"
    assert row.counts.running == 1
    assert row.counts.finished == 0
    exam, sittings = await overview.sittings(actor, exam_id)
    assert exam.questions == 25
    assert [one.student for one in sittings] == sorted(one.student for one in sittings)
    assert begun.id in {one.id for one in sittings}


async def test_a_student_finds_none_of_it(overview, database, begun, exam_id):
    actor = await person(database, "student1")
    assert (await overview.exams(actor, PageWanted())).total == 0
    with pytest.raises(NotFound):
        await overview.sittings(actor, exam_id)
    with pytest.raises(NotFound):
        await overview.sitting(actor, begun.id)


async def test_the_newest_decision_counts_and_a_lonely_dismissal_withdraws_the_act(
    overview, database, clock, begun, exam_id
):
    proctor = await person(database, "proctor1")
    first = await add_flag(database, begun.id, clock.now())
    await add_flag(database, begun.id, clock.now(), start_ms=5000)
    sign = await add_flag(database, begun.id, clock.now(), start_ms=9000, severity="sign")
    await decide(database, first, "confirmed", proctor, clock.now())
    await add_act(database, begun.id, proctor, clock.now(), 1, done=True)

    async def listed():
        _, sittings = await overview.sittings(proctor, exam_id)
        return next(one for one in sittings if one.id == begun.id)

    before = await listed()
    assert (before.flags, before.undecided, before.confirmed) == (2, 1, 1)
    assert before.act is not None
    assert not before.act.withdrawn
    await decide(database, first, "dismissed", proctor, clock.pass_time(seconds=1))
    after = await listed()
    assert (after.flags, after.undecided, after.confirmed) == (2, 1, 0)
    assert after.act is not None
    assert after.act.withdrawn
    # A first sign counts where somebody has decided on it.
    await decide(database, sign, "confirmed", proctor, clock.pass_time(seconds=1))
    assert ((await listed()).flags, (await listed()).confirmed) == (3, 1)


async def test_an_act_is_listed_once_by_its_newest_complete_revision(
    overview, database, clock, begun, exam_id
):
    proctor = await person(database, "proctor1")
    await add_act(database, begun.id, proctor, clock.now(), 1, done=True)
    second = await add_act(database, begun.id, proctor, clock.now(), 2, done=True)
    await add_act(database, begun.id, proctor, clock.now(), 3, done=False)
    _, sittings = await overview.sittings(proctor, exam_id)
    assert [one.act.id for one in sittings if one.act] == [second]


@pytest.fixture
async def browse(core) -> AsyncIterator[Callable[..., object]]:
    """A browser without scripts: signs in by the form, follows where it is led."""
    other = replace(core, metrics=CollectorRegistry())  # beside the app of `begun`
    app = create_app(other, install_pages=install_pages, error_page=error_page)
    opened: list[httpx.AsyncClient] = []

    async def make(login: str | None) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://exam.test",
            headers={"accept": "text/html", "accept-language": "en"},
            follow_redirects=True,
        )
        opened.append(client)
        if login:
            form = {"login": login, "password": DEMO_PASSWORD, "next": "/"}
            assert (await client.post("/login", data=form)).status_code == 200
            await client.post("/account/session-choice", data={"keep": "here"})
        return client

    yield make
    for client in opened:
        await client.aclose()


STAFF_PAGES = ("/console/{exam}", "/overview/{exam}", "/review/{sitting}", "/sittings/{sitting}")
EVERYONES = {"/cabinet": 200, "/no/such/page": 404}


@pytest.mark.parametrize("login", STAFF)
async def test_staff_open_their_pages(browse, begun, exam_id, login):
    expected = dict.fromkeys(STAFF_PAGES, 200) | EVERYONES
    expected["/people"] = 200 if login in {"admin", "registrar"} else 403
    client = await browse(login)
    for page, status in expected.items():
        answer = await client.get(page.format(exam=exam_id, sitting=begun.id))
        assert answer.status_code == status, page


@pytest.mark.parametrize(("login", "own_room"), [("student1", 200), ("student2", 404)])
async def test_a_student_opens_the_own_room_and_no_other_persons_page(
    browse, begun, exam_id, login, own_room
):
    expected = dict.fromkeys(STAFF_PAGES, 404) | EVERYONES
    expected |= {"/sittings/{sitting}": own_room, "/people": 403}
    client = await browse(login)
    for page, status in expected.items():
        answer = await client.get(page.format(exam=exam_id, sitting=begun.id))
        assert answer.status_code == status, page


async def test_the_cabinet_names_faculty_and_programme_in_the_readers_language(browse):
    client = await browse("student1")
    seen = []
    for language in ("kk", "ru", "en"):
        client.cookies.set("lang", language)
        head = (await client.get("/cabinet")).text.partition("</h1>")[2]
        seen.append(head.partition("</p>")[0].split(" · ")[:2])
    faculties, programmes = zip(*seen, strict=True)
    assert len(set(faculties)) == len(set(programmes)) == 3


async def test_a_new_text_of_the_rules_begins_with_the_built_in_one(browse):
    client = await browse("testing")
    shown = (await client.get("/schedule/rules", headers={"accept-language": "ru"})).text
    fields = shown.split("<textarea")[1:]
    assert [field.partition("</textarea>")[0].count("\n") for field in fields] == [4, 4, 4]


async def test_nobody_in_particular_is_led_to_the_log_in(browse, begun, exam_id):
    client = await browse(None)
    for page in (*STAFF_PAGES, "/cabinet", "/people", "/"):
        answer = await client.get(page.format(exam=exam_id, sitting=begun.id))
        assert answer.url.path == "/login", page


async def test_pages_of_another_site_cannot_act_for_a_person(browse):
    client = await browse("student1")
    answer = await client.post("/logout", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert (await client.get("/cabinet")).url.path == "/cabinet"


async def test_static_files_and_texts_are_cached_by_their_contents(browse):
    client = await browse(None)
    page = await client.get("/login")
    script = page.text.split('<script type="module" src="')[1].split('"')[0]
    answer = await client.get(script)
    assert "immutable" in answer.headers["cache-control"]
    assert "javascript" in answer.headers["content-type"]
    texts = await client.get("/i18n/kk.json")
    assert texts.json()["messages"]["login.title"] == "Жүйеге кіру"
    again = await client.get("/i18n/kk.json", headers={"if-none-match": texts.headers["etag"]})
    assert again.status_code == 304
    assert (await client.get("/i18n/de.json")).status_code == 404
    assert (await client.get("/static/x/../../i18n.py")).status_code == 404
