"""Photos and consents of a sitting: kept privately, seen by those who watch."""

import io

import pytest
from PIL import Image
from sqlalchemy import update

from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.sql.tables import Exam, Sitting, User
from exam_api.domain.errors import ExamBegun, Forbidden, IdentityMissing, InvalidRequest, NotFound
from exam_api.services.identity import Identity
from exam_api.services.identity_ports import PhotoKind

pytestmark = pytest.mark.integration


def jpeg(color: str = "red", *, size: tuple[int, int] = (64, 48), **more: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "JPEG", **more)
    return file.getvalue()


class Comparing:
    async def same(self, face: bytes, document: bytes) -> bool | None:
        return face == document


@pytest.fixture
def blobs(tmp_path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "blobs")


@pytest.fixture
def identity(database, clock, blobs) -> Identity:
    return Identity(database, clock, blobs)


@pytest.fixture
async def people(database, student) -> dict[str, object]:
    """``watching``: the sitting's own proctor; ``other``: another one."""
    async with database.read() as unit:
        mine = select_proctor(student.id)
        login = await unit.session.scalar(mine)
        other = "proctor2" if login == "proctor1" else "proctor1"
        logins = {"watching": login, "other": other}
        logins |= {name: name for name in ("student1", "student2", "testing")}
        return {
            name: (await unit.people.credentials(login)).actor for name, login in logins.items()
        }


def select_proctor(sitting_id: str):
    from sqlalchemy import select

    return (
        select(User.login)
        .join(Sitting, Sitting.proctor_id == User.id)
        .where(Sitting.id == sitting_id)
    )


async def test_a_photo_is_for_those_who_watch_and_without_what_the_camera_wrote(
    identity, people, student
):
    exif = Image.Exif()
    exif[0x010F] = "Maker of cameras"
    await identity.take(people["student1"], student.id, PhotoKind.FACE, jpeg(exif=exif))
    kept = await identity.photo(people["watching"], student.id, PhotoKind.FACE)
    assert b"Maker of cameras" not in kept
    assert Image.open(io.BytesIO(kept)).size == (64, 48)
    for stranger in ("other", "student1", "student2"):
        with pytest.raises(NotFound):
            await identity.photo(people[stranger], student.id, PhotoKind.FACE)
    with pytest.raises(NotFound):
        await identity.take(people["student2"], student.id, PhotoKind.FACE, jpeg())


async def test_the_newest_photo_counts_and_nothing_is_claimed_without_comparison(
    identity, people, student, database, blobs
):
    for color in ("red", "blue"):
        await identity.take(people["student1"], student.id, PhotoKind.FACE, jpeg(color))
    await identity.take(people["student1"], student.id, PhotoKind.DOCUMENT, jpeg("blue"))
    shown = Image.open(io.BytesIO(await identity.photo(people["watching"], student.id, "face")))
    red, _, blue = shown.getpixel((5, 5))
    assert blue > 200
    assert red < 50
    view = await identity.of(people["watching"], student.id)
    assert (set(view.photos), view.same) == (set(PhotoKind), None)
    comparing = Identity(database, identity._clock, blobs, Comparing())
    assert (await comparing.of(people["watching"], student.id)).same is True


class Watching:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_photos(self, sitting_id: str) -> None:
        self.heard.append(sitting_id)

    def somebody_else(self, sitting_id: str) -> bool:
        return sitting_id in self.heard


async def test_whoever_watches_hears_of_photos_and_tells_of_a_stranger(identity, people, student):
    identity.watch = Watching()
    assert not (await identity.of(people["watching"], student.id)).somebody_else
    await identity.take(people["student1"], student.id, PhotoKind.FACE, jpeg())
    assert identity.watch.heard == [student.id]
    assert (await identity.of(people["watching"], student.id)).somebody_else


async def test_a_photo_taken_sideways_is_kept_upright(identity, people, student):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    await identity.take(people["student1"], student.id, PhotoKind.FACE, jpeg(exif=exif))
    kept = await identity.photo(people["watching"], student.id, PhotoKind.FACE)
    assert Image.open(io.BytesIO(kept)).size == (48, 64)


