"""Write-once bytes on the local disk: evidence pictures, clips, sealed acts."""

import errno
from pathlib import Path

from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.exceptions import NotFoundError as NoSuchBlob
from obstore.store import LocalStore

from exam_api.domain.errors import Conflict, NotFound, StorageError, StorageFull


class LocalBlobs:
    """A blob appears whole under its key or not at all, and never changes after."""

    def __init__(self, root: Path) -> None:
        self._store = LocalStore(root, mkdir=True, automatic_cleanup=True)

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


def _storage_error(error: Exception) -> StorageError:
    """The store gives the operating system's error in words only."""
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
    return StorageFull() if full or "os error 28" in str(error) else StorageError()
