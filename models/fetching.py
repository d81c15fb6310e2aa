"""Brings a model's file into a folder: by URL or from a file, checked, whole or not at all."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from io import BufferedIOBase
from pathlib import Path
from ssl import SSLError
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from models.errors import (
    ModelDigestMismatch,
    ModelSourceUnavailable,
    ModelStoreFull,
    ModelTooLarge,
)
from models.manifest import ModelEntry
from models.registry import Registry

CHUNK = 1 << 16
MOST_BYTES = 500 * 1024 * 1024  # a source that never ends must not fill the disk
TIMEOUT_S = 30.0
SLOWEST = 1000  # bytes a second after the time-out: a trickle must not hold a first start
TRIES = 3

Progress = Callable[[int, int | None], None]


def _silent(_done: int, _total: int | None) -> None:
    return


def pull(
    known: Registry,
    name: str,
    folder: Path,
    *,
    url: str | None = None,
    progress: Progress = _silent,
    timeout_s: float = TIMEOUT_S,
) -> Path:
    """Fetches a model of the manifest from its pinned URL (or a mirror given as ``url``).

    What a cut-off leaves is continued by the next try and, on failure, by the next call; the file
    appears under its name only when whole and right. Raises ModelSourceUnavailable,
    ModelDigestMismatch, ModelTooLarge, ModelStoreFull.
    """
    entry = known.entry(name)
    source = url or entry.url
    if not source:
        kept = f"comes with the package {entry.package}" if entry.package else "has no address"
        raise ModelSourceUnavailable(f"{name} {kept}")
    if _is_right(folder / entry.file, entry.sha256):
        return folder / entry.file
    return _fetched(entry, source, folder, progress, timeout_s)


def add(
    known: Registry, source: str, sha256: str, folder: Path, *, progress: Progress = _silent
) -> Path:
    """Takes a file (or URL) whose digest the manifest knows into the folder, for closed networks.

    Raises ModelUnknown when no entry has this digest, ModelDigestMismatch when the file has not.
    """
    return bring(known.by_digest(sha256), source, folder, progress=progress)


def bring(entry: ModelEntry, source: str, folder: Path, *, progress: Progress = _silent) -> Path:
    """An entry's file from a URL or a file into the folder; whole and right, or not at all."""
    if urlsplit(source).scheme in {"http", "https"}:
        return _fetched(entry, source, folder, progress, TIMEOUT_S)
    with _storing(entry, folder) as part:
        _copy(Path(source), part, entry.bytes or MOST_BYTES)
    return folder / entry.file


def _fetched(
    entry: ModelEntry, source: str, folder: Path, progress: Progress, timeout_s: float
) -> Path:
    with _storing(entry, folder) as part:
        _download(_Source(source, timeout_s), part, entry.bytes or MOST_BYTES, progress)
    return folder / entry.file


@contextmanager
def _storing(entry: ModelEntry, folder: Path) -> Iterator[Path]:
    """The path to write to; what is there when the block ends gets the entry's own name."""
    target = folder / entry.file
    with _stored_or_refused():
        folder.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        yield part
        _settle(part, target, entry)


@dataclass(frozen=True, slots=True)
class _Source:
    url: str
    timeout_s: float


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_right(path: Path, sha256: str) -> bool:
    return path.is_file() and _digest(path) == sha256


def _settle(part: Path, target: Path, entry: ModelEntry) -> None:
    """Under its own name only when it is the file of the manifest; else nothing is left of it."""
    if _digest(part) != entry.sha256:
        part.unlink()
        raise ModelDigestMismatch(f"{entry.name}: the source gave another file than the manifest's")
    part.replace(target)


@contextmanager
def _stored_or_refused() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ModelStoreFull(f"the models folder cannot be written: {error.strerror}") from error


def _copy(source: Path, part: Path, limit: int) -> None:
    try:
        stream = source.open("rb")
    except OSError as error:
        raise ModelSourceUnavailable(f"{source.name} cannot be read: {error.strerror}") from error
    with stream, part.open("wb") as file:
        _pour(stream, file, limit)


def _download(source: _Source, part: Path, limit: int, progress: Progress) -> None:
    """Several tries, each continuing where the last was cut off."""
    if urlsplit(source.url).scheme not in {"http", "https"}:
        raise ModelSourceUnavailable("a model is fetched over http or https only")
    failure: Exception | None = None
    for _ in range(TRIES):
        before = _size(part)
        try:
            _continue(source, part, limit, progress)
        except HTTPError as error:
            error.close()
            if error.code != 416:
                raise ModelSourceUnavailable(f"the source answered {error.code}") from error
            part.unlink(missing_ok=True)  # what is here is longer than the source's file
            failure = error
        except (URLError, HTTPException, TimeoutError, ConnectionError, SSLError) as error:
            failure = error
            if _size(part) == before:
                break
        else:
            return
    raise ModelSourceUnavailable("the source cannot be reached or broke off") from failure


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _continue(source: _Source, part: Path, limit: int, progress: Progress) -> None:
    have = _size(part)
    headers = {"Range": f"bytes={have}-"} if have else {}
    request = Request(source.url, headers=headers)  # noqa: S310 - the scheme is checked in _download
    with urlopen(request, timeout=source.timeout_s) as answer:  # noqa: S310
        resumed = answer.status == 206
        length = answer.headers.get("Content-Length")
        start = have if resumed else 0
        total = start + int(length) if length else None
        with part.open("ab" if resumed else "wb") as file:
            shown = _hurried(progress, source.timeout_s, start)
            written = _pour(answer, file, limit, start=start, total=total, progress=shown)
    if total is not None and written < total:
        raise ConnectionError("cut off")


def _hurried(progress: Progress, timeout_s: float, start: int) -> Progress:
    """Raises TimeoutError where, after its time-out, a source gives less than a line of old did."""
    began = time.monotonic()

    def shown(done: int, total: int | None) -> None:
        took = time.monotonic() - began
        if took > timeout_s and done - start < SLOWEST * took:
            raise TimeoutError("too slow")
        progress(done, total)

    return shown


def _pour(
    stream: BufferedIOBase,
    file: BinaryIO,
    limit: int,
    *,
    start: int = 0,
    total: int | None = None,
    progress: Progress = _silent,
) -> int:
    """How many bytes the file has now; what came before a cut-off stays for the next try."""
    written = start
    while chunk := stream.read1(CHUNK):  # what is there: a trickle is to be seen as one
        written += len(chunk)
        if written > limit:
            Path(file.name).unlink()
            raise ModelTooLarge("the source gives more than the manifest says")
        file.write(chunk)
        progress(written, total)
    return written
