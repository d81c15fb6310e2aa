"""People, schedule and test bank by the JSON API: what a university's own systems call."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from exam_api.adapters.sql.tables import Discipline, Enrolment, StudyGroup

from .conftest import START

pytestmark = pytest.mark.integration
API = "/api/v1"
GIFT = b"::one:: 2+2? {=4 ~5}\n\n::two:: 3+3? {=6 ~7}\n"


def places(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {one["loc"]: one["type"] for one in answer.json().get("errors", [])}


async def every(http: httpx.AsyncClient, path: str, limit: int) -> list[dict[str, object]]:
    """All pages, by their links."""
    found: list[dict[str, object]] = []
    url: str | None = f"{path}{'&' if '?' in path else '?'}limit={limit}"
    while url:
        page = await http.get(url)
        assert page.status_code == 200, page.text
        assert len(page.json()) <= limit
        found += page.json()
        url = page.links.get("next", {}).get("url")
    return found


@pytest.fixture
async def ids(core) -> dict[str, str]:
    async with core.database.read() as unit:
        return {
            "discipline": (await unit.session.scalars(select(Discipline.id))).one(),
            "group": (await unit.session.scalars(select(StudyGroup.id))).first() or "",
        }


@pytest.fixture
async def registrar(client_of) -> httpx.AsyncClient:
    return await client_of("registrar")


# --- people ---------------------------------------------------------------------------------------


def student_body(ids, login: str = "new.student") -> dict[str, object]:
    roles = {"roles": ["student"], "group_id": ids["group"]}
    return {"login": login, "full_name": "Жаңа Білім алушы", "email": "a@b.kz", **roles}


async def test_a_person_is_made_changed_and_disabled(client_of, registrar, ids) -> None:
    made = await registrar.post(f"{API}/people", json=student_body(ids))
    assert made.status_code == 201, made.text
    person, password = made.json()["person"], made.json()["one_time_password"]
    assert person["must_change_password"]
    assert made.headers["location"] == f"{API}/people/{person['id']}"
    nobody = await client_of(None)
    given = {"login": "new.student", "password": password}
    assert (await nobody.post(f"{API}/session", json=given)).status_code == 200
    path = f"{API}/people/{person['id']}"
    renamed = {**student_body(ids), "full_name": "Басқа Есім", "reason": "үйленді"}
    assert (await registrar.put(path, json=renamed)).json()["full_name"] == "Басқа Есім"
    gone = await registrar.put(f"{path}/status", json={"disabled": True, "reason": "шықты"})
    assert gone.json()["disabled"]
    assert (await nobody.post(f"{API}/session", json=given)).status_code == 401
    assert [one["id"] for one in await every(registrar, f"{API}/people?disabled=true", 9)] == [
        person["id"]
    ]


async def test_a_call_that_is_sent_again_makes_no_second_person(registrar, ids) -> None:
    key = {"Idempotency-Key": "from-platonus-17"}
    first = await registrar.post(f"{API}/people", json=student_body(ids), headers=key)
    again = await registrar.post(f"{API}/people", json=student_body(ids), headers=key)
    assert again.json() == first.json(), "the same one-time password too"
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"login": "x y"}, "login", "login_malformed"),
        ({"login": "student1"}, "login", "login_taken"),
        ({"group_id": None}, "group", "group_missing"),
        ({"group_id": "0" * 8 + "-0000-0000-0000-" + "0" * 12}, "group", "group_unknown"),
        ({"email": "a\0b@c.kz"}, "email", "email_malformed"),
    ],
    ids=["malformed", "taken", "missing", "unknown", "no letters"],
)
async def test_a_wrong_record_names_its_fields(registrar, ids, wrong, field, code) -> None:
    refused = await registrar.post(f"{API}/people", json={**student_body(ids), **wrong})
    assert places(refused) == {field: code}
    assert refused.json()["code"] == "record_invalid"


async def test_people_come_page_by_page_each_once(registrar) -> None:
    at_once = await every(registrar, f"{API}/people", 200)
    by_three = await every(registrar, f"{API}/people", 3)
    assert by_three == at_once
    assert len({one["id"] for one in at_once}) == len(at_once) > 10
    students = await every(registrar, f"{API}/people?role=student", 2)
    assert all("student" in one["roles"] for one in students)


async def test_a_registrar_keeps_no_staff(registrar, ids) -> None:
    staff = {**student_body(ids, "boss"), "roles": ["administrator"]}
    assert (await registrar.post(f"{API}/people", json=staff)).status_code == 403


async def test_a_new_group_is_made_under_its_programme(registrar) -> None:
    programme = (await every(registrar, f"{API}/structure/programme", 5))[0]
    body = {"name_kk": "АЖ-26-9", "course": 1, "parent_id": programme["id"]}
    made = await registrar.post(f"{API}/structure/study_group", json=body)
    assert made.status_code == 201, made.text
    groups = await every(registrar, f"{API}/structure/study_group", 2)
    assert made.json()["id"] in {one["id"] for one in groups}
    again = await registrar.post(f"{API}/structure/study_group", json=body)
    assert places(again) == {"name_kk": "name_taken"}


# --- the schedule ---------------------------------------------------------------------------------


def exam_body(ids, **more: object) -> dict[str, object]:
    opens_at = START + timedelta(days=30)
    return {
        "discipline_id": ids["discipline"],
        "opens_at": opens_at.isoformat(),
        "closes_at": (opens_at + timedelta(hours=2)).isoformat(),
        "languages": ["kk", "ru"],
        "policy": {"questions": 10, "admission": "enrolled"},
        **more,
    }


async def test_an_exam_is_planned_and_its_students_come_and_go(registrar, ids) -> None:
    made = await registrar.post(f"{API}/schedule/exams", json=exam_body(ids))
    assert made.status_code == 201, made.text
    path = f"{API}/schedule/exams/{made.json()['id']}"
    shown = (await registrar.get(path)).json()
    assert (shown["policy"]["questions"], shown["policy"]["duration_min"]) == (10, 60)
    new = await registrar.post(f"{path}/enrolments", json={"logins": ["student1", "student2"]})
    assert new.json() == {"new": 2}
    again = await registrar.post(f"{path}/enrolments", json={"logins": ["student1"]})
    assert again.json() == {"new": 0}
    listed = await every(registrar, f"{path}/enrolments", 1)
    assert [one["state"] for one in listed] == ["scheduled", "scheduled"]
    student_id = listed[0]["student_id"]
    assert (await registrar.delete(f"{path}/enrolments/{student_id}")).status_code == 204
    assert len(await every(registrar, f"{path}/enrolments", 5)) == 1
    moved = exam_body(ids, languages=["kk"])
    assert (await registrar.put(path, json=moved)).status_code == 204
    assert (await registrar.get(path)).json()["languages"] == ["kk"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"discipline_id": "0" * 8 + "-0000-0000-0000-" + "0" * 12}, "reference_unknown"),
        ({"rooms": ["0" * 8 + "-0000-0000-0000-" + "0" * 12]}, "reference_unknown"),
        ({"closes_at": START.isoformat()}, "window_too_short"),
        ({"policy": {"questions": 0}}, "invalid_request"),
        ({"opens_at": "0001-01-01T00:00:00+14:00"}, "invalid_request"),
    ],
    ids=["discipline", "room", "window", "policy", "year"],
)
async def test_an_exam_that_cannot_be_is_refused(registrar, ids, wrong, code) -> None:
    refused = await registrar.post(f"{API}/schedule/exams", json=exam_body(ids, **wrong))
    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_one_unknown_log_in_enrols_nobody(registrar, ids) -> None:
    made = await registrar.post(f"{API}/schedule/exams", json=exam_body(ids))
    path = f"{API}/schedule/exams/{made.json()['id']}/enrolments"
    refused = await registrar.post(path, json={"logins": ["student1", "studnet2"]})
    assert refused.json()["code"] == "reference_unknown"
    assert "studnet2" in refused.json()["detail"]
    assert await every(registrar, path, 5) == []


async def test_exams_come_page_by_page_in_the_order_of_their_windows(registrar, ids) -> None:
    for day in (3, 1, 2, 1):
        opens_at = START + timedelta(days=day)
        body = exam_body(
            ids,
            opens_at=opens_at.isoformat(),
            closes_at=(opens_at + timedelta(hours=2)).isoformat(),
        )
        assert (await registrar.post(f"{API}/schedule/exams", json=body)).status_code == 201
    span = "since=2026-01-01T00:00:00Z&until=2027-06-01T00:00:00Z"
    listed = await every(registrar, f"{API}/schedule/exams?{span}", 2)
    assert [one["opens_at"] for one in listed] == sorted(one["opens_at"] for one in listed)
    assert len({one["id"] for one in listed}) == len(listed) == 5
    cards = await every(registrar, f"{API}/exams", 2)
    assert [one["exam"]["id"] for one in cards] == [
        one["exam"]["id"] for one in (await registrar.get(f"{API}/exams")).json()
    ]
    assert {one["exam"]["id"] for one in cards} == {one["id"] for one in listed}


async def test_who_has_individual_dates_pages_by_those(client_of, registrar, core, ids) -> None:
    """T-4.11."""
    made = [await registrar.post(f"{API}/schedule/exams", json=exam_body(ids)) for _ in range(3)]
    exam_ids = [one.json()["id"] for one in made]
    for exam_id in exam_ids:
        path = f"{API}/schedule/exams/{exam_id}/enrolments"
        await registrar.post(path, json={"logins": ["student1"]})
    async with core.database.write() as unit:
        own = Enrolment.exam_id == exam_ids[0], Enrolment.opens_at.is_(None)
        row = (await unit.session.scalars(select(Enrolment).where(*own))).one()
        row.opens_at = START + timedelta(days=60)
        row.closes_at = START + timedelta(days=61)
    student = await client_of("student1")
    cards = await every(student, f"{API}/exams", 1)
    assert cards[0]["exam"]["id"] == exam_ids[0]
    assert len(cards) == 4


async def test_only_proctors_are_appointed(registrar, ids, core) -> None:
    made = await registrar.post(f"{API}/schedule/exams", json=exam_body(ids))
    path = f"{API}/schedule/exams/{made.json()['id']}/proctors"
    async with core.database.read() as unit:
        found = await unit.directory.by_logins(["proctor1", "student1"])
    wrong = await registrar.post(path, json={"proctor_ids": [found["student1"].id]})
    assert wrong.json()["code"] == "reference_unknown"
    right = await registrar.post(path, json={"proctor_ids": [found["proctor1"].id]})
    assert right.status_code == 204, right.text
    assert [one["id"] for one in (await registrar.get(path)).json()] == [found["proctor1"].id]


# --- the test bank --------------------------------------------------------------------------------


async def test_a_test_file_goes_from_the_lms_to_an_accepted_test(client_of, ids) -> None:
    teacher, head, centre = [await client_of(name) for name in ("teacher", "head", "testing")]
    bank = f"{API}/bank/disciplines/{ids['discipline']}"
    octets = {"Content-Type": "application/octet-stream"}
    read = await teacher.post(f"{bank}/imports?format=gift", content=GIFT, headers=octets)
    assert read.status_code == 201, read.text
    assert [one["stem"]["kk"] for one in read.json()["items"]] == ["2+2?", "3+3?"]
    taken = await teacher.post(f"{API}/bank/imports/{read.json()['id']}/take")
    assert taken.json() == {"discipline_id": ids["discipline"]}
    drafts = await every(teacher, f"{bank}/items?state=draft", 1)
    assert len(drafts) == 2
    chosen = {"item_ids": [one["id"] for one in drafts]}
    assert (await teacher.post(f"{bank}/items/approve", json=chosen)).status_code == 403
    assert (await teacher.post(f"{bank}/items/submit", json=chosen)).status_code == 204
    unsaid = await head.post(f"{bank}/items/return", json=chosen)
    assert places(unsaid) == {"remark": "remark_missing"}
    assert (await head.post(f"{bank}/items/approve", json=chosen)).status_code == 204
    moved = await head.post(f"{bank}/items/approve", json=chosen)
    assert (moved.status_code, moved.json()["code"]) == (409, "item_moved")
    shares = {"shares": [{"count": 2}], "questions": 2, "languages": ["kk"]}
    code = (await teacher.get(f"{API}/bank/disciplines")).json()[0]["code"]
    test = {"discipline_code": code, "name": "1-аралық", "control": "midterm_1", **shares}
    loaded = await teacher.post(f"{bank}/tests", json=test)
    assert loaded.status_code == 201, loaded.text
    decision = f"{API}/bank/tests/{loaded.json()['id']}/decision"
    assert (await centre.post(decision, json={"accept": True})).status_code == 204
    states = {one["id"]: one["state"] for one in await every(centre, f"{bank}/tests", 5)}
    assert states[loaded.json()["id"]] == "accepted"


async def test_a_broken_file_is_refused_by_the_api_too(client_of, ids) -> None:
    teacher = await client_of("teacher")
    path = f"{API}/bank/disciplines/{ids['discipline']}/imports?format=qti_21"
    octets = {"Content-Type": "application/octet-stream"}
    refused = await teacher.post(path, content=b"PK\x03\x04 none", headers=octets)
    assert (refused.status_code, refused.json()["code"]) == (422, "file_refused")


async def test_the_testing_centre_sees_tests_and_no_items(client_of, ids) -> None:
    """T-6.4."""
    centre = await client_of("testing")
    bank = f"{API}/bank/disciplines/{ids['discipline']}"
    assert (await centre.get(f"{bank}/items")).json() == []
    assert (await centre.get(f"{bank}/tests")).status_code == 200
    assert (await centre.get(f"{bank}/export?format=gift")).status_code == 403


@pytest.mark.parametrize("cursor", ["W10", "WyJcdTAwMDAiXQ", "WyJcdWQ4MDAiXQ", "WzFlOTk5XQ", "e30"])
@pytest.mark.parametrize("path", ["/people", "/exams", "/structure/faculty"])
async def test_a_strange_cursor_is_refused(registrar, path, cursor) -> None:
    refused = await registrar.get(f"{API}{path}?cursor={cursor}")
    assert (refused.status_code, refused.json()["code"]) == (422, "cursor_invalid")


async def test_a_sittings_changes_come_page_by_page(begun, client_of) -> None:
    await begun.finish()
    proctor = await client_of("registrar")
    path = f"{API}/sittings/{begun.id}/transitions"
    whole = (await proctor.get(path)).json()
    assert len(whole) >= 3
    assert await every(proctor, path, 1) == whole
