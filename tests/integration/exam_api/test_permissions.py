"""Who may do what: every role against every route, and strangers' sittings are not there."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from sqlalchemy import delete, select

from exam_api.adapters.sql.tables import ExamMember, ExamProctor, Sitting
from exam_api.web.container import Core

pytestmark = pytest.mark.integration

# People see a sitting; only its student acts in it. Another student does not even find it.
_OWN, _STRANGER, _STAFF = "student1", "student2", ("proctor1", "member", "dean", "testing")
# The owner last: finishing changes what the others would be told.
PEOPLE = (None, _STRANGER, *_STAFF, "registrar", "admin", _OWN)
SEES = {_OWN: 200, _STRANGER: 404, None: 401}
ACTS = {_OWN: 200, None: 401}


@dataclass(frozen=True)
class Route:
    """``others``: the status for everybody whom ``named`` does not name."""

    method: str
    path: str
    named: Mapping[str | None, int]
    others: int
    body: Mapping[str, object] | None = None

    def request(self, names: Mapping[str, str]) -> dict[str, object]:
        return {
            "method": self.method,
            "url": self.path.format(**names),
            "json": _filled(self.body, names) if self.body else None,
            "headers": {"X-Client-Id": "tab-one"},
        }


def _filled(body: object, names: Mapping[str, str]) -> object:
    if isinstance(body, Mapping):
        return {key: _filled(value, names) for key, value in body.items()}
    return body.format(**names) if isinstance(body, str) else body


SITTING = "/api/v1/sittings/{sitting}"
ROUTES = (
    Route("GET", "/api/v1/session", {None: 401}, 200),
    Route("GET", "/api/v1/exams", {None: 401}, 200),
    Route("GET", "/api/v1/exams/{exam}", {None: 401}, 200),
    Route("POST", "/api/v1/exams/{exam}/sittings", {_OWN: 200, _STRANGER: 200, None: 401}, 403),
    Route("GET", SITTING, SEES, 200),
    Route("POST", f"{SITTING}/claim", ACTS, 404, {"client_id": "tab-one"}),
    Route("POST", f"{SITTING}/publish-token", ACTS, 404),
    Route("POST", f"{SITTING}/begin", ACTS, 404),
    # Staff who may see the sitting may still not see the questions (T-6.4).
    Route("GET", f"{SITTING}/questions", SEES, 403),
    Route(
        "PUT",
        f"{SITTING}/answers/{{item}}",
        ACTS,
        404,
        {"response": {"kind": "single", "choice": "{choice}"}, "client_seq": 1},
    ),
    Route("POST", f"{SITTING}/finish", ACTS, 404),
)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_role_by_route(begun, client_of, route: Route) -> None:
    question = (await begun.questions())[0]
    names = {
        "exam": begun.exam_id,
        "sitting": begun.id,
        "item": question["id"],
        "choice": question["choices"][0]["id"],
    }
    for person in PEOPLE:
        response = await (await client_of(person)).request(**route.request(names))
        assert response.status_code == route.named.get(person, route.others), (
            person,
            response.text,
        )
        if response.is_error:
            assert response.headers["content-type"] == "application/problem+json"


async def test_proctors_and_members_see_their_own_exams_only(begun, client_of, core: Core) -> None:
    async with core.database.write() as unit:
        await unit.session.execute(delete(ExamProctor))
        await unit.session.execute(delete(ExamMember))
    for login in ("proctor1", "member"):
        http = await client_of(login)
        assert (await http.get(f"/api/v1/sittings/{begun.id}")).status_code == 404
        assert (await http.get(f"/api/v1/exams/{begun.exam_id}")).status_code == 404
        assert (await http.get("/api/v1/exams")).json() == []


async def test_the_least_busy_proctor_gets_the_next_student(core: Core, exam_id: str) -> None:
    """Three seeded students, two proctors."""
    async with core.database.read() as unit:
        proctors = (await unit.session.scalars(select(Sitting.proctor_id))).all()
    assert sorted(Counter(proctors).values()) == [1, 2]


async def test_a_name_is_shown_to_those_who_may_see_the_sitting(begun, client_of) -> None:
    http = await client_of("proctor1")
    shown = (await http.get(f"/api/v1/sittings/{begun.id}")).json()
    assert shown["student"] == {"full_name": "Нұрланова Айгерім Серікқызы"}
