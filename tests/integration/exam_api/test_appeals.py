"""T-5.3 … T-5.6: from the student's grounds to the corrected grade, and nobody else's way."""

import json
from fractions import Fraction
from io import BytesIO

import httpx
import pytest
from markupsafe import escape
from prometheus_client import CollectorRegistry
from pyhanko.pdf_utils.reader import PdfFileReader
from sqlalchemy import update

from exam_api.adapters.sql import tables
from exam_api.domain.judging import ConfirmedAct
from exam_api.domain.roles import Role
from exam_api.services.judging import annul
from exam_api.services.seeding import SeedPerson
from exam_api.web.app import create_app
from exam_api.web.container import Core
from exam_api.web.pages import install_pages

pytestmark = pytest.mark.integration

GROUNDS = {"grounds": "7-сұрақтың екі дұрыс жауабы бар"}


@pytest.fixture
async def graded(begun):
    question = (await begun.questions())[0]
    await begun.answer(question["id"], question["choices"][0]["id"], 1)
    done = (await begun.finish()).json()
    begun.points = done["result"]["points"]
    return begun


@pytest.fixture
async def commission(core: Core) -> dict[str, str]:
    """A chair and two members, named by order; by log-in."""
    from exam_api.adapters.passwords import Argon2Passwords

    password = Argon2Passwords().hash("baqylau-demo")
    async with core.database.write() as unit:
        for login in ("voter1", "voter2"):
            person = SeedPerson(login, login, "en", (Role.APPEAL_COMMISSION,), None)
            await unit.seeds.add_person(person, password)
        ids = dict(await unit.seeds.ids(["appeals", "voter1", "voter2", "registrar"]))
    from datetime import date

    from acts.protocol import render_protocol
    from exam_api.services.appeals import AppealDesk

    desk = AppealDesk(core.database, core.clock, core.blobs, {"pdf": render_protocol})
    registrar = (await core.accounts.log_in("registrar", "baqylau-demo", "x")).actor
    members = [ids["voter1"], ids["voter2"]]
    await desk.name_commission(registrar, "15-Б", date(2026, 11, 2), ids["appeals"], members)
    return ids


async def lodged(graded) -> str:
    answer = await graded.http.post(f"/api/v1/sittings/{graded.id}/appeal", json=GROUNDS)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


async def visaed(graded, client_of) -> str:
    appeal_id = await lodged(graded)
    registrar = await client_of("registrar")
    done = await registrar.post(f"/api/v1/appeals/{appeal_id}/visa", json={"grant": True})
    assert done.json()["state"] == "visaed", done.text
    return appeal_id


async def vote(client_of, appeal_id: str, **votes: bool) -> None:
    for login, uphold in votes.items():
        http = await client_of(login)
        path = f"/api/v1/appeals/{appeal_id}/vote"
        done = await http.put(path, json={"uphold": uphold, "note": "қарадым"})
        assert done.status_code == 200, done.text


async def decide(client_of, appeal_id: str, points: int | None, login: str = "appeals"):
    http = await client_of(login)
    given = {"reasons": "дәлелді", "points": points}
    return await http.post(f"/api/v1/appeals/{appeal_id}/decision", json=given)