@pytest.mark.parametrize("data", [b"", b"no picture", jpeg()[:100], jpeg(size=(5000, 10))])
async def test_what_is_no_fitting_picture_is_refused(identity, people, student, data):
    with pytest.raises(InvalidRequest) as refused:
        await identity.take(people["student1"], student.id, PhotoKind.FACE, data)
    assert refused.value.code == "photo_unreadable"


async def test_an_exam_that_asks_for_photos_lets_nobody_be_ready_without(
    identity, people, student, core, exam_id
):
    async with core.database.write() as unit:
        asks = update(Exam).where(Exam.id == exam_id).values(policy={"identity_photos": True})
        await unit.session.execute(asks)
    await student.publish(core)
    refused = await student.begin()
    assert (refused.status_code, refused.json()["code"]) == (409, IdentityMissing.code)
    for kind in PhotoKind:
        await identity.take(people["student1"], student.id, kind, jpeg())
    assert (await student.begin()).status_code == 200
    with pytest.raises(ExamBegun):
        await identity.take(people["student1"], student.id, PhotoKind.FACE, jpeg())


async def test_which_version_was_agreed_to_stays_on_record(identity, people, student, clock):
    texts = {"kk": "Ереже", "ru": "Правила", "en": "Rules"}
    assert (await identity.rules()).number == 0
    await identity.consent(people["student1"], student.id, 0, "kk")
    assert (await identity.publish_rules(people["testing"], texts)).number == 1
    clock.pass_time(minutes=1)
    await identity.consent(people["student1"], student.id, 1, "ru")
    await identity.consent(people["student1"], student.id, 1, "en")
    found = (await identity.of(people["watching"], student.id)).consents
    assert [(number, language) for number, language, _ in found] == [(0, "kk"), (1, "ru")]
    assert (await identity.rules()).texts == texts
    with pytest.raises(NotFound):
        await identity.consent(people["student1"], student.id, 2, "kk")
    with pytest.raises(NotFound):
        await identity.consent(people["student2"], student.id, 1, "kk")
    with pytest.raises(Forbidden):
        await identity.publish_rules(people["watching"], texts)
    with pytest.raises(InvalidRequest):
        await identity.publish_rules(people["testing"], {**texts, "en": " "})


async def test_nothing_is_recorded_before_the_student_has_agreed(
    client_of, database, core, exam_id
):
    http = await client_of("student1")
    sitting = (await http.post(f"/api/v1/exams/{exam_id}/sittings")).json()
    path, tab = f"/api/v1/sittings/{sitting['id']}", {"X-Client-Id": "script"}
    await http.post(f"{path}/claim", json={"client_id": "script"})
    refused = await http.post(f"{path}/publish-token", headers=tab)
    assert (refused.status_code, refused.json()["code"]) == (409, "consent_missing")
    rules = (await http.get("/api/v1/rules")).json()
    assert rules["number"] == 0
    assert all(len(rules["text"][language]) > 200 for language in ("kk", "ru", "en"))
    async with database.read() as unit:
        registrar = (await unit.people.credentials("registrar")).actor
    texts = {"kk": "Ереже", "ru": "Правила", "en": "Rules"}
    await core.identity.publish_rules(registrar, texts)
    rules = (await http.get("/api/v1/rules")).json()
    assert (rules["number"], rules["text"]) == (1, texts)
    agreed = {"rules": 1, "language": "ru"}
    assert (await http.post(f"{path}/consent", json=agreed)).status_code == 204
    assert (await http.post(f"{path}/publish-token", headers=tab)).status_code == 200
    centre = await client_of("testing")
    shown = (await centre.get(f"{path}/identity")).json()
    assert [(one["rules"], one["language"]) for one in shown["consents"]] == [(1, "ru")]
    assert (shown["photos"], shown["same"]) == ({}, None)
