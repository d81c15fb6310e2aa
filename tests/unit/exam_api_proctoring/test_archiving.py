"""Recordings in a bucket: sent as they close, read again when the local copy is gone."""

from datetime import timedelta
from functools import partial

import pytest
from obstore.store import LocalStore, MemoryStore

from capture.contracts import TrackKey, TrackKind
from capture.manifest import NAME, Manifest
from capture.repair import describe
from capture.segment_file import SegmentFile
from capture.service import CaptureService
from capture.signing import RecordingKey
from capture.webm import VP8_TRACK, Block, Track, scan
from exam_api.adapters.blobs import StoredBlobs, blobs_at
from exam_api.adapters.sql.archive_store import SqlArchiveStore
from exam_api.adapters.sql.keeping_store import SqlKeepingStore
from exam_api.domain.errors import NotFound, StorageError
from exam_api.services.archiving import Archive, ArchivedRecordings
from exam_api.services.keeping import RecordingKeeper


class Failing(StoredBlobs):
    broken = False

    async def put(self, key, data):
        if self.broken:
            raise StorageError
        await super().put(key, data)


@pytest.fixture(params=["memory", "disk"])
def bucket(request, tmp_path):
    if request.param == "memory":
        return Failing(MemoryStore())
    return Failing(LocalStore(tmp_path / "bucket", mkdir=True))


@pytest.fixture
async def capture(tmp_path):
    service = CaptureService(tmp_path / "recordings", on_event=lambda _: None)
    yield service
    await service.aclose()


@pytest.fixture
def archive(world, bucket, capture, tmp_path):
    return Archive(
        partial(world._opened, world.database.read, SqlArchiveStore),
        partial(world._opened, world.database.write, SqlArchiveStore),
        bucket,
        capture=capture,
        root=tmp_path / "recordings",
        clock=world.clock,
        keep=timedelta(hours=1),
    )


async def record(world, root, sitting_id, *, rows=(1, 2)):
    """Two segments of two seconds, in files and rows."""
    folder = root / "recordings" / sitting_id / "camera"
    folder.mkdir(parents=True)
    manifest = Manifest(folder, TrackKey(sitting_id))
    for number in (1, 2):
        path = folder / f"{number:06d}.webm"
        file = SegmentFile(path, (Track(VP8_TRACK, 64, 48),), 500)
        for at_ms in range(0, 2000, 100):
            at = (number - 1) * 2000 + at_ms
            file.add(Block(VP8_TRACK, at, at_ms == 0, b"frame"))
        file.flush()
        file.sync()
        data = path.read_bytes()
        (kept,) = manifest.append(describe(path, data, scan(data), TrackKey(sitting_id)))
        if number in rows:
            async with world.proctoring() as store:
                await store.save_segment(kept)
    return folder


async def ended(world, capture, tmp_path, sitting_id):
    await world.finish(sitting_id, 4000)
    opened = partial(world._opened, world.database.write, SqlKeepingStore)
    key = RecordingKey.load_or_create(tmp_path / "key.pem")
    assert await RecordingKeeper(opened, opened, capture, key, world.clock).seal_ended() == 1


async def test_clip_and_whole_recording_come_from_the_bucket_when_the_disk_was_cleared(
    world, archive, capture, bucket, tmp_path
):
    sitting_id = await world.sitting()
    folder = await record(world, tmp_path, sitting_id)
    recordings = ArchivedRecordings(capture, archive)
    before = (await recordings.joined(sitting_id)).read_bytes()
    await archive.tick()
    first = f"recordings/{sitting_id}/camera/000001.webm"
    assert await bucket.get(first) == (folder / "000001.webm").read_bytes()
    await ended(world, capture, tmp_path, sitting_id)
    await archive.tick()
    world.clock.move(hours=2)
    await archive.tick()
    assert sorted(path.name for path in folder.iterdir()) == [NAME]
    digest = capture.recording(sitting_id).digest
    listed = f"recordings/{sitting_id}/camera/segments-{digest[:16]}.jsonl"
    assert await bucket.get(listed) == (folder / NAME).read_bytes()
    await recordings.clip(sitting_id, 2500, 100, 300)
    assert sorted(path.name for path in folder.glob("0*")) == ["000002.webm"]  # no more than needed
    assert (await recordings.joined(sitting_id)).read_bytes() == before
    world.clock.move(minutes=50)
    await archive.tick()
    assert len(list(folder.glob("0*"))) == 2  # who looks at it now may go on
    world.clock.move(minutes=50)
    await archive.tick()
    assert sorted(path.name for path in folder.iterdir()) == [NAME]