async def test_an_upheld_appeal_corrects_the_grade_once(
    graded, commission, client_of, core, exam_id
) -> None:
    appeal_id = await visaed(graded, client_of)
    await vote(client_of, appeal_id, appeals=True, voter1=True, voter2=False)
    done = await decide(client_of, appeal_id, 88)
    assert done.status_code == 200, done.text
    body = done.json()
    assert (body["state"], body["points_before"], body["points_after"]) == (
        "upheld",
        graded.points,
        88,
    )
    again = await decide(client_of, appeal_id, 99)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    view = (await graded.call("GET", "")).json()
    assert (view["result"]["points"], view["result"]["letter"]) == (88, "B+")
    async with core.database.read() as unit:
        changes = [each.change for each in await unit.grades.of_sitting(graded.id)]
    assert [(each.cause, each.before, each.after) for each in changes] == [
        ("submitted", None, graded.points),
        ("appeal", graded.points, 88),
    ]
    assert changes[-1].reason == "15-Б/1"


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
async def test_the_protocol_is_the_same_each_time(graded, commission, client_of, lang) -> None:
    appeal_id = await visaed(graded, client_of)
    path = f"/api/v1/appeals/{appeal_id}/protocol.pdf?lang={lang}"
    assert (await graded.http.get(path)).status_code == 404  # nothing is decided yet
    await vote(client_of, appeal_id, appeals=False, voter1=False)
    assert (await decide(client_of, appeal_id, None)).json()["state"] == "rejected"
    first, second = [(await graded.http.get(path)).content for _ in range(2)]
    assert first[:5] == b"%PDF-"
    assert first == second
    assert (await graded.call("GET", "")).json()["result"]["points"] == graded.points


def attached(pdf: bytes) -> bytes:
    """The data that a protocol's PDF carries."""
    tree = PdfFileReader(BytesIO(pdf)).root["/Names"]["/EmbeddedFiles"]["/Names"]
    return tree[1]["/EF"]["/F"].data


async def test_a_protocol_keeps_the_names_it_was_made_with(
    graded, commission, client_of, core
) -> None:
    """Its page and its other languages say what the sealed PDF says, whoever is renamed since."""
    appeal_id = await visaed(graded, client_of)
    await vote(client_of, appeal_id, appeals=True, voter1=True)
    assert (await decide(client_of, appeal_id, 60)).json()["state"] == "upheld"
    path = f"/api/v1/appeals/{appeal_id}/protocol"
    sealed = (await graded.http.get(f"{path}.pdf?lang=kk")).content
    page = (await graded.http.get(f"{path}.html?lang=ru")).text
    async with core.database.write() as unit:
        await unit.session.execute(update(tables.User).values(full_name="Басқа Есім"))
    assert "Басқа Есім" in (await graded.http.get(f"/appeals/{appeal_id}")).text
    assert (await graded.http.get(f"{path}.html?lang=ru")).text == page
    assert (await graded.http.get(f"{path}.pdf?lang=kk")).content == sealed
    for language in ("kk", "ru", "en"):
        pdf = (await graded.http.get(f"{path}.pdf?lang={language}")).content
        html = (await graded.http.get(f"{path}.html?lang={language}")).text
        said = json.loads(attached(pdf))
        assert "Басқа Есім" not in json.dumps(said, ensure_ascii=False)
        assert "Басқа Есім" not in html
        for name in (said["student"], said["chair"], *(one["member"] for one in said["votes"])):
            assert escape(name) in html


async def test_the_journal_hears_of_a_corrected_grade(
    graded, commission, client_of, clock, exam_id
) -> None:
    appeal_id = await visaed(graded, client_of)
    clock.pass_time(days=1, hours=8)
    await graded.log_in_again()
    taken = await (await client_of("registrar")).post(f"/api/v1/exams/{exam_id}/journal")
    assert taken.status_code == 200, taken.text
    await vote(client_of, appeal_id, appeals=True, voter1=True)
    assert (await decide(client_of, appeal_id, 100)).status_code == 200
    entries = (await (await client_of("registrar")).get("/api/v1/journal")).json()
    mine = [each for each in entries if each["student_login"] == "student1"]
    assert [(each["revision"], each["exam_points"]) for each in mine] == [
        (1, graded.points),
        (2, 100),
    ]


async def test_a_removal_is_taken_back_by_an_upheld_appeal_only(
    begun, commission, client_of, core
) -> None:
    proctor = await client_of("proctor1")
    path = f"/api/v1/sittings/{begun.id}/remove"
    assert (await proctor.post(path, json={"reason": "phone"})).status_code == 200
    appeal_id = await visaed(begun, client_of)
    await vote(client_of, appeal_id, appeals=True, voter1=True)
    done = await decide(client_of, appeal_id, 61)
    assert done.status_code == 200, done.text
    view = (await begun.call("GET", "")).json()
    assert (view["state"], view["result"]["points"]) == ("submitted", 61)


