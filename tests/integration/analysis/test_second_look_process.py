"""The second look at real recordings, in its own process."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.contracts import FlagKind
from analysis.second_look import look_again
from exam_api.adapters.second_looker import ProcessLooker
from exam_api.services.second_look import SecondLookFailed
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration


@pytest.fixture
def looker(require, tmp_path) -> ProcessLooker:
    return ProcessLooker(tmp_path, require("shared") / "models", every_s=0.1)


async def test_it_finds_what_a_clip_shows_and_stands_still_while_the_machine_is_busy(
    looker, shared_media
) -> None:
    asked = 0

    def busy() -> bool:
        nonlocal asked
        asked += 1
        return asked in {2, 3, 4}

    sight = await looker.look(shared_media / "two_faces.mp4", [FlagKind.PHONE], busy)
    (flag,) = sight.flags
    ((start_ms, end_ms),) = sight.stretches
    assert start_ms <= flag.start_ms <= (flag.end_ms or 0) <= end_ms
    assert FlagKind.EXTRA_FACE in sight.kinds
    assert FlagKind.PHONE not in sight.kinds
    assert asked > 4
    assert flag.kind is FlagKind.EXTRA_FACE
    assert flag.evidence is not None
    assert flag.evidence.jpeg.startswith(b"\xff\xd8")


async def test_what_is_no_video_fails_and_is_told(looker, tmp_path: Path, caplog) -> None:
    (tmp_path / "notes.webm").write_text("no video")
    with pytest.raises(SecondLookFailed):
        await looker.look(tmp_path / "notes.webm", (), lambda: False)
    assert "NotAVideo" in caplog.text


KILLED = """
import asyncio, sys
from pathlib import Path
from exam_api.adapters.second_looker import ProcessLooker
looker = ProcessLooker(Path(sys.argv[1]), Path(sys.argv[2]), every_s=5)
asyncio.run(looker.look(Path(sys.argv[3]), (), lambda: True))
"""


def state_of(pid: int) -> str:
    """As ``ps`` shows it; nothing where there is no such process."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.read_text().rsplit(")", 1)[1].split()[0] if stat.exists() else ""


def child_of(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split() or (0,)
    return int(child)


def until(what: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < give_up
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's way to end with the parent")
def test_a_server_that_is_killed_leaves_no_stopped_process(require, shared_media, tmp_path) -> None:
    models = require("shared") / "models"
    command = [sys.executable, "-c", KILLED, tmp_path, models, shared_media / "session_mixed.mp4"]
    with subprocess.Popen(command) as server:
        until(lambda: child_of(server.pid) != 0 or server.poll() is not None)
        child = child_of(server.pid)
        until(lambda: state_of(child) == "T")
        server.kill()
        server.wait()
        until(lambda: state_of(child) in {"", "Z"})


def test_tiles_take_no_badge_for_a_phone(require, shared_media) -> None:
    models = require("shared") / "models"
    for clip in sorted(shared_media.glob("webcam_*.mp4"))[:2]:
        assert look_again(clip, models_dir=models).flags == (), clip.name
