"""What the WHIP endpoint answers before any media: RFC 9725's rules of HTTP."""

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from capture.contracts import PublishGrant, TrackKey, TrackKind
from capture.endpoint import Publication
from capture.errors import CaptureError, TokenExpired, TokenInvalid
from capture.ice import IceSettings, linked_servers
from capture.service import CaptureService
from capture.whip import whip_router


class Service:
    """Knows one publication; says what it was asked to do."""

    def __init__(self):
        self.ended = []

    async def publish(self, grant, offer_sdp):
        assert offer_sdp == "v=0\r\n"
        return Publication("r1", "v=0\r\nanswer", "tag")

    track_of = CaptureService.track_of
    _by_resource = {"r1": TrackKey("s1")}  # noqa: RUF012 - read only

    async def end(self, resource_id):
        self.ended.append(resource_id)


@pytest.fixture
def service():
    return Service()


@pytest.fixture
async def http(service):
    async def authorize(token):
        if token == "late":
            raise TokenExpired("too late")
        if token == "wrong":
            raise TokenInvalid("unknown")
        sitting_id, _, kind = token.partition(":")
        return PublishGrant(sitting_id, None, TrackKind(kind or "camera"))

    app = FastAPI()
    ice = IceSettings(("stun:stun.example", "turn:turn.example?transport=udp"), "secret")
    app.include_router(whip_router(service, authorize, ice))

    @app.exception_handler(CaptureError)
    async def problem(_: Request, error):
        return JSONResponse({"code": error.code}, error.status)

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://capture") as client:
        yield client


def bearer(token, **more):
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp", **more}


async def test_a_publication_is_created_with_its_place_and_tag(http):
    reply = await http.post("/whip", content="v=0\r\n", headers=bearer("s1"))
    assert reply.status_code == 201
    assert reply.headers["location"] == "/whip/r1"
    assert reply.headers["etag"] == '"tag"'
    assert reply.headers["content-type"] == "application/sdp"
    assert reply.text == "v=0\r\nanswer"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Type": "application/sdp"}, 401, "token_missing"),
        (bearer(""), 401, "token_missing"),
        (bearer("s1", Authorization="Basic s1"), 401, "token_missing"),
        (bearer("wrong"), 401, "token_invalid"),
        (bearer("late"), 401, "token_expired"),
        (bearer("s1", **{"Content-Type": "application/json"}), 415, "media_type_refused"),
    ],
)
async def test_a_bad_request_is_told_by_code(http, headers, status, code):
    reply = await http.post("/whip", content="v=0\r\n", headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (status, code)


async def test_an_offer_that_is_too_long_or_no_text_is_refused(http):
    for content in (b"v" * 200_000, b"v=0\r\n\xff\xfe"):
        reply = await http.post("/whip", content=content, headers=bearer("s1"))
        assert (reply.status_code, reply.json()["code"]) == (400, "sdp_refused")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_other_methods_are_reserved(http, method):
    reply = await http.request(method, "/whip")
    assert reply.status_code == 405
    assert "POST" in reply.headers["allow"]


async def test_options_says_what_to_post(http):
    reply = await http.options("/whip")
    assert reply.status_code == 204
    assert reply.headers["accept-post"] == "application/sdp"


async def test_a_server_without_trickle_or_restart_answers_patch_with_405(http):
    reply = await http.patch("/whip/r1", content="", headers=bearer("s1"))
    assert reply.status_code == 405
    assert "DELETE" in reply.headers["allow"]
    assert (await http.patch("/whip/none", headers=bearer("s1"))).status_code == 404


async def test_only_the_publisher_ends_its_publication(http, service):
    assert (await http.delete("/whip/r1")).status_code == 401
    assert (await http.delete("/whip/r1", headers=bearer("wrong"))).status_code == 401
    assert (await http.delete("/whip/r1", headers=bearer("other"))).status_code == 401
    assert (await http.delete("/whip/r1", headers=bearer("s1:screen"))).status_code == 401
    assert (await http.delete("/whip/none", headers=bearer("s1"))).status_code == 404
    assert service.ended == []
    assert (await http.delete("/whip/r1", headers=bearer("late"))).status_code == 200
    assert service.ended == ["r1"]


async def test_ice_servers_are_told_before_the_offer_and_with_the_answer(http):
    """RFC 9725 §4.6."""
    asked = await http.options("/whip", headers=bearer("s1"))
    answered = await http.post("/whip", content="v=0\r\n", headers=bearer("s1"))
    for reply in (asked, answered):
        links = reply.headers.get_list("link")
        assert links[0] == '<stun:stun.example>; rel="ice-server"'
        assert links[1].startswith('<turn:turn.example?transport=udp>; rel="ice-server"; username=')
        stun, turn = linked_servers(reply.headers["link"])
        assert (stun.url, stun.username) == ("stun:stun.example", "")
        assert turn.credential


async def test_a_stranger_is_told_no_credentials(http):
    assert "link" not in (await http.options("/whip")).headers
    refused = await http.options("/whip", headers=bearer("wrong"))
    assert (refused.status_code, "link" in refused.headers) == (401, False)
