"""Bytes are written once under their key; what fails says what kind of failure it is."""

import errno

import pytest

from exam_api.adapters.blobs import LocalBlobs, _storage_error
from exam_api.domain.errors import Conflict, NotFound, StorageError, StorageFull


async def test_a_blob_is_written_once(tmp_path):
    blobs = LocalBlobs(tmp_path / "blobs")
    await blobs.put("acts/a/kk.pdf", b"one")
    await blobs.put("acts/a/kk.pdf", b"one")
    with pytest.raises(Conflict):
        await blobs.put("acts/a/kk.pdf", b"two")
    assert await blobs.get("acts/a/kk.pdf") == b"one"


async def test_what_was_never_written_is_not_found(tmp_path):
    with pytest.raises(NotFound):
        await LocalBlobs(tmp_path).get("acts/none")


async def test_blobs_outlive_the_process(tmp_path):
    await LocalBlobs(tmp_path).put("clip", b"webm")
    assert await LocalBlobs(tmp_path).get("clip") == b"webm"


async def test_a_folder_that_takes_nothing_is_a_storage_error(tmp_path):
    blobs = LocalBlobs(tmp_path / "blobs")
    (tmp_path / "blobs" / "evidence").write_text("a file where a folder should be")
    with pytest.raises(StorageError):
        await blobs.put("evidence/a.jpg", b"jpeg")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "full"), StorageFull),
        (OSError(errno.EDQUOT, "quota"), StorageFull),
        (RuntimeError("No space left on device (os error 28)"), StorageFull),
        (OSError(errno.EIO, "broken"), StorageError),
    ],
)
def test_a_full_disk_is_told_from_a_broken_one(error, kind):
    assert type(_storage_error(error)) is kind
