"""People, schedule and test bank by the JSON API: what a university's own systems call."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from exam_api.adapters.sql.tables import Discipline, Enrolment, StudyGroup

from .conftest import START

pytestmark = pytest.mark.integration
API = "/api/v1"
NO_ID = "0" * 8 + "-0000-0000-0000-" + "0" * 12
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
        ({"group_id": NO_ID}, "group", "group_unknown"),
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
        ({"discipline_id": NO_ID}, "reference_unknown"),
        ({"rooms": [NO_ID]}, "reference_unknown"),
        ({"closes_at": START.isoformat()}, "window_too_short"),
        ({"policy": {"questions": 0}}, "setting_wrong"),
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


# --- sessions of exams, rooms ---------------------------------------------------------------------


WINTER = {"title": "Қысқы сессия", "starts_on": "2027-01-11", "ends_on": "2027-01-30"}


async def test_a_session_of_exams_is_made_approved_and_changed(registrar, core) -> None:
    """S-5, S-8, S-14."""
    async with core.database.read() as unit:
        member = (await unit.directory.by_logins(["member"]))["member"].id
    order = {"order_number": "17-ө", "order_date": "2026-12-01", "members": [member]}
    made = await registrar.post(f"{API}/schedule/periods", json={**WINTER, **order})
    assert made.status_code == 201, made.text
    path = f"{API}/schedule/periods/{made.json()['id']}"
    approved = await registrar.put(f"{path}/approvals/schedule", json={"on": "2026-12-20"})
    assert approved.status_code == 204
    longer = {**WINTER, **order, "ends_on": "2027-02-06"}
    assert (await registrar.put(path, json=longer)).status_code == 204
    (shown,) = await every(registrar, f"{API}/schedule/periods", 5)
    assert (shown["ends_on"], shown["members"]) == ("2027-02-06", [member])
    assert shown["schedule_approved_on"] == "2026-12-20", "what was approved stays approved"
    again = await registrar.post(f"{API}/schedule/periods", json=WINTER)
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"ends_on": "2027-01-10"}, "dates_reversed"),
        ({"starts_on": "0001-01-01"}, "dates_far"),
        ({"title": "\0"}, "invalid_request"),
        ({"members": [NO_ID]}, "order_missing"),
        ({"order_number": "17-ө"}, "order_missing"),
        (
            {"members": [NO_ID], "order_number": "17-ө", "order_date": "2026-12-01"},
            "reference_unknown",
        ),
    ],
    ids=["backwards", "year", "letters", "no order", "no date", "nobody"],
)
async def test_a_session_that_cannot_be_is_refused(registrar, wrong, code) -> None:
    refused = await registrar.post(f"{API}/schedule/periods", json={**WINTER, **wrong})
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert await every(registrar, f"{API}/schedule/periods", 5) == []


async def test_rooms_are_made_and_changed(registrar) -> None:
    made = [
        await registrar.post(f"{API}/schedule/rooms", json={"name": name, "seats": 20})
        for name in ("А-101", "А-102")
    ]
    assert [one.status_code for one in made] == [201, 201]
    path = f"{API}/schedule/rooms/{made[0].json()['id']}"
    assert (await registrar.put(path, json={"name": "А-101", "seats": 12})).status_code == 204
    taken = await registrar.put(path, json={"name": "А-102", "seats": 12})
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    listed = await every(registrar, f"{API}/schedule/rooms", 1)
    assert [(one["name"], one["seats"]) for one in listed] == [("А-101", 12), ("А-102", 20)]
    for path in (f"{API}/schedule/rooms/{NO_ID}", f"{API}/schedule/periods/{NO_ID}"):
        body = {"name": "А-9", "seats": 1} if "rooms" in path else WINTER
        assert (await registrar.put(path, json=body)).status_code == 404
    large = await registrar.post(f"{API}/schedule/rooms", json={"name": "А", "seats": 10**10})
    assert large.status_code == 422


# --- admission ------------------------------------------------------------------------------------


XLSX = {"Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


async def test_a_statement_is_shown_and_then_taken(registrar, exam_id: str) -> None:
    """S-7."""
    path = f"{API}/schedule/exams/{exam_id}"
    url = f"{path}/statement?name=zhr.csv"
    table = "логин;рейтинг;берешек\nstudent1;81;жоқ\nstudent2;90;+\n".encode()
    shown = await registrar.post(url, content=table, headers=XLSX)
    assert shown.status_code == 200, shown.text
    changes = shown.json()["changes"]
    assert [(one["before"], one["points"], one["debt"]) for one in changes] == [
        (74, 81, False),
        (74, 90, True),
    ]
    assert len(shown.json()["left_out"]) == 1
    before = await every(registrar, f"{path}/enrolments", 5)
    assert {one["rating"] for one in before} == {74}, "shown only"
    key = {**XLSX, "Idempotency-Key": "statement-1"}
    taken = await registrar.put(url, content=table, headers=key)
    assert taken.json()["changes"] == changes
    again = await registrar.put(url, content=table, headers=key)
    assert again.headers["idempotency-replayed"] == "true"
    after = await every(registrar, f"{path}/enrolments", 5)
    assert sorted((one["rating"], one["admission"]) for one in after) == [
        (74, "admitted"),
        (81, "admitted"),
        (90, "debt"),
    ]


async def test_a_wrong_row_is_named_and_nothing_is_taken(registrar, exam_id: str) -> None:
    path = f"{API}/schedule/exams/{exam_id}"
    url = f"{path}/statement?name=zhr.csv"
    table = b"login;points\nstudent1;81\nghost;50\nstudent2;=1+1\n"
    shown = await registrar.post(url, content=table, headers=XLSX)
    assert [(one["row"], one["problem"]) for one in shown.json()["errors"]] == [
        (3, "student_unknown"),
        (4, "cell_formula"),
    ]
    refused = await registrar.put(url, content=table, headers=XLSX)
    assert refused.json()["code"] == "statement_refused"
    assert places(refused) == {"row.3": "student_unknown", "row.4": "cell_formula"}
    enrolled = await every(registrar, f"{path}/enrolments", 5)
    assert {one["rating"] for one in enrolled} == {74}
    for broken in (b"PK\x03\x04 none", b"\0\1"):
        unread = await registrar.post(url, content=broken, headers=XLSX)
        assert unread.status_code == 422
        assert unread.json()["code"].startswith("sheet_")


async def test_what_a_student_is_allowed_is_set_and_taken_back(registrar, exam_id: str) -> None:
    """T-4.11: the document says why, and is told to nobody."""
    path = f"{API}/schedule/exams/{exam_id}/enrolments"
    student_id = (await every(registrar, path, 5))[0]["student_id"]
    own = f"{path}/{student_id}/allowances"
    given = {
        "extra_min": 15,
        "excused": ["looking_away"],
        "opens_at": (START + timedelta(days=1)).isoformat(),
        "closes_at": (START + timedelta(days=2)).isoformat(),
    }
    undocumented = await registrar.put(own, json=given)
    assert undocumented.json()["code"] == "document_missing"
    granted = await registrar.put(own, json={**given, "document": "анықтама № 7"})
    assert granted.status_code == 204, granted.text
    answer = await registrar.get(path)
    (shown,) = [one for one in answer.json() if one["student_id"] == student_id]
    assert (shown["extra_min"], shown["excused"]) == (15, ["looking_away"])
    assert "№ 7" not in answer.text
    for wrong in ({"extra_min": 241}, {"excused": ["connection_lost"]}, {"closes_at": None}):
        refused = await registrar.put(own, json={**given, "document": "№ 7", **wrong})
        assert refused.status_code == 422
    assert (await registrar.put(own, json={})).status_code == 204
    (shown,) = [one for one in await every(registrar, path, 5) if one["student_id"] == student_id]
    assert (shown["extra_min"], shown["opens_at"]) == (0, None)


async def test_a_decision_admits_and_is_taken_back(registrar, exam_id: str) -> None:
    """T-4.1."""
    path = f"{API}/schedule/exams/{exam_id}"
    low = b"login;points\nstudent1;10\n"
    await registrar.put(f"{path}/statement?name=a.csv", content=low, headers=XLSX)
    (student,) = [
        one for one in await every(registrar, f"{path}/enrolments", 5) if one["rating"] == 10
    ]
    own = f"{path}/enrolments/{student['student_id']}/admission"
    assert (await registrar.put(own, json={"reason": " "})).status_code == 422
    for method, body, admission in (
        ("PUT", {"reason": "ректордың № 5 бұйрығы"}, "admitted"),
        ("DELETE", None, "low_rating"),
    ):
        assert (await registrar.request(method, own, json=body)).status_code == 204
        listed = await every(registrar, f"{path}/enrolments", 5)
        states = {one["student_id"]: one["admission"] for one in listed}
        assert states[student["student_id"]] == admission


async def test_nothing_is_allowed_once_the_test_runs(registrar, begun) -> None:
    path = f"{API}/schedule/exams/{begun.exam_id}/enrolments"
    (running,) = [one for one in await every(registrar, path, 5) if one["sitting_id"] == begun.id]
    own = f"{path}/{running['student_id']}"
    for answer in (
        await registrar.put(f"{own}/allowances", json={"extra_min": 5, "document": "№ 7"}),
        await registrar.put(f"{own}/admission", json={"reason": "x"}),
        await registrar.delete(f"{own}/admission"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "exam_begun")


# --- lists that come page by page -----------------------------------------------------------------


async def test_short_lists_come_page_by_page_too(client_of, registrar, ids, core) -> None:
    made = [await registrar.post(f"{API}/schedule/exams", json=exam_body(ids)) for _ in range(3)]
    paths = [f"{API}/schedule/exams/{one.json()['id']}" for one in made]
    async with core.database.read() as unit:
        found = await unit.directory.by_logins(["proctor1", "proctor2"])
    for path in paths:
        logins = ["student1", "student2", "student3"]
        await registrar.post(f"{path}/enrolments", json={"logins": logins})
    appointed = {"proctor_ids": [one.id for one in found.values()]}
    await registrar.post(f"{paths[0]}/proctors", json=appointed)
    for _ in range(2):
        await client_of("registrar")
    for url, least in (
        (f"{paths[0]}/proctors", 2),
        (f"{API}/schedule/conflicts", 2),
        (f"{API}/sessions", 3),
        (f"{API}/bank/disciplines/{ids['discipline']}/loaders", 1),
    ):
        who = await client_of("head") if "bank" in url else registrar
        whole = (await who.get(url)).json()
        assert len(whole) >= least
        assert await every(who, url, 1) == whole
    refused = await registrar.get(f"{API}/sessions?cursor=W10")
    assert refused.json()["code"] == "cursor_invalid"


async def test_questions_sent_to_appeal_come_page_by_page(begun) -> None:
    """S-20."""
    questions = await begun.questions()
    for question in (questions[2], questions[0], questions[1]):
        await begun.call("PUT", f"/question-appeals/{question['id']}", json={"text": ""})
    path = f"{API}/sittings/{begun.id}/question-appeals"
    listed = await every(begun.http, path, 2)
    assert [one["position"] for one in listed] == [1, 2, 3]


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
