"""Test files into the bank and out of it, and pictures in a live sitting only."""

import io
import json

import httpx
import pytest
from PIL import Image
from sqlalchemy import func, select

from exam_api.adapters.interchange.building import choice_item
from exam_api.adapters.interchange.gift import read_gift
from exam_api.adapters.interchange.moodle_xml import write_moodle_xml
from exam_api.adapters.interchange.pictures import checked_picture
from exam_api.adapters.sql.tables import Discipline, Exam, Item
from exam_api.domain.errors import NotFound
from exam_api.domain.items import FULL, ItemKind, ItemState
from exam_api.services.bank_pictures import picture_key
from exam_api.services.numbered_pages import PageWanted
from exam_api.web.app import create_app
from exam_api.web.container import Core
from exam_api.web.pages import install_pages
from exam_api.web.pages.errors import error_page

from .conftest import log_in

pytestmark = pytest.mark.integration

GIFT = """// three questions
$CATEGORY: $course$/Fruit

::A:: Apples are \\(x^2\\)? {=round ~square#no}

How many? {#3:1}

Write it. {=apple =%50%apples}
"""


@pytest.fixture
async def client_of(core: Core):
    """As in conftest, with the pages."""
    app = create_app(core, install_pages=install_pages, error_page=error_page)
    opened: list[httpx.AsyncClient] = []

    async def make(login: str, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app)
        client = httpx.AsyncClient(
            transport=transport, base_url="http://exam.test", headers=headers
        )
        opened.append(client)
        await log_in(client, login)
        return client

    yield make
    for client in opened:
        await client.aclose()


@pytest.fixture
async def teacher(client_of) -> httpx.AsyncClient:
    return await client_of("teacher", accept="text/html")


@pytest.fixture
async def bank(core: Core) -> str:
    async with core.database.read() as unit:
        return f"/bank/{(await unit.session.scalars(select(Discipline.id))).one()}"


async def drafts(core: Core) -> int:
    async with core.database.read() as unit:
        query = select(func.count()).where(Item.state == ItemState.DRAFT.value)
        return await unit.session.scalar(query) or 0


async def sent(http: httpx.AsyncClient, bank: str, data: bytes, form: str = "gift"):
    return await http.post(
        f"{bank}/import",
        data={"format": form, "language": "en"},
        files={"file": ("items.txt", data)},
    )


async def test_a_file_is_looked_at_first_and_then_taken_whole(teacher, bank, core) -> None:
    read = await sent(teacher, bank, GIFT.encode())
    assert read.status_code == 303, read.text
    preview = await teacher.get(read.headers["location"])
    assert "Apples are" in preview.text
    assert "data:image/svg+xml" in preview.text
    assert await drafts(core) == 0, "nothing is in the bank before the person's word"
    taken = await teacher.post(read.headers["location"])
    assert taken.status_code == 303
    assert await drafts(core) == 3
    again = await teacher.post(read.headers["location"])
    assert again.status_code == 404, "a file is taken once"
    assert await drafts(core) == 3
    listed = await teacher.get(taken.headers["location"])
    assert listed.text.count("Fruit") >= 3


async def test_one_refused_item_keeps_the_whole_file_out(teacher, bank, core) -> None:
    read = await sent(teacher, bank, f"{GIFT}\nTell us all. {{}}\n".encode())
    preview = await teacher.get(read.headers["location"])
    assert "13" in preview.text, "its line"
    assert (await teacher.post(read.headers["location"])).status_code == 422
    assert await drafts(core) == 0


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"// nothing"], ids=["empty", "no text", "no items"]
)
async def test_a_file_that_is_none_is_said_beside_the_form(teacher, bank, data) -> None:
    refused = await sent(teacher, bank, data)
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text


async def test_a_formula_that_cannot_be_drawn_is_refused_in_the_preview(
    teacher, bank, core
) -> None:
    read = await sent(teacher, bank, b"What is \\(\\frac x\\)? {=a ~b}")
    assert (await teacher.post(read.headers["location"])).status_code == 422
    assert await drafts(core) == 0


async def test_files_are_for_who_loads_and_a_preview_for_who_read_it(
    teacher, bank, client_of
) -> None:
    read = await sent(teacher, bank, GIFT.encode())
    head = await client_of("head", accept="text/html")
    assert (await head.get(read.headers["location"])).status_code == 404
    assert (await sent(head, bank, GIFT.encode())).status_code == 403
    for login in ("student1", "admin", "testing", "proctor1"):
        http = await client_of(login, accept="text/html")
        assert (await http.get(f"{bank}/export?format=xlsx")).status_code in {403, 404}
        assert (await sent(http, bank, GIFT.encode())).status_code in {403, 404}