@pytest.fixture
async def page(core: Core, client_of):
    """A page as the person with that log-in gets it."""
    core.metrics = CollectorRegistry()
    transport = httpx.ASGITransport(create_app(core, install_pages=install_pages))

    async def get(login: str, path: str) -> httpx.Response:
        cookies = (await client_of(login)).cookies
        async with httpx.AsyncClient(
            transport=transport, base_url="http://exam.test", cookies=cookies
        ) as http:
            return await http.get(path)

    return get


async def visaed_question(begun, client_of, position: int) -> tuple[str, dict]:
    """A wrong answer, sent to appeal, changed to another wrong or right one; passed on."""
    question = (await begun.questions())[position]
    await begun.answer(question["id"], question["choices"][0]["id"], 1)
    path = f"/question-appeals/{question['id']}"
    assert (await begun.call("PUT", path, json={"text": "Екі жауап дұрыс"})).status_code == 200
    await begun.answer(question["id"], question["choices"][1]["id"], 2)
    registrar = await client_of("registrar")
    (told,) = (await registrar.get("/api/v1/appeals")).json()
    visa = f"/api/v1/appeals/{told['id']}/visa"
    early = await registrar.post(visa, json={"grant": True})
    assert (early.status_code, early.json()["code"]) == (409, "appeal_not_possible")
    sheet = await registrar.get(f"/api/v1/appeals/{told['id']}/answer-sheet")
    assert sheet.json()["code"] == "appeal_not_possible"  # T-6.4: not while the test runs
    begun.points = (await begun.finish()).json()["result"]["points"]
    assert (await registrar.post(visa, json={"grant": True})).json()["state"] == "visaed"
    return told["id"], question


async def test_the_commission_sees_the_question_as_the_student_did(
    begun, commission, client_of, page
) -> None:
    appeal_id, question = await visaed_question(begun, client_of, 2)
    text = (await page("appeals", f"/appeals/{appeal_id}")).text
    assert escape("Екі жауап дұрыс") in text
    http = await client_of("appeals")
    sheet = (await http.get(f"/api/v1/appeals/{appeal_id}/answer-sheet")).json()
    assert sheet[2]["given"]["kk"] == [question["choices"][1]["text"]]  # T-5.5
    assert set(sheet[2]["given"]) == set(sheet[2]["stem"]) == {"kk", "ru", "en"}
    assert sheet[0]["given"]["kk"] == []
    parts = [text.index(f"<li>{escape(choice['text'])}</li>") for choice in question["choices"]]
    assert parts == sorted(parts)
    assert text.index(escape(question["stem"])) < parts[0]
    then, counted = (f'<p class="text">{escape(c["text"])}</p>' for c in question["choices"][:2])
    assert text.index(then) < text.index(counted)
    assert 'name="points"' not in (await page("appeals", f"/appeals/{appeal_id}")).text


async def test_an_upheld_question_earns_its_whole_mark_once(  # noqa: PLR0917 - fixtures
    begun, commission, client_of, core, exam_id, clock
) -> None:
    appeal_id, question = await visaed_question(begun, client_of, 2)
    clock.pass_time(days=1, hours=8)
    await begun.log_in_again()
    registrar = await client_of("registrar")
    assert (await registrar.post(f"/api/v1/exams/{exam_id}/journal")).status_code == 200
    await vote(client_of, appeal_id, appeals=True, voter1=True)
    async with core.database.read() as unit:
        earlier = await unit.answers.credits(begun.id)
    done = await decide(client_of, appeal_id, None)
    assert done.status_code == 200, done.text
    async with core.database.read() as unit:
        earned = await unit.answers.credits(begun.id)
        changes = [each.change for each in await unit.grades.of_sitting(begun.id)]
    assert earned == earlier | {question["id"]: 100}
    after = int(Fraction(sum(earned.values()), len(earned)) + Fraction(1, 2))
    body = done.json()
    assert (body["question"], body["points_before"], body["points_after"]) == (
        3,
        begun.points,
        after,
    )
    appealed = [(each.before, each.after) for each in changes if each.cause == "appeal"]
    assert appealed == ([(begun.points, after)] if after != begun.points else [])
    assert (await decide(client_of, appeal_id, None)).json()["code"] == "illegal_transition"
    assert (await begun.call("GET", "")).json()["result"]["points"] == after
    entries = (await registrar.get("/api/v1/journal")).json()
    mine = [each for each in entries if each["student_login"] == "student1"]
    assert [each["exam_points"] for each in mine] == [begun.points, after]
    pdf = await begun.http.get(f"/api/v1/appeals/{appeal_id}/protocol.pdf")
    assert pdf.content[:5] == b"%PDF-"


