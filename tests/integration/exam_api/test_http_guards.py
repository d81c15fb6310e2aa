"""What stands before the routes: same origin, sizes, headers, problem details, figures."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.responses import HTMLResponse
from structlog.testing import capture_logs

from exam_api.services.seeding import DEMO_PASSWORD
from exam_api.web.app import create_app
from exam_api.web.container import Core, WebSettings

pytestmark = pytest.mark.integration


@pytest.fixture
def template(sqlite_template):
    """Nothing here depends on the database."""
    return sqlite_template


@pytest.fixture
async def anonymous(client_of) -> httpx.AsyncClient:
    return await client_of(None)


class TestProblemDetails:
    @pytest.mark.parametrize(
        ("method", "path", "status", "code"),
        [
            ("GET", "/api/v1/nothing", 404, "not_found"),
            ("PATCH", "/api/v1/session", 405, "method_not_allowed"),
            ("GET", "/api/v1/session", 401, "not_logged_in"),
            ("POST", "/api/v1/session", 422, "invalid_request"),
        ],
    )
    async def test_every_error_has_the_same_shape(
        self, anonymous, method: str, path: str, status: int, code: str
    ) -> None:
        response = await anonymous.request(method, path)
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        body = response.json()
        assert body["type"] == f"urn:baqylau:problem:{code}"
        assert (body["status"], body["code"], body["retryable"]) == (status, code, False)
        assert body["title"]

    async def test_what_was_sent_wrongly_is_not_repeated(self, anonymous) -> None:
        response = await anonymous.post(
            "/api/v1/session", json={"login": "secret-login", "password": ["secret-password"]}
        )
        assert response.status_code == 422
        assert "secret" not in response.text
        assert response.json()["errors"] == [{"loc": "body.password", "type": "string_type"}]

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'"\\ud800"', b"9" * 5000])
    async def test_a_body_that_is_no_json_is_the_clients_fault(self, anonymous, body) -> None:
        response = await anonymous.post(
            "/api/v1/session", content=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code in {400, 422}
        assert response.json()["code"] in {"bad_request", "invalid_request"}

    async def test_the_unexpected_tells_nothing_and_the_server_goes_on(
        self, core: Core, monkeypatch: pytest.MonkeyPatch, client_of
    ) -> None:
        http = await client_of("student1")

        async def stumble(*_: object) -> None:
            raise RuntimeError("secret detail")

        with monkeypatch.context() as patch, capture_logs() as logged:
            patch.setattr(core.desk, "exams_after", stumble)
            broken = await http.get("/api/v1/exams")
        assert [entry["event"] for entry in logged] == ["unexpected_error", "request"]
        assert (broken.status_code, broken.json()["code"]) == (500, "internal")
        assert "secret" not in broken.text
        assert (await http.get("/api/v1/exams")).status_code == 200

    async def test_too_many_log_ins_say_when_to_come_back(self, anonymous) -> None:
        wrong = {"login": "student1", "password": "wrong"}
        answers = [await anonymous.post("/api/v1/session", json=wrong) for _ in range(9)]
        assert [answer.status_code for answer in answers] == [401] * 8 + [429]
        assert answers[-1].headers["retry-after"] == "300"
        assert answers[-1].json()["code"] == "too_many_attempts"


class TestPagesForPeople:
    @pytest.fixture
    async def browser(self, core: Core):
        def error_page(_request: object, status: int, code: str) -> HTMLResponse:
            return HTMLResponse(f"<p>{code}</p>", status)

        app = create_app(core, error_page=error_page)
        app.add_api_route("/broken", _divide_by_zero)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://exam.test",
            headers={"Accept": "text/html,*/*"},
        ) as http:
            yield http

    async def test_a_browser_gets_a_page(self, browser) -> None:
        response = await browser.get("/nothing")
        assert (response.status_code, response.text) == (404, "<p>not_found</p>")

    async def test_even_for_the_unexpected(self, browser) -> None:
        with capture_logs():
            response = await browser.get("/broken")
        assert (response.status_code, response.text) == (500, "<p>internal</p>")

    async def test_the_api_answers_browsers_with_problems_too(self, browser) -> None:
        response = await browser.get("/api/v1/session")
        assert response.json()["code"] == "not_logged_in"

    async def test_a_page_that_fails_leaves_the_problem(self, core: Core) -> None:
        def error_page(*_: object) -> HTMLResponse:
            raise RuntimeError

        app = create_app(core, error_page=error_page)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://exam.test"
        ) as http:
            response = await http.get("/nothing", headers={"Accept": "text/html"})
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def _divide_by_zero() -> float:
    return 1 / 0


class TestSameOrigin:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.test"},
            {"Origin": "null"},
            {"Origin": "http://exam.test.evil.test"},
            {"Origin": "http://exam.test:81"},
            {"Origin": "http://exam.test", "Sec-Fetch-Site": "cross-site"},
        ],
    )
    async def test_other_sites_change_nothing(self, begun, headers) -> None:
        refused = await begun.http.post(
            f"/api/v1/sittings/{begun.id}/finish", headers={"X-Client-Id": begun.tab, **headers}
        )
        assert (refused.status_code, refused.json()["code"]) == (403, "cross_site_refused")
        assert (await begun.call("GET", "")).json()["state"] == "in_progress"

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Sec-Fetch-Site": "same-origin"},
            {"Sec-Fetch-Site": "none"},
            {"Origin": "http://exam.test"},
        ],
    )
    async def test_our_own_pages_and_plain_clients_may(self, begun, headers) -> None:
        done = await begun.http.post(
            f"/api/v1/sittings/{begun.id}/finish", headers={"X-Client-Id": begun.tab, **headers}
        )
        assert done.status_code == 200

    async def test_reading_is_not_hindered(self, anonymous) -> None:
        response = await anonymous.get("/healthz", headers={"Sec-Fetch-Site": "cross-site"})
        assert response.status_code == 200


class TestSizes:
    async def test_a_declared_length_is_believed(self, anonymous) -> None:
        response = await anonymous.post("/api/v1/session", content=b"x" * 262_145)
        assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")

    async def test_an_undeclared_one_is_counted(self, anonymous) -> None:
        async def endless():
            for _ in range(100):
                yield b" " * 4096

        response = await anonymous.post(
            "/api/v1/session", content=endless(), headers={"Content-Type": "application/json"}
        )
        assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")

    async def test_a_length_that_is_no_number_is_refused(self, anonymous) -> None:
        response = await anonymous.post(
            "/api/v1/session", content=b"{}", headers={"Content-Length": "-1"}
        )
        assert response.status_code == 413


class TestHeaders:
    @pytest.mark.parametrize("path", ["/healthz", "/nothing", "/api/v1/session"])
    async def test_every_answer_carries_them(self, anonymous, path: str) -> None:
        headers = (await anonymous.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["permissions-policy"].startswith("camera=(self), microphone=(self)")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers

    async def test_over_https_the_cookie_is_bound_to_the_host(self, core: Core) -> None:
        core.web = WebSettings(https=True)
        app = create_app(core)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="https://exam.test"
        ) as http:
            done = await http.post(
                "/api/v1/session", json={"login": "dean", "password": DEMO_PASSWORD}
            )
            cookie = done.headers["set-cookie"]
            assert cookie.startswith("__Host-baqylau=")
            assert all(part in cookie for part in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"))
            assert "Domain" not in cookie
            assert "strict-transport-security" in done.headers
            assert (await http.get("/api/v1/session")).status_code == 200

    async def test_logging_out_takes_the_cookie_back(self, client_of) -> None:
        http = await client_of("dean")
        cookie = http.cookies["baqylau"]
        assert (await http.delete("/api/v1/session")).status_code == 204
        assert "baqylau" not in http.cookies
        kept = await http.get("/api/v1/session", headers={"Cookie": f"baqylau={cookie}"})
        assert kept.status_code == 401

    async def test_one_may_log_out_everywhere(self, client_of) -> None:
        here, there, other = [await client_of(who) for who in ("dean", "dean", "registrar")]
        assert (await here.delete("/api/v1/sessions")).status_code == 204
        statuses = [
            (await http.get("/api/v1/session")).status_code for http in (here, there, other)
        ]
        assert statuses == [401, 401, 200]


class TestFigures:
    async def test_requests_are_counted_by_route_not_by_id(self, begun) -> None:
        figures = (await begun.http.get("/metrics")).text
        labels = 'method="POST",route="/api/v1/sittings/{sitting_id}/begin",status="200"'
        assert f"baqylau_http_requests_total{{{labels}}} 1.0" in figures
        assert begun.id not in figures

    async def test_they_are_for_this_machine_and_administrators_only(self, core: Core) -> None:
        app = create_app(core)

        def client(address: str) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app, client=(address, 1))
            return httpx.AsyncClient(transport=transport, base_url="http://exam.test")

        async with client("192.0.2.7") as far, client("127.0.0.1") as near:
            assert (await far.get("/metrics")).status_code == 404
            assert (await near.get("/metrics")).status_code == 200
            proxied = await near.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"})
            assert proxied.status_code == 404
            await far.post("/api/v1/session", json={"login": "admin", "password": DEMO_PASSWORD})
            assert (await far.get("/metrics")).status_code == 200


async def test_logs_are_json_without_personal_data(capsys: pytest.CaptureFixture[str]) -> None:
    import logging

    import structlog

    from exam_api.web.logs import configure_logging

    root = logging.getLogger()
    before, level = root.handlers, root.level
    try:
        configure_logging()
        structlog.get_logger("test").info("seen", login="someone", route="/x")
        logging.getLogger("library").warning("plain %s", "words")
    finally:
        root.handlers = before
        root.setLevel(level)
        structlog.reset_defaults()
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["route"], ours["login"]) == ("seen", "/x", "[personal]")
    assert (theirs["event"], theirs["level"]) == ("plain words", "warning")


class TestTokenEndpointsFromOtherSites:
    """RFC 9725 §4.7: pages of named sites may call what takes a bearer token, nothing else."""

    @pytest.fixture
    async def http(self, core: Core) -> AsyncIterator[httpx.AsyncClient]:
        core.web = WebSettings(token_origins=("https://player.test",))
        transport = httpx.ASGITransport(create_app(core))
        async with httpx.AsyncClient(transport=transport, base_url="http://exam.test") as client:
            yield client

    async def _asked(self, http: httpx.AsyncClient, path: str, origin: str) -> httpx.Response:
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        }
        return await http.options(path, headers=headers)

    async def test_a_named_site_is_let_in(self, http: httpx.AsyncClient) -> None:
        reply = await self._asked(http, "/whip", "https://player.test")
        assert reply.status_code == 200
        assert reply.headers["access-control-allow-origin"] == "https://player.test"
        assert "DELETE" in reply.headers["access-control-allow-methods"]
        sent = await http.post("/whip", headers={"Origin": "https://player.test"})
        exposed = sent.headers["access-control-expose-headers"]
        assert all(name in exposed for name in ("Location", "ETag", "Link"))

    @pytest.mark.parametrize(
        ("path", "origin"),
        [("/whip", "https://other.test"), ("/api/v1/session", "https://player.test")],
    )
    async def test_others_and_the_api_are_not(self, http, path: str, origin: str) -> None:
        reply = await self._asked(http, path, origin)
        assert "access-control-allow-origin" not in reply.headers
