"""Models are fetched from a real HTTP server: good, wrong, cut off half-way, not there at all."""

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from models import Registry
from models.errors import (
    ModelDigestMismatch,
    ModelError,
    ModelSourceUnavailable,
    ModelStoreFull,
    ModelTooLarge,
    ModelUnknown,
)
from models.fetching import add, pull
from models.manifest import ModelEntry
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration

CONTENT = bytes(range(256)) * 2000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Source:
    """A server whose answers a test sets: ``cut_after`` bytes of each answer, then the end."""

    content: bytes = CONTENT
    status: int = 200
    cut_after: int | None = None
    trickle: float | None = None
    ranges: bool = True
    asked: list[str | None] = field(default_factory=list)
    url: str = ""


def handler(source: Source) -> type[BaseHTTPRequestHandler]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            source.asked.append(wanted)
            if source.status != 200:
                self.send_error(source.status)
                return
            start = int(wanted[6:-1]) if wanted and source.ranges else 0
            if start and start >= len(source.content):
                self.send_error(416)
                return
            body = source.content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if (pause_s := source.trickle) is not None:
                with suppress(OSError):  # who asked gave up
                    for at in range(0, len(body), 10):
                        self.wfile.write(body[at : at + 10])
                        time.sleep(pause_s)
                return
            self.wfile.write(body if source.cut_after is None else body[: source.cut_after])

        def log_message(self, *args: object) -> None:
            return

    return Answer


@pytest.fixture
def source() -> Iterator[Source]:
    set_up = Source()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(set_up))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    set_up.url = f"http://127.0.0.1:{server.server_address[1]}/abc123/small.onnx"
    yield set_up
    server.shutdown()
    server.server_close()
    thread.join(PATIENCE_S)


