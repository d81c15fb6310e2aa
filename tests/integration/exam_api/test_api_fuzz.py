"""Every operation of the API, by everybody: no 5xx, and each answer is what the schema says.

The operations come from the served OpenAPI document, the ids from the database: a route that is
added later is tried without a word here. Each generated call is sent by nobody and by a person
of each role, one after the other.
"""

import asyncio
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import create_engine, inspect, text

from exam_api.adapters.clock import SystemClock
from exam_api.adapters.passwords import Argon2Passwords
from exam_api.adapters.sql.database import open_database
from exam_api.adapters.sql.migrate import sync_url
from exam_api.cli.demo_run import seed
from exam_api.cli.server import listen, serving
from exam_api.domain.roles import Role
from exam_api.services.seeding import DEMO_PASSWORD, SeedPerson, load_university
from exam_api.settings import Settings
from tests.patience import PATIENCE_S

from .conftest import new_database

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

CALLS_A_ROUTE = 6  # of each operation, half of them malformed
# The first call of each operation is always made; the others while time is left.
SECONDS = {"sqlite": 30.0, "postgres": 10.0}
NOBODY = "nobody"
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_MADE = "fuzz-"
_BOUNDS = {"maxLength", "pattern", "enum", "const", "format"}
_NAMED = {"properties", "propertyNames", "patternProperties"}
_STREAMS = "text/event-stream"


_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@schemathesis.serializer(
    "video/webm", "application/octet-stream", "application/pkcs7-signature", _XLSX
)
def as_it_is(_context: object, value: object) -> bytes:
    """Pieces of recordings, tables, signatures: any bytes will do."""
    return value if isinstance(value, bytes) else str(value).encode()


