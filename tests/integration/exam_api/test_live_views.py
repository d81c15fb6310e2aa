"""Who may watch a sitting live, and how a phone becomes its second camera."""

from collections.abc import Callable

import pytest

from capture.contracts import TrackKey, TrackKind
from capture.errors import TokenExpired, TokenInvalid
from exam_api.adapters.sql import tables

pytestmark = pytest.mark.integration


@pytest.fixture
async def wanting_all(database, exam_id) -> None:
    async with database.write() as unit:
        row = await unit.session.get(tables.Exam, exam_id)
        row.policy = {**row.policy, "screen": True, "second_camera": True}


@pytest.fixture
async def student(client_of: Callable):
    return await client_of("student1")


@pytest.fixture
async def sitting_id(wanting_all, student, exam_id: str) -> str:
    opened = (await student.post(f"/api/v1/exams/{exam_id}/sittings")).json()
    claimed = {"client_id": "tab-1"}
    await student.post(f"/api/v1/sittings/{opened['id']}/claim", json=claimed)
    agreed = {"rules": 0, "language": "kk"}
    await student.post(f"/api/v1/sittings/{opened['id']}/consent", json=agreed)
    return opened["id"]


@pytest.fixture
async def anonymous(client_of: Callable):
    return await client_of(None)


TAB = {"X-Client-Id": "tab-1"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_proctor_gets_a_token_for_one_track(core, clock, client_of, sitting_id) -> None:
    proctor = await client_of("proctor1")
    path = f"/api/v1/sittings/{sitting_id}/watch-token"
    given = (await proctor.post(path, params={"track": "screen"})).json()
    assert given["whep_url"] == "/whep"
    grant = await core.live_views.authorize(given["token"])
    assert grant.key == TrackKey(sitting_id, TrackKind.SCREEN)
    clock.pass_time(minutes=2)
    with pytest.raises(TokenExpired):
        await core.live_views.authorize(given["token"])
    with pytest.raises(TokenInvalid):
        await core.desk.authorize_publish(given["token"])


@pytest.mark.parametrize("login", ["student1", "student2"])
async def test_a_student_watches_nobody(client_of, sitting_id, login: str) -> None:
    someone = await client_of(login)
    reply = await someone.post(f"/api/v1/sittings/{sitting_id}/watch-token")
    assert reply.status_code == 404


async def test_a_phone_becomes_the_second_camera(core, anonymous, student, sitting_id) -> None:
    path = f"/api/v1/sittings/{sitting_id}/second-camera/link"
    link = (await student.post(path, headers=TAB)).json()
    assert link["qr"].startswith("data:image/svg+xml")
    token = link["url"].rsplit("/", 1)[1]
    phone = (await anonymous.post("/api/v1/second-camera/open", headers=bearer(token))).json()
    wanted = "/api/v1/second-camera/publish-token"
    given = (await anonymous.post(wanted, headers=bearer(phone["token"]))).json()
    grant = await core.desk.authorize_publish(given["token"])
    assert grant.key == TrackKey(sitting_id, TrackKind.CAMERA2)
    # The link itself sends nothing, and nothing of this opens another's door.
    assert (await anonymous.post(wanted, headers=bearer(token))).status_code == 401
    assert (await anonymous.post(wanted)).status_code == 401
    with pytest.raises(TokenInvalid):
        await core.live_views.authorize(phone["token"])


async def test_another_phone_takes_the_place_of_the_first(anonymous, student, sitting_id) -> None:
    path = f"/api/v1/sittings/{sitting_id}/second-camera/link"
    link = (await student.post(path, headers=TAB)).json()["url"].rsplit("/", 1)[1]
    opened, wanted = "/api/v1/second-camera/open", "/api/v1/second-camera/publish-token"
    first = (await anonymous.post(opened, headers=bearer(link))).json()["token"]
    second = (await anonymous.post(opened, headers=bearer(link))).json()["token"]
    assert (await anonymous.post(wanted, headers=bearer(first))).status_code == 401
    assert (await anonymous.post(wanted, headers=bearer(second))).status_code == 200
    await student.post(path, headers=TAB)  # a new code: the old one opens nothing
    assert (await anonymous.post(opened, headers=bearer(link))).status_code == 401


async def test_only_the_tab_that_holds_the_sitting_gets_the_code(student, sitting_id) -> None:
    path = f"/api/v1/sittings/{sitting_id}/second-camera/link"
    assert (await student.post(path, headers={"X-Client-Id": "tab-2"})).status_code == 409


async def test_the_test_begins_once_all_wanted_tracks_arrive(
    core, live, student, sitting_id
) -> None:
    asked = f"/api/v1/sittings/{sitting_id}/publish-token"
    given = (await student.post(asked, params={"track": "screen"}, headers=TAB)).json()
    grant = await core.desk.authorize_publish(given["token"])
    assert grant.track is TrackKind.SCREEN
    live.live.add(sitting_id)
    begin = f"/api/v1/sittings/{sitting_id}/begin"
    for arriving in ({TrackKind.CAMERA}, {TrackKind.CAMERA, TrackKind.SCREEN}):
        live.tracks = arriving
        refused = await student.post(begin, headers=TAB)
        assert (refused.status_code, refused.json()["code"]) == (409, "track_not_live")
    live.tracks = set(TrackKind)
    begun = await student.post(begin, headers=TAB)
    assert begun.status_code == 200, begun.text
    assert begun.json()["exam"]["tracks"] == ["camera", "screen", "camera2"]
    assert set(begun.json()["recording"]["tracks"]) == set(TrackKind)
