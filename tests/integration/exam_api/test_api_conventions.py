"""What every route has without saying so: idempotency keys, rate limits, a complete schema."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import func, select

from exam_api.adapters.sql.tables import KeptCallRow
from exam_api.domain.errors import StorageBusy
from exam_api.domain.policy import RateLimits
from exam_api.web.app import create_app
from exam_api.web.container import Core, WebSettings

pytestmark = pytest.mark.integration

CLAIM = {"client_id": "tab-one", "take_over": False}


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key, "X-Client-Id": "tab-one"}


async def kept(core: Core) -> int:
    async with core.database.read() as unit:
        return await unit.session.scalar(select(func.count()).select_from(KeptCallRow)) or 0


class TestIdempotencyKeys:
    async def test_the_second_call_gets_the_first_answer(self, student, core: Core) -> None:
        path = f"/api/v1/sittings/{student.id}/publish-token"
        first = await student.http.post(path, headers=keyed("a"))
        again = await student.http.post(path, headers=keyed("a"))
        other = await student.http.post(path, headers=keyed("b"))
        assert first.status_code == again.status_code == 200
        assert again.json() == first.json()
        assert again.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" not in first.headers
        assert other.json()["token"] != first.json()["token"]

    async def test_another_body_under_the_same_key_is_refused(self, student) -> None:
        path = f"/api/v1/sittings/{student.id}/claim"
        assert (await student.http.post(path, json=CLAIM, headers=keyed("a"))).status_code == 200
        changed = {**CLAIM, "take_over": True}
        refused = await student.http.post(path, json=changed, headers=keyed("a"))
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")

    async def test_a_refused_call_may_be_tried_again_with_its_key(self, student, core) -> None:
        begin = f"/api/v1/sittings/{student.id}/begin"
        early = await student.http.post(begin, headers=keyed("begin"))
        assert (early.status_code, early.json()["code"]) == (409, "recording_not_live")
        await student.publish(core)
        begun = await student.http.post(begin, headers=keyed("begin"))
        assert begun.status_code == 200

    async def test_keys_are_each_persons_own(self, student, client_of, exam_id) -> None:
        path = f"/api/v1/exams/{exam_id}/sittings"
        first = await student.http.post(path, headers=keyed("a"))
        other = await (await client_of("student2")).post(path, headers=keyed("a"))
        assert other.status_code == 200
        assert other.json()["id"] != first.json()["id"]

    async def test_two_at_the_same_moment_do_it_once(self, student) -> None:
        path = f"/api/v1/sittings/{student.id}/publish-token"
        calls = [student.http.post(path, headers=keyed("a")) for _ in range(4)]
        answers = await asyncio.gather(*calls)
        done = {answer.json()["token"] for answer in answers if answer.status_code == 200}
        assert len(done) == 1
        waiting = [answer for answer in answers if answer.status_code != 200]
        assert {answer.json()["code"] for answer in waiting} <= {"request_in_progress"}

    async def test_what_is_kept_can_be_read_with_the_key_only(self, student, core: Core) -> None:
        path = f"/api/v1/sittings/{student.id}/publish-token"
        token = (await student.http.post(path, headers=keyed("a"))).json()["token"]
        async with core.database.read() as unit:
            row = await unit.session.scalar(select(KeptCallRow))
        assert row is not None
        assert row.body is not None
        assert token.encode() not in row.body
        assert row.key != "a"

    async def test_nothing_is_kept_for_ever(self, student, core: Core, clock) -> None:
        path = f"/api/v1/sittings/{student.id}/claim"
        await student.http.post(path, json=CLAIM, headers=keyed("a"))
        assert await kept(core) == 1
        clock.pass_time(hours=25)
        await student.log_in_again()
        await student.http.post(path, json=CLAIM, headers=keyed("b"))
        assert await kept(core) == 1

    async def test_a_call_that_died_with_its_server_may_be_made_again(
        self, student, core: Core, clock
    ) -> None:
        path = f"/api/v1/sittings/{student.id}/publish-token"
        await student.http.post(path, headers=keyed("a"))
        async with core.database.write() as unit:
            row = await unit.session.scalar(select(KeptCallRow))
            row.status = row.body = None
        waiting = await student.http.post(path, headers=keyed("a"))
        assert (waiting.status_code, waiting.headers["retry-after"]) == (409, "1")
        clock.pass_time(minutes=3)
        assert (await student.http.post(path, headers=keyed("a"))).status_code == 200

    async def test_without_a_session_the_header_says_nothing(self, client_of, core) -> None:
        nobody = await client_of(None)
        answer = await nobody.post("/api/v1/exams/x/sittings", headers=keyed("a"))
        assert answer.status_code == 401
        assert await kept(core) == 0

    @pytest.mark.parametrize("key", ["", "with space", "x" * 129, "ә".encode()])
    async def test_a_key_is_short_and_visible(self, student, key) -> None:
        headers = {b"Idempotency-Key": key if isinstance(key, bytes) else key.encode()}
        path = f"/api/v1/sittings/{student.id}/claim"
        refused = await student.http.post(path, json=CLAIM, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")

    async def test_where_the_answer_cannot_be_kept_nobody_is_told_that_it_was_done(
        self, student, core: Core, monkeypatch
    ) -> None:
        async def full(*_: object) -> None:
            raise StorageBusy

        monkeypatch.setattr(core.idempotency, "finish", full)
        path = f"/api/v1/sittings/{student.id}/claim"
        told = await student.http.post(path, json=CLAIM, headers=keyed("a"))
        assert (told.status_code, told.json()["code"]) == (503, "storage_busy")


class TestRateLimits:
    @pytest.fixture
    async def limited(self, core: Core):
        core.web = replace(core.web, rates=RateLimits(reads=5, writes=2, answers=3, address=4))
        core.metrics = CollectorRegistry()  # a second application over the same core
        app = create_app(core)
        opened = []

        async def make() -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app)
            opened.append(httpx.AsyncClient(transport=transport, base_url="http://exam.test"))
            return opened[-1]

        yield make
        for client in opened:
            await client.aclose()

    @pytest.fixture
    def template(self, sqlite_template):
        """Nothing here depends on the database."""
        return sqlite_template

    async def test_an_address_without_a_session_is_told_when_to_come_back(self, limited) -> None:
        http = await limited()
        answers = [await http.get("/api/v1/session") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [401] * 4 + [429]
        assert answers[-1].json()["code"] == "too_many_requests"
        assert answers[-1].headers["content-type"] == "application/problem+json"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 15

    async def test_reading_much_does_not_keep_an_answer_from_being_saved(
        self, begun, limited
    ) -> None:
        http = await limited()
        http.cookies = begun.http.cookies
        question = (await begun.questions())[0]
        while (await http.get("/api/v1/session")).status_code == 200:
            pass
        path = f"/api/v1/sittings/{begun.id}/answers/{question['id']}"
        response = {"kind": "single", "choice": question["choices"][0]["id"]}
        given = {"response": response, "client_seq": 1}
        saved = await http.put(path, json=given, headers={"X-Client-Id": begun.tab})
        assert saved.status_code == 200

    async def test_probes_are_never_refused(self, limited) -> None:
        http = await limited()
        assert {(await http.get("/healthz")).status_code for _ in range(20)} == {200}


class TestTheSchema:
    @pytest.fixture
    def schema(self, core: Core) -> dict:
        return create_app(core).openapi()

    @pytest.fixture
    def template(self, sqlite_template):
        return sqlite_template

    def test_every_operation_declares_its_problems(self, schema: dict) -> None:
        assert schema["openapi"].startswith("3.1")
        for path, item in schema["paths"].items():
            for method, operation in item.items():
                codes = set(operation["responses"])
                assert {"429", "500", "503"} <= codes, (method, path)
                if "security" in operation:
                    assert {"401", "403"} <= codes, (method, path)
        problem = schema["components"]["responses"]["Problem409"]
        codes = problem["content"]["application/problem+json"]["schema"]["allOf"][1]
        assert "time_over" in codes["properties"]["code"]["examples"]

    def test_a_route_may_name_its_own(self, schema: dict) -> None:
        saving = schema["paths"]["/api/v1/sittings/{sitting_id}/answers/{item_id}"]["put"]
        shape = saving["responses"]["409"]["content"]["application/problem+json"]["schema"]
        codes = set(shape["allOf"][1]["properties"]["code"]["enum"])
        assert codes == {"open_elsewhere", "not_in_progress", "time_over", "request_in_progress"}

    def test_unsafe_operations_take_an_idempotency_key(self, schema: dict) -> None:
        claim = schema["paths"]["/api/v1/sittings/{sitting_id}/claim"]["post"]
        assert "Idempotency-Key" in {each["name"] for each in claim["parameters"]}
        read = schema["paths"]["/api/v1/sittings/{sitting_id}"]["get"]
        assert "Idempotency-Key" not in {each["name"] for each in read["parameters"]}


def test_defaults_are_generous() -> None:
    limits = WebSettings().rates
    assert limits.answers >= 60 * 10
    assert timedelta(minutes=1) / limits.reads < timedelta(milliseconds=20)