class Server(threading.Thread):
    """The whole application, as `baqylau serve` runs it, in an event loop of its own."""

    def __init__(self, folder: Path, database_url: str) -> None:
        super().__init__(name="server of the fuzz test", daemon=True)
        self.settings = Settings(
            data_dir=folder,
            database_url=database_url,
            rate_reads=0,
            rate_writes=0,
            rate_answers=0,
            rate_address=0,
        )
        self.ready = threading.Event()
        self.base_url = ""
        self.schema: dict[str, object] = {}

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self.ready.set()  # where it did not start, nobody waits for it

    async def _serve(self) -> None:
        await seed(self.settings)
        await self._add_missing_roles()
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        listener = listen("127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with serving(self.settings, listener):
            self.ready.set()
            await self._over.wait()

    async def _add_missing_roles(self) -> None:
        database = await open_database(self.settings.database, SystemClock())
        password = Argon2Passwords().hash(DEMO_PASSWORD)
        async with database.write() as unit:
            for role in Role:
                login = login_of(role)
                if login.startswith(_MADE):
                    person = SeedPerson(login, login, "en", (role,), None)
                    await unit.seeds.add_person(person, password)
            stranger = SeedPerson(_MADE + "person", "Fuzzed", "en", (Role.PROCTOR,), None)
            await unit.seeds.add_person(stranger, password)
            self.person_id = (await unit.directory.by_logins([stranger.login]))[stranger.login].id
        await database.aclose()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self.join(PATIENCE_S)


def login_of(role: Role) -> str:
    """The demo's person of the role, or one made for the test."""
    people = load_university().people
    return next((each.login for each in people if each.roles == (role,)), _MADE + role)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def on(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def server(
    on: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    url = new_database(request.getfixturevalue("postgres_server")) if on == "postgres" else ""
    running = Server(tmp_path_factory.mktemp("fuzzed"), url)
    running.start()
    assert running.ready.wait(2 * PATIENCE_S)
    assert running.is_alive()
    yield running
    running.close()


class Caller:
    """A person with a session, taken anew where a call ended it."""

    def __init__(self, server: Server, role: Role | None) -> None:
        self._server, self._role = server, role
        self.name = role.value if role else NOBODY
        self.http = requests.Session()
        self.log_in()

    def log_in(self) -> None:
        if self._role is not None:
            given = {"login": login_of(self._role), "password": DEMO_PASSWORD}
            self.http.post(
                f"{self._server.base_url}/api/v1/session", json=given, timeout=PATIENCE_S
            )

    def send(self, case: Case) -> requests.Response:
        asked = case.as_transport_kwargs(base_url=self._server.base_url)
        asked["cookies"] = None  # the session's own
        answer = self.http.request(**asked, timeout=PATIENCE_S, stream=True, allow_redirects=False)
        if answer.headers.get("content-type", "").startswith(_STREAMS):
            answer.close()
        else:
            answer.content  # noqa: B018 - read it whole
        if self._role and "/session" in case.path and case.method == "DELETE":
            self.log_in()
        return answer


class Ids:
    """``sitting_id`` is the id of a row of the table ``sitting``, most of the time."""

    def __init__(self, url: str, person_id: str) -> None:
        self._chance = random.Random(20261122)
        self._known: dict[str, list[str]] = defaultdict(list)
        engine = create_engine(sync_url(url))
        with engine.connect() as connection:
            for table in inspect(engine).get_table_names():
                columns = {each["name"] for each in inspect(engine).get_columns(table)}
                if "id" in columns:
                    rows = connection.execute(text(f'SELECT id FROM "{table}" LIMIT 20'))
                    self._known[table] = [str(row[0]) for row in rows]
        engine.dispose()
        # Whose password is reset, and who is disabled, is none of those who ask.
        self._known["person"] = [person_id]

    def put(self, case: Case) -> None:
        for name in case.path_parameters or ():
            known = self._known.get(name.removesuffix("_id"))
            if known and self._chance.random() < 0.8:
                case.path_parameters[name] = self._chance.choice(known)


def calls_of(operation: schemathesis.APIOperation) -> Sequence[Case]:
    made: list[Case] = []
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @settings(
            max_examples=CALLS_A_ROUTE // 2,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def note(case: Case) -> None:
            made.append(case)

        with suppress(Unsatisfiable):  # an operation that takes nothing cannot be asked wrongly
            note()
    return made


def prepare(server: Server, student: Caller) -> None:
    """A sitting to act on."""
    exams = student.http.get(f"{server.base_url}/api/v1/exams", timeout=PATIENCE_S).json()
    for card in exams:
        path = f"/api/v1/exams/{card['exam']['id']}/sittings"
        student.http.post(server.base_url + path, timeout=PATIENCE_S)


def test_nobody_breaks_the_api(server: Server, on: str) -> None:
    callers = [Caller(server, role) for role in (None, *Role)]
    prepare(server, next(caller for caller in callers if caller.name == Role.STUDENT))
    served = requests.get(f"{server.base_url}/api/v1/openapi.json", timeout=PATIENCE_S).json()
    schema = schemathesis.openapi.from_dict(served)
    operations = [result.ok() for result in schema.get_all_operations()]
    operations = [each for each in operations if each.path.startswith("/api/v1")]
    assert len(operations) > 25
    began = time.monotonic()
    calls = [calls_of(operation) for operation in operations]
    if on == "postgres":  # malformed ones first: there is time for few more than one of each
        calls = [made[::-1] for made in calls]
    ids = Ids(server.settings.database, server.person_id)
    wrong: dict[str, str] = {}
    answered: defaultdict[str, set[int]] = defaultdict(set)
    for turn in range(CALLS_A_ROUTE):
        for number, (operation, made) in enumerate(zip(operations, calls, strict=True)):
            late = time.monotonic() - began > SECONDS[on]
            if turn >= len(made) or (late and turn > 0):
                continue
            case = made[turn]
            ids.put(case)
            # A third of the callers an operation on PostgreSQL: all of them over three.
            for caller in callers[number % 3 :: 3] if on == "postgres" else callers:
                answer = caller.send(case)
                answered[operation.label].add(answer.status_code)
                if problem := _problem(case, answer):
                    wrong.setdefault(f"{operation.label} by {caller.name}", problem)
    assert not wrong, "\n\n".join(f"{where}\n{what}" for where, what in [*wrong.items()][:12])
    assert {label for label, seen in answered.items() if seen} == {o.label for o in operations}


# Refused unless it is a part of the question.
_CHECKED_BY_PAPER = "put /api/v1/sittings/{sitting_id}/answers/{item_id} body.response"


def test_every_text_asked_for_is_bounded(server: Server) -> None:
    schema = requests.get(f"{server.base_url}/api/v1/openapi.json", timeout=PATIENCE_S).json()
    found = {place for place in _unbounded(schema) if not place.startswith(_CHECKED_BY_PAPER)}
    assert found == set(), "an id, or plain(…), instead of a bare str"


# Of one sitting: as many as it has questions, or papers about it.
_SHORT = {"/api/v1/appeals/{appeal_id}/answer-sheet", "/api/v1/sittings/{sitting_id}/acts"}


def test_every_list_comes_page_by_page(server: Server) -> None:
    schema = requests.get(f"{server.base_url}/api/v1/openapi.json", timeout=PATIENCE_S).json()
    whole = {
        path
        for path, item in schema["paths"].items()
        if "get" in item
        and _answer(schema, item["get"]).get("type") == "array"
        and "cursor" not in {each["name"] for each in item["get"].get("parameters", ())}
    }
    assert whole == _SHORT


def _answer(schema: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    content = operation["responses"].get("200", {}).get("content", {})
    shape = content.get("application/json", {}).get("schema", {})
    name = shape.get("$ref", "").rpartition("/")[2]
    return schema["components"]["schemas"][name] if name else shape


def _unbounded(schema: dict[str, Any]) -> Iterator[str]:
    """Where a request may hold text of any length, and what no database stores."""
    for path, item in schema["paths"].items():
        for method, operation in item.items() if path.startswith("/api/v1") else ():
            named = operation.get("parameters", ())
            asked = {each["name"]: each["schema"] for each in named if each["in"] != "header"}
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                asked["body"] = content["application/json"]["schema"]
            for name, shape in asked.items():
                yield from _texts(schema, shape, f"{method} {path} {name}")


def _texts(schema: dict[str, Any], shape: dict[str, Any], place: str) -> Iterator[str]:
    if "$ref" in shape:
        shape = schema["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
    if shape.get("type") == "string" and not _BOUNDS & set(shape):
        yield place
    if shape.get("type") == "object" and not _NAMED & set(shape):
        yield f"{place}, the names"
    for name, inner in shape.get("properties", {}).items():
        yield from _texts(schema, inner, f"{place}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(inner := shape.get(key), dict):
            yield from _texts(schema, inner, place)
    for inner in (*shape.get("anyOf", ()), *shape.get("oneOf", ())):
        yield from _texts(schema, inner, place)


def _problem(case: Case, answer: requests.Response) -> str:
    if answer.status_code >= 500:
        return f"{answer.status_code} {answer.text[:300]}"
    if answer.headers.get("content-type", "").startswith(_STREAMS):
        return ""
    try:
        case.validate_response(answer, checks=CHECKS)
    except BaseExceptionGroup as failures:
        return "\n".join(str(failure)[:700] for failure in failures.exceptions)
    return ""
