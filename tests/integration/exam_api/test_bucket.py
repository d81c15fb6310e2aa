"""A bucket behind the S3 protocol, spoken to as in service: the keys and the address by AWS_*."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from exam_api.adapters.blobs import StoredBlobs, blobs_at
from exam_api.domain.errors import Conflict, NotFound, StorageError
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def s3(require: Callable[[str], Path]) -> Iterator[str]:
    """An S3 server with one bucket; its address."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [require("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + PATIENCE_S
        while True:
            assert server.poll() is None and time.monotonic() < until  # noqa: PT018 - either way
            try:
                httpx.put(f"{address}/exams", trust_env=False).raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")


@pytest.fixture
def bucket(s3: str, keys: None, monkeypatch: pytest.MonkeyPatch) -> StoredBlobs:
    monkeypatch.setenv("AWS_ENDPOINT", s3)
    return blobs_at("s3://exams/university")


async def test_a_blob_is_written_once_and_read(bucket: StoredBlobs) -> None:
    await bucket.put("acts/a/kk.pdf", b"one")
    await bucket.put("acts/a/kk.pdf", b"one")
    with pytest.raises(Conflict):
        await bucket.put("acts/a/kk.pdf", b"two")
    assert await bucket.get("acts/a/kk.pdf") == b"one"
    with pytest.raises(NotFound):
        await bucket.get("acts/none")


async def test_a_large_file_goes_in_parts_and_is_read_in_ranges(
    bucket: StoredBlobs, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 2**16 + b"end"  # 16 MB: S3 takes it as several parts
    (tmp_path / "a.mp4").write_bytes(content)
    for _ in range(2):  # a job that is done again puts the same
        await bucket.put_file("exports/a.mp4", tmp_path / "a.mp4")
    stored = await bucket.stored("exports/a.mp4")
    assert stored.size == len(content)
    for first, last in ((0, stored.size - 1), (70_000, 900_000)):
        read = b"".join([piece async for piece in stored.read(first, last)])
        assert read == content[first : last + 1]
    for _ in range(2):
        await bucket.delete("exports/a.mp4")
    with pytest.raises(NotFound):
        await bucket.stored("exports/a.mp4")


async def test_a_bucket_that_is_not_there_or_does_not_answer_is_a_storage_error(
    bucket: StoredBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StorageError):
        await blobs_at("s3://another/university").put("a", b"1")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))  # nobody listens
        monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{probe.getsockname()[1]}")
        with pytest.raises(StorageError):
            await blobs_at("s3://exams/university").put("a", b"1")
