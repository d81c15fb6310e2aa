"""A disk that is full for one sitting: the others go on, and it resumes when there is room."""

import asyncio
import errno
import os
from pathlib import Path

import pytest

from capture.chain import verify_folder
from capture.contracts import GapCause, RecordingFailed

pytestmark = pytest.mark.integration


@pytest.fixture
def fill_disk_for(monkeypatch):
    """Refuse every write to a sitting's files, as a full disk does; returns how to free it."""
    real = os.write

    def fill(sitting_id):
        def write(descriptor, data):
            if f"/{sitting_id}/" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(descriptor, data)

        monkeypatch.setattr("capture.segment_file.os.write", write)
        return lambda: monkeypatch.setattr("capture.segment_file.os.write", real)

    return fill


async def test_a_full_disk_stops_one_recording_until_there_is_room(
    capture_server, vp8, fill_disk_for
):
    service = capture_server.service
    await capture_server.publish("s1", vp8, loop=True)
    await capture_server.publish("s2", vp8, loop=True)
    await capture_server.until(lambda: service.status("s1").live and service.status("s2").live)
    there_is_room = fill_disk_for("s1")
    await capture_server.until(lambda: capture_server.seen(RecordingFailed))
    (failed,) = capture_server.seen(RecordingFailed)
    assert (failed.sitting_id, failed.code) == ("s1", "disk_full")
    assert not service.status("s1").live
    assert service.status("s1").connected
    before = service.recorded_until("s2")
    await asyncio.sleep(1.2)
    assert service.status("s2").live
    assert service.recorded_until("s2") > before + 700
    assert len(capture_server.seen(RecordingFailed)) == 1  # told once, not at every try
    there_is_room()
    await capture_server.until(lambda: service.status("s1").live)
    for sitting_id in ("s1", "s2"):
        await service.end_sitting(sitting_id)
        recording = service.recording(sitting_id)
        folder = capture_server.root / sitting_id / "camera"
        assert verify_folder(folder, recording.digest) == []
    assert [gap.cause for gap in service.recording("s1").gaps] == [GapCause.STORAGE]
    assert service.recording("s2").gaps == ()