@pytest.mark.parametrize("form", ["gift", "moodle_xml", "qti_21", "qti_30", "xlsx"])
async def test_the_bank_goes_out_and_comes_in_again(teacher, bank, core, form) -> None:
    out = await teacher.get(f"{bank}/export?format={form}&language=ru")
    assert out.status_code == 200, out.text
    assert "attachment" in out.headers["content-disposition"]
    read = await sent(teacher, bank, out.content, form)
    assert read.status_code == 303, read.text
    assert (await teacher.post(read.headers["location"])).status_code == 303
    assert await drafts(core) == 25


async def exports(core: Core) -> list[tuple[str, str, str]]:
    async with core.database.read() as unit:
        found = await unit.audit.page(PageWanted(), what="bank.exported")
    return [(one.about, one.after["format"], one.after["items"]) for one in found.rows]


async def test_each_export_is_in_the_audit_log(teacher, bank, core) -> None:
    assert await exports(core) == []
    assert (await teacher.get(f"{bank}/export?format=gift&language=kk")).status_code == 200
    assert await exports(core) == [(bank.removeprefix("/bank/"), "gift", "25")]


async def test_what_the_format_cannot_hold_is_said_and_no_file_is_made(teacher, bank, core) -> None:
    fixed = {"kind": "single", "rows": "2", "stem-kk": "?", "c1-kk": "a", "c2-kk": "b"}
    await teacher.post(f"{bank}/new", data={**fixed, "right": "1", "partial": "on"})
    refused = await teacher.get(f"{bank}/export?format=gift&state=draft")
    assert refused.status_code == 422
    assert "shuffle" in refused.text
    assert await exports(core) == []


def picture(color: str = "navy") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (9, 7), color).save(out, "PNG")
    return out.getvalue()


async def test_a_picture_is_shown_in_the_bank_and_in_a_live_sitting_only(
    teacher, bank, core, student, live
) -> None:
    """T-6.4, S-10."""
    name, _ = checked_picture(picture())
    async with core.database.read() as unit:
        items = (await unit.session.scalars(select(Item.id).order_by(Item.id))).all()
    saved = await teacher.post(
        f"/bank/items/{items[0]}/pictures",
        data={"words": "көк төртбұрыш"},
        files={"file": ("x.png", picture())},
    )
    item_id = saved.headers["location"].rpartition("/")[2]
    path = f"/bank/items/{item_id}/pictures/{name}"
    shown = await teacher.get(path)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
    assert shown.headers["cache-control"] == "no-store"
    assert (await student.http.get(path)).status_code in {403, 404}
    discipline = bank.rpartition("/")[2]
    async with core.database.write() as unit:
        # The new version takes the place of the old one.
        loader = (await unit.people.credentials("teacher")).actor
        head = (await unit.people.credentials("head")).actor
    await core.items.submit(loader, discipline, [item_id])
    await core.items.approve(head, discipline, [item_id])
    in_sitting = f"/items/{item_id}/pictures/{name}"
    assert (await student.call("GET", in_sitting)).status_code == 409, "not before it begins"
    await student.publish(core)
    await student.begin()
    served = await student.call("GET", in_sitting)
    assert (served.status_code, served.headers["content-type"]) == (200, "image/png")
    strange = f"/items/{items[1]}/pictures/{name}"
    assert (await student.call("GET", strange)).status_code == 404
    live.live.clear()
    assert (await student.call("GET", in_sitting)).status_code == 409
    live.live.add(student.id)
    await student.finish()
    assert (await student.call("GET", in_sitting)).status_code == 409


async def test_an_imports_pictures_are_shown_to_who_read_it(teacher, bank, client_of) -> None:
    name, data = checked_picture(picture())
    stem = {"en": f"What is it? ![a field]({name})"}
    item = choice_item(ItemKind.SINGLE, stem, [({"en": "a"}, FULL), ({"en": "b"}, 0)])
    written = write_moodle_xml([item], "en", {name: data})
    read = await sent(teacher, bank, written.data, "moodle_xml")
    path = f"{read.headers['location']}/pictures/{name}"
    assert (await teacher.get(path)).content == data
    assert (await (await client_of("head")).get(path)).status_code == 404
    strange = path.replace(name, f"{'0' * 32}.png")
    assert (await teacher.get(strange)).status_code == 404


@pytest.mark.parametrize(("words", "data"), [("", picture()), ("x", b"<svg/>"), ("a]b", picture())])
async def test_a_picture_that_is_none_changes_nothing(teacher, bank, core, words, data) -> None:
    async with core.database.read() as unit:
        item_id = (await unit.session.scalars(select(Item.id).limit(1))).one()
    refused = await teacher.post(
        f"/bank/items/{item_id}/pictures",
        data={"words": words},
        files={"file": ("x.png", data)},
        follow_redirects=True,
    )
    assert 'role="alert"' in refused.text
    assert await drafts(core) == 0