async def test_an_annulment_is_appealed_on_after_a_rejected_appeal_on_the_grade(
    graded, commission, client_of, core
) -> None:
    """S-12, T-5.4: once each; the annulment is another grade, with a day of its own."""
    first = await visaed(graded, client_of)
    await vote(client_of, first, appeals=False, voter1=False)
    assert (await decide(client_of, first, None)).json()["state"] == "rejected"
    path = f"/api/v1/sittings/{graded.id}/appeal"
    assert (await graded.http.post(path, json=GROUNDS)).json()["code"] == "appeal_exists"
    async with core.database.write() as unit:
        at = core.clock.now()
        by = commission["registrar"]
        await annul(unit, graded.id, ConfirmedAct("a1"), at=at, by=by, reason="телефон")
    second = await visaed(graded, client_of)
    assert second != first
    async with core.database.read() as unit:
        student = (await unit.people.credentials("student1")).actor
        (own,) = await unit.results.own(student.id)
    assert (own.appeal_id, own.appeal_state) == (second, "visaed")
    assert (await graded.http.post(path, json=GROUNDS)).json()["code"] == "appeal_exists"
    await vote(client_of, second, appeals=True, voter1=True)
    assert (await decide(client_of, second, 61)).json()["state"] == "upheld"
    assert (await graded.call("GET", "")).json()["result"]["points"] == 61


async def test_each_annulment_is_appealed_on(graded, commission, client_of, core) -> None:
    """T-5.4: given back on appeal and annulled again by another act, it is another grade."""
    path = f"/api/v1/sittings/{graded.id}/appeal"
    lodged_so_far: list[str] = []
    for act, points in (("a1", 61), ("a2", 62)):
        core.clock.pass_time(days=1)
        await graded.log_in_again()
        assert (await graded.http.get(path)).json()["appeal_id"] is None
        assert (await graded.http.get(path)).json()["open"] is False, "no grade of this day"
        async with core.database.write() as unit:
            at, by = core.clock.now(), commission["registrar"]
            await annul(unit, graded.id, ConfirmedAct(act), at=at, by=by, reason="телефон")
        assert (await graded.http.get(path)).json()["open"] is True
        appeal_id = await visaed(graded, client_of)
        lodged_so_far.append(appeal_id)
        assert (await graded.http.post(path, json=GROUNDS)).json()["code"] == "appeal_exists"
        async with core.database.read() as unit:
            student = (await unit.people.credentials("student1")).actor
            (own,) = await unit.results.own(student.id)
        assert (own.appeal_id, own.appeal_state) == (appeal_id, "visaed")
        await vote(client_of, appeal_id, appeals=True, voter1=True)
        assert (await decide(client_of, appeal_id, points)).json()["state"] == "upheld"
        assert (await graded.call("GET", "")).json()["result"]["points"] == points
    assert len(set(lodged_so_far)) == 2
    listed = (await graded.http.get("/api/v1/appeals")).json()
    assert [one["id"] for one in listed] == lodged_so_far[::-1]


