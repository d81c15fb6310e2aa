"""Pages of records, schedule and admission: what is wrong is said beside it, nothing is lost."""

import re

import httpx
import pytest

from exam_api.services.people_ports import PlaceKind
from exam_api.services.seeding import DEMO_PASSWORD
from exam_api.web.app import create_app
from exam_api.web.pages import install_pages

pytestmark = pytest.mark.integration
PERIOD = {
    "title": "Жазғы сессия",
    "starts_on": "2027-06-01",
    "ends_on": "2027-06-20",
    "summer": "on",
}


@pytest.fixture
async def signed_in(core):
    app = create_app(core, routers=(), install_pages=install_pages)
    clients = []

    async def start(login: str) -> httpx.AsyncClient:
        headers = {"Origin": "http://exam.test", "Accept-Language": "ru"}
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://exam.test", headers=headers
        )
        clients.append(client)
        given = {"login": login, "password": DEMO_PASSWORD}
        assert (await client.post("/login", data=given)).status_code == 303
        return client

    yield start
    for client in clients:
        await client.aclose()


async def test_a_session_without_its_order_comes_back_as_it_was_filled_in(signed_in) -> None:
    planner = await signed_in("testing")
    page = (await planner.get("/schedule/periods")).text
    (member,) = re.findall(r'name="members" value="([^"]+)"', page)
    refused = await planner.post("/schedule/periods", data={**PERIOD, "members": member})
    assert refused.status_code == 422
    assert "Укажите номер и дату приказа" in refused.text
    assert 'value="Жазғы сессия"' in refused.text
    assert 'name="summer" checked' in refused.text
    assert f'value="{member}" checked' in refused.text
    made = await planner.post("/schedule/periods", data={**PERIOD, "ends_on": "2027-05-01"})
    assert (made.status_code, "Окончание раньше начала" in made.text) == (422, True)
    assert (await planner.post("/schedule/periods", data=PERIOD)).status_code == 303
    shown = (await planner.get("/schedule/periods")).text
    assert "1 июн. 2027 – 20 июн. 2027" in shown
    (period,) = set(re.findall(r'action="/schedule/periods/([^"/]+)"', shown))
    path = f"/schedule/periods/{period}"
    odd = await planner.post(path, data={**PERIOD, "title": "Басқа", "starts_on": "мамыр"})
    assert (odd.status_code, 'value="Басқа"' in odd.text, "<details open>" in odd.text) == (
        422,
        True,
        True,
    )
    assert 'value="мамыр" aria-invalid="true"' in odd.text


async def test_a_room_is_named_anew(signed_in) -> None:
    planner = await signed_in("testing")
    for name in ("305", "306"):
        room = {"name": name, "seats": "20"}
        assert (await planner.post("/schedule/rooms", data=room)).status_code == 303
    page = (await planner.get("/schedule/periods")).text
    first = re.findall(r'action="/schedule/rooms/([^"]+)"', page)[0]
    taken = await planner.post(f"/schedule/rooms/{first}", data={"name": "306", "seats": "9"})
    assert (taken.status_code, 'value="9"' in taken.text) == (409, True)
    renamed = await planner.post(f"/schedule/rooms/{first}", data={"name": "310", "seats": "9"})
    assert renamed.status_code == 303
    shown = (await planner.get("/schedule/periods")).text
    assert "310: 9 мест" in shown
    assert "305" not in re.findall(r"<summary>(\d+):", shown)


async def test_an_accommodation_without_its_document_keeps_what_was_filled_in(
    signed_in, exam_id
) -> None:
    planner = await signed_in("registrar")
    path = f"/schedule/exams/{exam_id}/admission"
    page = (await planner.get(path)).text
    student = re.findall(rf'action="{path}/students/([^"/]+)/grant"', page)[0]
    form = {"extra_min": "15", "break_min": "5", "excused": "looking_away", "document": ""}
    refused = await planner.post(f"{path}/students/{student}/grant", data=form)
    assert refused.status_code == 422
    card = refused.text.split(f'id="student-{student}"')[1].split("</article>")[0]
    assert "<details open>" in card
    assert 'name="extra_min" min="0" max="240" required value="15"' in card
    assert 'value="looking_away" checked' in card
    assert re.search(r'name="document"[^>]*aria-invalid="true"', card)
    form["document"] = "анықтама № 7"
    assert (await planner.post(f"{path}/students/{student}/grant", data=form)).status_code == 303


async def test_a_statement_says_who_is_not_admitted_before_it_is_taken(signed_in, exam_id) -> None:
    planner = await signed_in("registrar")
    rows = b"login;points;debt\nstudent1;49;\nstudent2;90;+\nstudent3;50;\n"
    path = f"/schedule/exams/{exam_id}/admission/statement"
    shown = await planner.post(path, files={"file": ("жр.csv", rows)})
    assert shown.status_code == 200
    said = re.findall(r'<td data-label="Допуск"><span class="badge \w+">([^<]+)<', shown.text)
    assert said == ["рейтинг низкий", "есть задолженность", "допущен(а)"]


async def test_a_conflict_leads_to_the_other_exam(core, signed_in, clock, exam_id) -> None:
    planner = await signed_in("testing")
    page = (await planner.get(f"/schedule/exams/{exam_id}/edit")).text
    fields = dict(re.findall(r'name="(opens_at|closes_at)" required value="([^"]+)"', page))
    (discipline,) = set(re.findall(r'<option value="([^"]{36})" selected', page))
    # A window that holds no more than one test, twice.
    at = fields["opens_at"][:11]
    times = {"opens_at": f"{at}23:00", "closes_at": f"{at}23:59"}
    given = {"discipline": discipline, "languages": "kk", "policy.duration_min": "40", **times}
    made = [await planner.post("/schedule/exams/new", data=given) for _ in range(2)]
    assert [one.status_code for one in made] == [303, 303]
    first, second = (one.headers["location"] for one in made)
    for path in (first, second):
        enrolled = await planner.post(f"{path}/enrol", data={"logins": "student1"})
        assert enrolled.status_code == 303
    shown = (await planner.get(first)).text
    assert re.search(rf'Айгерім[^<]*оба экзамена: <a href="{second}">', shown)


async def test_a_discipline_is_made_on_the_page_of_the_structure(core, signed_in) -> None:
    """S-1. What is wrong stands beside its field, and the audit log says it in words."""
    registrar, admin = await signed_in("registrar"), await signed_in("admin")
    page = (await registrar.get("/structure/discipline")).text
    department = re.findall(r'<option value="([^"]{36})"', page)[0]
    form = {"code": "", "name_kk": "Дерекқорлар", "name_ru": "Базы данных"}
    form |= {"parent": department, "exam_format": "room_test"}
    refused = await registrar.post("/structure/discipline", data=form)
    assert (refused.status_code, 'id="code-problem"' in refused.text) == (422, True)
    assert re.search(r'<option value="room_test" selected', refused.text)
    form["code"] = "DB2201"
    assert (await registrar.post("/structure/discipline", data=form)).status_code == 303
    shown = (await registrar.get(f"/structure/{PlaceKind.DISCIPLINE}")).text
    assert "DB2201 Базы данных" in shown
    log = (await admin.get("/audit")).text
    assert "дисциплина: добавлено" in log
    assert re.search(r"Формат экзамена:</span>\s*<ins>тест в аудитории</ins>", log)
    assert "people.field." not in log
