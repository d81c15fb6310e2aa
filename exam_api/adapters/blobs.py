"""Write-once bytes: on the local disk by default, in an S3 bucket (or alike) by setting."""

import errno
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Final

from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.exceptions import NotFoundError as NoSuchBlob
from obstore.store import LocalStore, ObjectStore, from_url

from exam_api.domain.errors import Conflict, NotFound, StorageError, StorageFull
from exam_api.services.exports import StoredVideo

_PIECE: Final = 256 * 1024


class StoredBlobs:
    """A blob appears whole under its key or not at all, and never changes after."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, key: str, data: bytes) -> None:
        """The same bytes again are no error, other bytes are (Conflict). StorageFull."""
        try:
            await self._store.put_async(key, data, mode="create")
        except AlreadyExistsError:
            if await self.get(key) != data:
                raise Conflict("a blob is written once") from None
        except (BaseError, OSError) as error:
            raise _storage_error(error) from error

    async def get(self, key: str) -> bytes:
        """NotFound."""
        try:
            found = await self._store.get_async(key)
            return bytes(await found.bytes_async())
        except (NoSuchBlob, FileNotFoundError):
            raise NotFound from None
        except (BaseError, OSError) as error:
            raise _storage_error(error) from error

    async def put_file(self, key: str, path: Path) -> None:
        """In pieces, for what is too large for the memory; in place of what was there."""
        try:
            await self._store.put_async(key, path)
        except (BaseError, OSError) as error:
            raise _storage_error(error) from error

    async def stored(self, key: str) -> StoredVideo:
        """NotFound."""
        try:
            meta = await self._store.head_async(key)
        except (NoSuchBlob, FileNotFoundError):
            raise NotFound from None
        except (BaseError, OSError) as error:
            raise _storage_error(error) from error
        return StoredVideo(meta["size"], partial(self._read, key))

    async def _read(self, key: str, first: int, last: int) -> AsyncIterator[bytes]:
        found = await self._store.get_async(key, options={"range": (first, last + 1)})
        async for piece in found.stream(min_chunk_size=_PIECE):
            yield bytes(piece)

    async def delete(self, key: str) -> None:
        """For what must not be kept any longer. One that is gone is no error. StorageError."""
        try:
            await self._store.delete_async(key)
        except (NoSuchBlob, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise _storage_error(error) from error


class LocalBlobs(StoredBlobs):
    def __init__(self, root: Path) -> None:
        super().__init__(LocalStore(root, mkdir=True, automatic_cleanup=True))


def blobs_at(url: str) -> StoredBlobs:
    """A bucket by its address, e.g. ``s3://name/folder``; keys and endpoint come from ``AWS_*``.

    ValueError where the address is none that can be used.
    """
    try:
        return StoredBlobs(from_url(url))
    except BaseError as error:
        raise ValueError(f"no store at this address: {url}") from error


def _storage_error(error: Exception) -> StorageError:
    """The store gives the operating system's error in words only."""
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
    return StorageFull() if full or "os error 28" in str(error) else StorageError()
