"""Recordings of ended sittings are signed by themselves, after a crash too."""

import hashlib
from functools import partial

import pytest
from sqlalchemy import select

from capture.chain import verify_recording
from capture.contracts import Gap, GapCause, Segment, TrackKey, TrackKind
from capture.manifest import NAME, Manifest
from capture.service import CaptureService
from capture.signing import RecordingKey
from exam_api.adapters.sql.keeping_store import SqlKeepingStore
from exam_api.adapters.sql.tables import GapRow, SealedRow
from exam_api.services.keeping import RecordingKeeper


@pytest.fixture
def key(tmp_path):
    return RecordingKey.load_or_create(tmp_path / "recording.pem")


@pytest.fixture
async def capture(tmp_path):
    service = CaptureService(tmp_path / "recordings", on_event=lambda _: None)
    yield service
    await service.aclose()


@pytest.fixture
def keeper(world, capture, key):
    def opened(units):
        return partial(world._opened, units, SqlKeepingStore)

    return RecordingKeeper(
        opened(world.database.read), opened(world.database.write), capture, key, world.clock
    )


def record(root, sitting_id, until_ms, track=TrackKind.CAMERA):
    folder = root / "recordings" / sitting_id / track
    folder.mkdir(parents=True)
    (folder / "000001.webm").write_bytes(b"media")
    digest = hashlib.sha256(b"media").hexdigest()
    one = Segment(sitting_id, 0, "000001.webm", 0, until_ms, 5, digest, "", "vp8", None, 2, 2)
    Manifest(folder, TrackKey(sitting_id, track)).append(one)
    return folder


async def rows(world, table):
    async with world.database.read() as unit:
        return (await unit.session.scalars(select(table))).all()


async def test_an_ended_sitting_is_signed_once_with_all_its_tracks(world, keeper, key, tmp_path):
    sitting_id = await world.sitting()
    folders = [record(tmp_path, sitting_id, 60_000, kind) for kind in TrackKind]
    assert await keeper.seal_ended() == 0  # still running
    await world.finish(sitting_id, 60_400)
    assert await keeper.seal_ended() == 1
    checks = [verify_recording(folder, trusted=key.public) for folder in folders]
    assert [check.problems for check in checks] == [(), (), ()]
    sealed = {row.track: row for row in await rows(world, SealedRow)}
    assert {track: row.digest for track, row in sealed.items()} == {
        str(kind): check.lines[-1].chain for kind, check in zip(TrackKind, checks, strict=True)
    }
    assert {row.public_key for row in sealed.values()} == {key.public}
    before = [(folder / NAME).read_bytes() for folder in folders]
    assert await keeper.seal_ended() == 0
    assert [(folder / NAME).read_bytes() for folder in folders] == before


async def test_what_is_missing_up_to_the_end_is_a_gap_with_its_cause(world, keeper, tmp_path):
    sitting_id = await world.sitting()
    folder = record(tmp_path, sitting_id, 60_000)
    await world.finish(sitting_id, 75_000)
    await keeper.seal_ended()
    gap = Gap(60_000, 75_000, GapCause.SERVER_RESTART)  # nobody stopped it in order
    ledger = Manifest(folder, TrackKey(sitting_id)).ledger
    assert ledger.gaps == [gap]
    (row,) = await rows(world, GapRow)
    assert (row.start_ms, row.end_ms, row.cause) == (60_000, 75_000, "server_restart")


async def test_a_sitting_without_any_recording_is_done_with(world, keeper, tmp_path):
    sitting_id = await world.sitting()
    await world.finish(sitting_id, 1000)
    assert await keeper.seal_ended() == 1
    (row,) = await rows(world, SealedRow)
    assert (row.sitting_id, row.digest, row.public_key) == (sitting_id, "", "")
    assert not (tmp_path / "recordings" / sitting_id).exists()


async def test_a_damaged_manifest_keeps_no_other_waiting_and_is_tried_again(
    world, keeper, tmp_path
):
    damaged, sound = await world.sitting("student1"), await world.sitting("student2")
    folder = record(tmp_path, damaged, 60_000)
    whole = (folder / NAME).read_bytes()
    (folder / NAME).write_bytes(b"garbage\n" + whole)
    record(tmp_path, sound, 60_000)
    for sitting_id in (damaged, sound):
        await world.finish(sitting_id, 60_000)
    assert await keeper.seal_ended() == 1
    assert [row.sitting_id for row in await rows(world, SealedRow)] == [sound]
    (folder / NAME).write_bytes(whole)
    assert await keeper.seal_ended() == 0
    world.clock.move(minutes=2)
    assert await keeper.seal_ended() == 1


async def test_a_track_that_is_still_published_is_closed_first(
    world, capture, keeper, key, tmp_path
):
    sitting_id = await world.sitting()
    record(tmp_path, sitting_id, 60_000, TrackKind.SCREEN)
    await world.finish(sitting_id, 60_000)
    ended = []
    end_sitting, finalise = capture.end_sitting, capture.finalise

    async def end(one):
        ended.append(one)
        await end_sitting(one)

    async def close(track, *arguments):
        assert ended == [sitting_id]
        return await finalise(track, *arguments)

    capture.end_sitting, capture.finalise = end, close
    assert await keeper.seal_ended() == 1
