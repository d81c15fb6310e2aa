"""kill -9 of a recording process, at a moment it did not choose."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import pytest

from capture.chain import verify_folder
from capture.service import CaptureService

pytestmark = pytest.mark.integration
CHILD = Path(__file__).with_name("recording_child.py")


def record_until_killed(root: Path, source: Path, seconds: float) -> int:
    """Kill the recording child some time in; the timeline's ms of the last frame it was given."""
    child = subprocess.Popen(
        [sys.executable, CHILD, root, source, str(int(seconds * 1000))],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert child.stdout is not None
    times = []
    with child.stdout:
        for line in child.stdout:
            times.append(int(line.split()[0]))
            if line.endswith("enough\n"):
                os.kill(child.pid, signal.SIGKILL)
                break
        times += [int(line.split()[0]) for line in child.stdout if line.endswith("\n")]
    child.wait()
    return times[-1]


@pytest.mark.parametrize("seconds", [2.6, 4.1])
async def test_kill_9_loses_at_most_a_second_and_leaves_a_whole_recording(
    tmp_path, clip_file, seconds
):
    root = tmp_path / "recordings"
    arrived_ms = record_until_killed(root, clip_file, seconds)
    service = CaptureService(root, on_event=lambda _: None)
    gained = await service.start()
    kept = service.recording("s1")
    assert kept.segments[-1] == gained[-1]
    # The last frame is taken to last until the next would have come.
    assert -200 <= arrived_ms - kept.segments[-1].end_ms <= 1000
    assert verify_folder(root / "s1" / "camera", kept.digest) == []
    with av.open(str(await service.joined("s1"))) as container:
        assert len(list(container.decode(video=0))) >= (kept.recorded_ms / 1000 - 0.3) * 15
    assert await service.start() == []
    await service.aclose()