async def test_every_kind_of_item_is_answered_and_scored(
    teacher, bank, core, student, exam_id
) -> None:
    """From a file to the mark: six items, each answered rightly in its own way."""
    gift = (
        "Single {=a ~b}\n\nMultiple {~%50%a ~%50%b ~%-100%c}\n\nPairs {=a -> 1 =b -> 2}\n\n"
        "Text {=apple}\n\nNumber {#3:1}\n"
    )
    contents = [one.content for one in read_gift(gift.encode(), "kk").items]
    discipline = bank.rpartition("/")[2]
    async with core.database.read() as unit:
        loader = (await unit.people.credentials("teacher")).actor
        head = (await unit.people.credentials("head")).actor
        old = (await unit.session.scalars(select(Item.id))).all()
    await core.items.withdraw(head, discipline, old)
    ids = await core.items.add(loader, discipline, contents)
    await core.items.submit(loader, discipline, ids)
    await core.items.approve(head, discipline, ids)
    await _ask_for(core, exam_id, 5)
    await student.publish(core)
    begun = await student.begin()
    assert begun.status_code == 200, begun.text
    for seq, question in enumerate(await student.questions(), start=1):
        saved = await student.respond(question["id"], right_response(question), seq)
        assert saved.status_code == 200, saved.text
        assert saved.json()["answered"] == seq
        wrong_kind = await student.respond(question["id"], {"kind": "ordering", "order": []}, 99)
        assert wrong_kind.status_code == 404
    assert (await student.finish()).json()["result"]["score"] == 5


async def _ask_for(core: Core, exam_id: str, questions: int) -> None:
    async with core.database.write() as unit:
        exam = await unit.session.get_one(Exam, exam_id)
        exam.policy = {**exam.policy, "questions": questions}


def right_response(question: dict) -> dict[str, object]:
    refs = {one["text"]: one["id"] for one in (*question["choices"], *question["targets"])}
    return {
        "single": lambda: {"kind": "single", "choice": refs["a"]},
        "multiple": lambda: {"kind": "multiple", "choices": [refs["a"], refs["b"]]},
        "matching": lambda: {
            "kind": "matching",
            "pairs": {refs["a"]: refs["1"], refs["b"]: refs["2"]},
        },
        "text": lambda: {"kind": "text", "text": " Apple "},
        "number": lambda: {"kind": "number", "text": "3,5"},
    }[question["kind"]]()


async def test_a_file_that_is_never_taken_goes_with_the_pictures_only_it_showed(
    teacher, bank, core, clock
) -> None:
    pictures = [checked_picture(picture(color)) for color in ("red", "blue")]
    contents = [
        choice_item(
            ItemKind.SINGLE,
            {"en": f"What is it? ![x]({name})"},
            [({"en": "a"}, FULL), ({"en": "b"}, 0)],
        )
        for name, _ in pictures
    ]

    async def read(*numbers: int) -> str:
        chosen = dict(pictures[number] for number in numbers)
        file = write_moodle_xml([contents[number] for number in numbers], "en", chosen)
        answer = await sent(teacher, bank, file.data, "moodle_xml")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def kept(number: int) -> bool:
        try:
            await core.blobs.get(picture_key(pictures[number][0]))
        except NotFound:
            return False
        return True

    await read(0, 1)
    assert (await teacher.post(await read(0))).status_code == 303
    clock.pass_time(days=6)
    assert await core.files.forget_old() == 0
    clock.pass_time(days=2)
    assert await core.files.forget_old() == 1
    assert await core.files.forget_old() == 0
    assert [await kept(0), await kept(1)] == [True, False], "the bank shows the red one"


async def test_no_item_is_ever_logged(*, written_logs, teacher, bank, student, core) -> None:
    """T-6.4: neither loaded, refused, taken nor answered, and not where a call is wrong."""
    words = {"Apples are", "Write it", "Tell us all", "square"}
    await sent(teacher, bank, f"{GIFT}\nTell us all. {{}}\n".encode())
    await sent(teacher, bank, b"Tell us all. {=")
    read = await sent(teacher, bank, GIFT.encode())
    assert (await teacher.post(read.headers["location"])).status_code == 303
    assert (await teacher.get(bank)).status_code == 200
    wrong = {"kind": "single", "rows": "4", "stem-en": "Tell us all", "action": "save"}
    assert (await teacher.post(f"{bank}/new", data=wrong)).status_code == 422
    await student.publish(core)
    assert (await student.begin()).status_code == 200
    questions = await student.questions()
    words |= {question["stem"] for question in questions}
    words |= {choice["text"] for question in questions for choice in question["choices"]}
    await student.answer(questions[0]["id"], questions[0]["choices"][0]["id"], 1)
    await student.respond(questions[1]["id"], {"kind": "text", "text": "Tell us all"}, 2)
    await student.finish()
    logged = written_logs.getvalue()
    for line in map(json.loads, logged.splitlines()):
        assert line["event"]
    assert "/api/v1/sittings/{sitting_id}/answers/{item_id}" in logged
    assert "/bank/{discipline_id}/import" in logged
    assert "/bank/{discipline_id}/new" in logged
    assert len(words) > 80
    assert {word for word in words if len(word) > 5 and word in logged} == set()
