"""Photos beyond their time go, and a certificate tells of it: once, also where a run was killed."""

import asyncio
import hashlib
import io
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from sqlalchemy import select, update

from acts.erasure import render_erasure
from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.sql.tables import ErasureRow, IdentityPhoto, Sitting
from exam_api.domain.errors import Forbidden, NotFound, StorageError
from exam_api.services.erasures import KEPT_FOR, Erasures
from exam_api.services.identity_ports import Photo, PhotoKind

pytestmark = pytest.mark.integration
PAST = {"seconds": KEPT_FOR.total_seconds() + 1}


def jpeg(color: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), color).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
async def digests(core, database, student) -> set[str]:
    """Of the two photos of student1's sitting; the face was taken twice alike."""
    async with database.read() as unit:
        actor = (await unit.people.credentials("student1")).actor
    for kind, color in (("face", "red"), ("face", "red"), ("document", "blue")):
        await core.identity.take(actor, student.id, PhotoKind(kind), jpeg(color))
    async with database.read() as unit:
        keys = set(await unit.session.scalars(select(IdentityPhoto.key)))
    return {hashlib.sha256(await core.blobs.get(key)).hexdigest() for key in keys}


async def _records(database) -> list[ErasureRow]:
    async with database.read() as unit:
        return list(await unit.session.scalars(select(ErasureRow)))


def _page(record: ErasureRow, kind: str = "html", lang: str = "en") -> str:
    return f"/api/v1/erasures/{record.id}/certificate.{kind}?lang={lang}"


async def test_the_certificate_says_the_digests_of_what_went(  # noqa: PLR0917 - fixtures
    core, database, clock, student, digests, client_of, tmp_path
):
    assert len(digests) == 2
    assert await core.erasures.forget_old() == 0
    assert await _records(database) == []
    clock.pass_time(**PAST)
    assert await core.erasures.forget_old() == 3
    assert await core.erasures.forget_old() == 0
    assert [path for path in tmp_path.rglob("*.jpg") if path.is_file()] == []
    [record] = await _records(database)
    assert (record.sitting_id, record.keys) == (student.id, [])
    admin = await client_of("admin")
    for lang in ("kk", "ru", "en"):
        html = (await admin.get(_page(record, lang=lang))).text
        assert all(digest in html for digest in digests)
        assert all(part in html for part in (student.id, f"{record.year}-0001", "180"))
        first, again = [(await admin.get(_page(record, "pdf", lang))).content for _ in range(2)]
        assert first.startswith(b"%PDF")
        assert first == again
    log = (await admin.get("/audit?what=photos.erased")).text
    assert _page(record, "pdf", "kk") in log
    for login in ("student2", "testing", "registrar"):
        stranger = await client_of(login)
        assert (await stranger.get(_page(record))).status_code == 403
    async with database.read() as unit:
        actor = (await unit.people.credentials("student1")).actor
        with pytest.raises(NotFound):
            await unit.erasures.get(record.id, actor)
    with pytest.raises(Forbidden):
        await core.erasures.certificate(actor, record.id, "kk", render_erasure)


class Stubborn(LocalBlobs):
    """The disk does not let files go: as where the process was killed before it could."""

    async def delete(self, key: str) -> None:
        raise StorageError


async def test_a_run_that_was_killed_is_finished_by_the_next(  # noqa: PLR0917 - fixtures
    core, database, clock, digests, client_of, tmp_path
):
    clock.pass_time(**PAST)
    folder = next(path for path in tmp_path.rglob("identity") if path.is_dir()).parent
    halted = Erasures(database, clock, Stubborn(folder), ZoneInfo("Asia/Almaty"))
    assert await halted.forget_old() == 3
    [record] = await _records(database)
    assert len(record.keys) == len(digests)
    admin = await client_of("admin")
    early = await admin.get(_page(record))
    assert (early.status_code, early.json()["code"]) == (409, "erasure_under_way")
    assert await core.erasures.forget_old() == 0
    assert [path for path in tmp_path.rglob("*.jpg") if path.is_file()] == []
    assert len(await _records(database)) == 1
    html = (await admin.get(_page(record))).text
    assert all(digest in html for digest in digests)


class Picky(LocalBlobs):
    """One file can neither be read nor deleted."""

    async def get(self, key: str) -> bytes:
        if "stuck" in key:
            raise StorageError
        return await super().get(key)

    async def delete(self, key: str) -> None:
        if "stuck" in key:
            raise StorageError
        await super().delete(key)


async def _add_photo(core, database, login: str, key: str, at) -> None:
    await core.blobs.put(key, jpeg("green"))
    async with database.write() as unit:
        student = (await unit.people.credentials(login)).actor
        sitting = select(Sitting.id).where(Sitting.student_id == student.id)
        sitting_id = (await unit.session.scalars(sitting)).one()
        await unit.identity.add_photo(sitting_id, Photo(PhotoKind.FACE, key, at))


async def test_one_photo_that_does_not_go_keeps_no_other(core, database, clock, digests, tmp_path):
    """Neither one that cannot be deleted, nor one that cannot be read for its digest."""
    folder = next(path for path in tmp_path.rglob("identity") if path.is_dir()).parent
    for login, key in (("student2", "identity/0-stuck.jpg"), ("student3", "identity/3.jpg")):
        await _add_photo(core, database, login, key, clock.now())
    clock.pass_time(**PAST)
    picky = Erasures(database, clock, Picky(folder), ZoneInfo("Asia/Almaty"))
    assert await picky.forget_old() == 4
    assert {path.name for path in tmp_path.rglob("*.jpg") if path.is_file()} == {"0-stuck.jpg"}
    assert await core.erasures.forget_old() == 1
    async with database.write() as unit:
        stuck = update(ErasureRow).values(ended_at=None, keys=["identity/0-stuck.jpg"])
        await unit.session.execute(stuck.where(ErasureRow.seq == 1))
    await _add_photo(core, database, "student3", "identity/4.jpg", clock.now())
    clock.pass_time(**PAST)
    assert await picky.forget_old() == 1
    ended = {record.seq: record.ended_at is not None for record in await _records(database)}
    assert ended == {1: False, 2: True, 3: True, 4: True}


async def test_two_at_once_make_one_record(core, database, clock, digests):
    clock.pass_time(**PAST)
    gone = await asyncio.gather(*(core.erasures.forget_old() for _ in range(2)))
    assert sum(gone) == 3
    assert [len(record.files) for record in await _records(database)] == [2]


async def test_a_file_that_was_lost_before_is_not_said_to_be_erased(
    core, database, clock, digests, tmp_path
):
    clock.pass_time(**PAST)
    for path in tmp_path.rglob("*.jpg"):
        path.unlink()
    assert await core.erasures.forget_old() == 3
    assert await _records(database) == []