async def test_no_visa_for_a_question_of_a_removed_test(begun, commission, client_of) -> None:
    """S-20: no credit could be given for it; the whole result is appealed on, or this returned."""
    question = (await begun.questions())[0]
    await begun.call("PUT", f"/question-appeals/{question['id']}", json={"text": ""})
    proctor = await client_of("proctor1")
    path = f"/api/v1/sittings/{begun.id}/remove"
    assert (await proctor.post(path, json={"reason": "phone"})).status_code == 200
    registrar = await client_of("registrar")
    (told,) = (await registrar.get("/api/v1/appeals")).json()
    visa = f"/api/v1/appeals/{told['id']}/visa"
    refused = await registrar.post(visa, json={"grant": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "appeal_not_possible")
    returned = await registrar.post(visa, json={"grant": False, "note": "жұмыс тоқтатылған"})
    assert returned.json()["state"] == "returned"


async def test_a_rejected_question_keeps_the_result_and_the_student_sees_each_step(
    begun, commission, client_of, page
) -> None:
    appeal_id, question = await visaed_question(begun, client_of, 0)
    own = await page("student1", f"/appeals/{appeal_id}")
    assert own.status_code == 200
    assert escape(question["stem"]) not in own.text  # T-6.4
    assert f"/appeals/{appeal_id}" in (await page("student1", "/appeals")).text
    await vote(client_of, appeal_id, appeals=False, voter1=False)
    done = (await decide(client_of, appeal_id, None)).json()
    assert (done["state"], done["points_after"]) == ("rejected", begun.points)
    assert (await begun.call("GET", "")).json()["result"]["points"] == begun.points
    assert (await begun.http.get(f"/api/v1/appeals/{appeal_id}")).json()["reasons"] == "дәлелді"
    # An appeal on the whole grade stays possible, beside it, and the grade is listed once.
    assert (await lodged(begun)) != appeal_id
    assert (await page("student1", "/grades")).text.count("<tr>") == 2


@pytest.mark.parametrize("login", ["student2", "proctor1", "teacher", "head"])
async def test_nobody_else_sees_a_question_that_is_appealed_on(
    begun, commission, client_of, page, login
) -> None:
    appeal_id, _ = await visaed_question(begun, client_of, 1)
    assert (await page(login, f"/appeals/{appeal_id}")).status_code == 404
    picture = f"/appeals/{appeal_id}/pictures/{'0' * 32}.png"
    assert (await page(login, picture)).status_code == 404


class TestRefusals:
    @pytest.fixture
    def template(self, sqlite_template):
        return sqlite_template

    async def test_after_the_day_of_the_grade(self, graded, clock) -> None:
        clock.pass_time(hours=20)
        await graded.log_in_again()
        late = await graded.http.post(f"/api/v1/sittings/{graded.id}/appeal", json=GROUNDS)
        assert (late.status_code, late.json()["code"]) == (409, "appeal_late")

    async def test_twice_without_grounds_or_without_a_grade(self, graded) -> None:
        path = f"/api/v1/sittings/{graded.id}/appeal"
        assert (await graded.http.post(path, json={"grounds": "  "})).status_code == 422
        await lodged(graded)
        again = await graded.http.post(path, json=GROUNDS)
        assert (again.status_code, again.json()["code"]) == (409, "appeal_exists")

    async def test_a_running_test_has_no_grade(self, begun) -> None:
        path = f"/api/v1/sittings/{begun.id}/appeal"
        early = await begun.http.post(path, json=GROUNDS)
        assert (early.status_code, early.json()["code"]) == (409, "appeal_not_possible")

    async def test_without_a_commission(self, graded, client_of) -> None:
        appeal_id = await lodged(graded)
        registrar = await client_of("registrar")
        path = f"/api/v1/appeals/{appeal_id}/visa"
        refused = await registrar.post(path, json={"grant": True})
        assert refused.json()["code"] == "commission_missing"
        nameless = await registrar.post(path, json={"grant": False, "note": " "})
        assert nameless.status_code == 422
        returned = await registrar.post(path, json={"grant": False, "note": "негіз жоқ"})
        assert returned.json()["state"] == "returned"

    async def test_with_too_few_votes_or_by_another_than_the_chair(
        self, graded, commission, client_of
    ) -> None:
        appeal_id = await visaed(graded, client_of)
        await vote(client_of, appeal_id, appeals=True)
        few = await decide(client_of, appeal_id, 80)
        assert few.json()["code"] == "appeal_votes_missing"
        await vote(client_of, appeal_id, voter1=True)
        assert (await decide(client_of, appeal_id, 80, "voter1")).status_code == 403
        assert (await decide(client_of, appeal_id, None)).status_code == 422

    @pytest.mark.parametrize("login", ["student2", "proctor1", "teacher", "head"])
    async def test_others_do_not_even_see_it(self, graded, client_of, login) -> None:
        appeal_id = await lodged(graded)
        other = await client_of(login)
        assert (await other.get(f"/api/v1/appeals/{appeal_id}")).status_code == 404
        assert (await other.get("/api/v1/appeals")).json() == []
        sheet = await other.get(f"/api/v1/appeals/{appeal_id}/answer-sheet")
        assert sheet.status_code == 404

    async def test_the_student_sees_no_vote_and_no_sheet_before_the_decision(
        self, graded, commission, client_of
    ) -> None:
        appeal_id = await visaed(graded, client_of)
        await vote(client_of, appeal_id, appeals=True, voter1=True)
        assert (await graded.http.get(f"/api/v1/appeals/{appeal_id}")).json()["votes"] == []
        sheet = f"/api/v1/appeals/{appeal_id}/answer-sheet"
        assert (await graded.http.get(sheet)).status_code == 403
        lines = (await (await client_of("voter2")).get(sheet)).json()
        assert len(lines) == 25
        assert sum(line["answered"] for line in lines) == 1


async def test_each_step_is_told_once(graded, commission, client_of, core) -> None:
    appeal_id = await visaed(graded, client_of)
    async with core.database.read() as unit:
        rows = (await unit.session.scalars(tables.NoticeRow.__table__.select())).all()
        kinds = await unit.session.execute(tables.NoticeRow.__table__.select())
        keys = {row.once_key for row in kinds if row.kind == "appeal"}
    assert rows
    assert keys == {f"appeal:{appeal_id}:lodged", f"appeal:{appeal_id}:visaed"}


class TestPages:
    @pytest.fixture
    def template(self, sqlite_template):
        return sqlite_template

    async def test_the_way_through_the_pages(self, graded, commission, core: Core) -> None:
        core.metrics = CollectorRegistry()
        app = create_app(core, install_pages=install_pages)

        async def browser(login: str) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app)
            http = httpx.AsyncClient(transport=transport, base_url="http://exam.test")
            given = {"login": login, "password": "baqylau-demo"}
            assert (await http.post("/login", data=given)).status_code == 303
            return http

        student = await browser("student1")
        assert f"/grades/{graded.id}/appeal" in (await student.get("/grades")).text
        form = f"/grades/{graded.id}/appeal"
        assert (await student.get(form)).status_code == 200
        assert (await student.post(form, data={"grounds": " "})).status_code == 422
        place = (await student.post(form, data=GROUNDS)).headers["location"]
        assert (await student.get(place)).status_code == 200
        registrar = await browser("registrar")
        assert place in (await registrar.get("/appeals")).text
        assert (await registrar.get("/appeals/commissions")).status_code == 200
        wrong = await registrar.post("/appeals/commissions", data={"order_number": "1"})
        assert wrong.status_code == 422
        assert (await registrar.get(place)).status_code == 200
        assert (await registrar.post(f"{place}/visa", data={"grant": "true"})).status_code == 303
        for login in ("appeals", "voter1"):
            member = await browser(login)
            assert (await member.get(place)).status_code == 200
            assert (await member.post(f"{place}/vote", data={"uphold": "true"})).status_code == 303
        chair = await browser("appeals")
        pointless = await chair.post(f"{place}/decision", data={"reasons": "дәлелді"})
        assert pointless.status_code == 422
        given = {"reasons": "дәлелді", "points": "77"}
        assert (await chair.post(f"{place}/decision", data=given)).status_code == 303
        assert "15-Б/1" in (await student.get(place)).text