async def test_a_segment_whose_row_was_lost_is_sent_before_anything_is_removed(
    world, archive, capture, bucket, tmp_path
):
    sitting_id = await world.sitting()
    folder = await record(world, tmp_path, sitting_id, rows=(1,))
    data = (folder / "000002.webm").read_bytes()
    await ended(world, capture, tmp_path, sitting_id)
    await archive.tick()
    assert await bucket.get(f"recordings/{sitting_id}/camera/000002.webm") == data
    world.clock.move(hours=2)
    await archive.tick()
    assert sorted(path.name for path in folder.iterdir()) == [NAME]
    await archive.restore(sitting_id, TrackKind.CAMERA)
    assert (folder / "000002.webm").read_bytes() == data


async def test_a_file_that_is_gone_is_not_taken_for_sent_and_keeps_nothing_waiting(
    world, archive, capture, tmp_path, monkeypatch
):
    bucket = archive._bucket
    monkeypatch.setattr("exam_api.services.archiving._AT_ONCE", 1)
    sitting_id = await world.sitting()
    folder = await record(world, tmp_path, sitting_id)
    first = folder / "000001.webm"
    data = first.read_bytes()
    first.unlink()
    await ended(world, capture, tmp_path, sitting_id)
    for _ in range(3):
        await archive.tick()
        world.clock.move(hours=2)
    assert (folder / "000002.webm").is_file()  # the recording is not whole in the bucket
    assert await bucket.get(f"recordings/{sitting_id}/camera/000002.webm")
    first.write_bytes(data)  # from a backup
    await archive.tick()
    world.clock.move(hours=2)
    await archive.tick()
    assert sorted(path.name for path in folder.iterdir()) == [NAME]
    assert await bucket.get(f"recordings/{sitting_id}/camera/000001.webm") == data


async def test_a_bucket_that_fails_delays_nothing_but_itself(
    world, archive, capture, bucket, tmp_path
):
    sitting_id = await world.sitting()
    folder = await record(world, tmp_path, sitting_id)
    await ended(world, capture, tmp_path, sitting_id)
    bucket.broken = True
    with pytest.raises(StorageError):
        await archive.tick()
    world.clock.move(hours=9)
    assert (folder / "000001.webm").is_file()  # what is not in the bucket is never removed
    bucket.broken = False
    await archive.tick()
    await archive.tick()
    assert (folder / "000001.webm").is_file()  # its hour begins when it is whole there
    world.clock.move(hours=2)
    await archive.tick()
    assert not (folder / "000001.webm").exists()


async def test_a_copy_that_was_changed_in_the_bucket_is_not_shown(world, archive, bucket, tmp_path):
    sitting_id = await world.sitting()
    folder = await record(world, tmp_path, sitting_id)
    (folder / "000001.webm").unlink()
    await bucket.put(f"recordings/{sitting_id}/camera/000001.webm", b"another")
    with pytest.raises(NotFound):
        await archive.restore(sitting_id, TrackKind.CAMERA)
    assert not (folder / "000001.webm").exists()


def test_an_address_without_a_store_is_told():
    assert isinstance(blobs_at("memory:///"), StoredBlobs)
    with pytest.raises(ValueError, match="no store"):
        blobs_at("gopher://bucket")