def known(url: str, *, size: int | None = len(CONTENT)) -> Registry:
    entry = ModelEntry(
        name="small",
        version="1",
        task="objects",
        source="url",
        sha256=DIGEST,
        licence="Apache-2.0",
        origin="https://example.org",
        runtime="onnx",
        input=(1, 3, 416, 416),
        labels=("phone",),
        decoder="yolox",
        file="small.onnx",
        url=url,
        commit="abc123",
        bytes=size,
    )
    return Registry((), {"small": entry})


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_good_source_gives_the_file_with_progress(source: Source, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    path = pull(known(source.url), "small", tmp_path, progress=lambda *now: told.append(now))
    assert path.read_bytes() == CONTENT
    assert left_in(tmp_path) == ["small.onnx"]
    assert told[-1] == (len(CONTENT), len(CONTENT))


def test_a_file_that_is_there_is_not_fetched_again(source: Source, tmp_path: Path) -> None:
    (tmp_path / "small.onnx").write_bytes(CONTENT)
    pull(known(source.url), "small", tmp_path)
    assert source.asked == []


def test_a_wrong_file_is_replaced_by_the_right_one(source: Source, tmp_path: Path) -> None:
    (tmp_path / "small.onnx").write_bytes(b"altered")
    assert pull(known(source.url), "small", tmp_path).read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing_behind(source: Source, tmp_path: Path) -> None:
    source.content = b"x" * len(CONTENT)
    with pytest.raises(ModelDigestMismatch) as raised:
        pull(known(source.url), "small", tmp_path)
    assert raised.value.code == "model_digest_mismatch"
    assert left_in(tmp_path) == []


def test_a_cut_off_is_continued_where_it_broke(source: Source, tmp_path: Path) -> None:
    source.cut_after = len(CONTENT) // 2 + 1
    assert pull(known(source.url), "small", tmp_path).read_bytes() == CONTENT
    assert source.asked == [None, f"bytes={source.cut_after}-"]


def test_a_source_that_keeps_breaking_is_continued_at_the_next_call(
    source: Source, tmp_path: Path
) -> None:
    source.cut_after = len(CONTENT) // 8
    with pytest.raises(ModelSourceUnavailable) as raised:
        pull(known(source.url), "small", tmp_path)
    assert raised.value.retryable
    assert left_in(tmp_path) == ["small.onnx.part"]
    source.cut_after = None
    assert pull(known(source.url), "small", tmp_path).read_bytes() == CONTENT
    assert source.asked[-1] == f"bytes={3 * (len(CONTENT) // 8)}-"
    assert left_in(tmp_path) == ["small.onnx"]


def test_a_source_that_trickles_holds_nobody_for_hours(source: Source, tmp_path: Path) -> None:
    """Each byte comes in time: no time-out of a read would ever end it."""
    source.trickle = 0.02
    with pytest.raises(ModelSourceUnavailable):
        pull(known(source.url), "small", tmp_path, timeout_s=0.2)
    assert left_in(tmp_path) == ["small.onnx.part"]
    source.trickle = None
    assert pull(known(source.url), "small", tmp_path, timeout_s=PATIENCE_S).read_bytes() == CONTENT


def test_a_server_without_ranges_is_read_from_the_start(source: Source, tmp_path: Path) -> None:
    source.ranges = False
    (tmp_path / "small.onnx.part").write_bytes(CONTENT[:1000])
    assert pull(known(source.url), "small", tmp_path).read_bytes() == CONTENT


def test_remains_longer_than_the_file_are_thrown_away(source: Source, tmp_path: Path) -> None:
    (tmp_path / "small.onnx.part").write_bytes(CONTENT + b"more")
    assert pull(known(source.url), "small", tmp_path).read_bytes() == CONTENT


def test_no_network_is_told_clearly(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/abc123/small.onnx"
    with pytest.raises(ModelSourceUnavailable) as raised:
        pull(known(url), "small", tmp_path)
    assert raised.value.code == "model_source_unavailable"


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_refusing_source_is_told_clearly(source: Source, tmp_path: Path, status: int) -> None:
    source.status = status
    with pytest.raises(ModelSourceUnavailable, match=str(status)):
        pull(known(source.url), "small", tmp_path)
    assert left_in(tmp_path) == []


def test_a_source_that_gives_too_much_is_stopped(source: Source, tmp_path: Path) -> None:
    with pytest.raises(ModelTooLarge):
        pull(known(source.url, size=1000), "small", tmp_path)
    assert left_in(tmp_path) == []


def test_only_http_is_asked(tmp_path: Path) -> None:
    with pytest.raises(ModelSourceUnavailable):
        pull(known("file:///etc/abc123"), "small", tmp_path)


def test_a_folder_that_cannot_be_written_is_told(source: Source, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(ModelStoreFull) as raised:
        pull(known(source.url), "small", blocked / "models")
    assert raised.value.code == "model_store_failed"


def test_a_model_of_a_package_is_not_pulled(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="package mediapipe"):
        pull(Registry(), "face_mesh", tmp_path)


def test_a_file_brought_by_hand_is_taken_by_its_digest(tmp_path: Path) -> None:
    brought = tmp_path / "from-a-stick.bin"
    brought.write_bytes(CONTENT)
    folder = tmp_path / "models"
    assert add(known(""), str(brought), DIGEST, folder).name == "small.onnx"
    assert (folder / "small.onnx").read_bytes() == CONTENT


def test_a_mirror_is_taken_by_its_digest(source: Source, tmp_path: Path) -> None:
    unreachable = known("http://127.0.0.1:9/abc123")
    assert add(unreachable, source.url, DIGEST, tmp_path).read_bytes() == CONTENT


def test_what_was_brought_must_be_what_was_promised(tmp_path: Path) -> None:
    brought = tmp_path / "other.bin"
    brought.write_bytes(b"something else")
    folder = tmp_path / "models"
    with pytest.raises(ModelDigestMismatch):
        add(known(""), str(brought), DIGEST, folder)
    with pytest.raises(ModelUnknown):
        add(known(""), str(brought), "f" * 64, folder)
    with pytest.raises(ModelSourceUnavailable):
        add(known(""), str(tmp_path / "not there"), DIGEST, folder)
    assert left_in(folder) == []
