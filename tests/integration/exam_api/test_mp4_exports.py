"""An MP4 made by the real ffmpeg of a real recording, also when the server is killed at it."""

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import pytest

from capture.codecs import KeyInfo
from capture.contracts import GapCause, TrackKey, TrackKind
from capture.manifest import Manifest
from capture.recorder import Recorder
from capture.settings import CaptureSettings
from exam_api.adapters.clock import SystemClock
from exam_api.adapters.mp4 import FfmpegTranscoder
from exam_api.adapters.sql.database import open_database
from exam_api.domain.errors import ExportFailed
from exam_api.services.exports import EXPORT, blob_key, export_key
from exam_api.services.jobs import JobState
from tests.integration.exam_api.export_child import FolderRecordings
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration
SITTING = "s1"
LENGTH_S, FIRST_MS, GAP_MS = 12, 700, 4000
Frame = tuple[str, int, bytes, bool]  # kind, ms, bytes, key


@pytest.fixture(scope="module")
def frames(tmp_path_factory, require) -> list[Frame]:
    """A moving picture with a tone, as a browser would send it."""
    require("ffmpeg")
    require("ffprobe")
    path = tmp_path_factory.mktemp("encoded") / "a.webm"
    picture = f"testsrc2=size=640x480:rate=15:duration={LENGTH_S}"
    sound = f"sine=frequency=440:duration={LENGTH_S}"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    command += ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "256k"]
    subprocess.run(
        [*command, "-g", "30", "-c:a", "libopus", str(path)], check=True, timeout=PATIENCE_S
    )
    with av.open(str(path)) as container:
        return [
            (one.stream.type, max(0, round(one.pts * one.time_base * 1000)), bytes(one), key)
            for one in container.demux()
            if one.size
            for key in [one.is_keyframe]
        ]


async def _record(folder: Path, frames: list[Frame], *, sound: bool = True) -> None:
    """From 0.7 s of the timeline on, with a gap of 4 s in the middle."""
    folder.mkdir()
    key = TrackKey(SITTING)
    with ThreadPoolExecutor(1) as pool:
        recorder = Recorder(
            key,
            folder,
            Manifest(folder, key),
            writing=pool,
            settings=CaptureSettings(segment_s=3.0),
            emit=lambda _: None,
        )
        for half in range(2):
            for kind, at_ms, data, is_key in frames:
                if (at_ms >= LENGTH_S * 500) != bool(half):
                    continue
                at = FIRST_MS + at_ms + half * GAP_MS
                if kind == "video":
                    recorder.video("vp8", at, data, KeyInfo(640, 480) if is_key else None)
                elif sound:
                    recorder.audio(at, data)
            recorder.pause(GapCause.NETWORK)
            await recorder.drain()


def _probe(path: Path) -> tuple[list[str], float]:
    """Codecs, and seconds."""
    asked = ["ffprobe", "-v", "error", "-of", "json", "-show_entries"]
    told = subprocess.run(
        [*asked, "format=duration:stream=codec_name", str(path)],
        check=True,
        capture_output=True,
        timeout=PATIENCE_S,
    )
    found = json.loads(told.stdout)
    codecs = sorted(stream["codec_name"] for stream in found["streams"])
    return codecs, float(found["format"]["duration"])


async def _child(url: str, folder: Path, fatal: str) -> int:
    program = Path(__file__).with_name("export_child.py")
    command = [sys.executable, str(program), url, str(folder), fatal]
    ran = await asyncio.to_thread(subprocess.run, command, timeout=PATIENCE_S, check=False)
    return ran.returncode


def _ffmpegs_at(folder: Path) -> list[str]:
    """Processes whose command line names the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:  # it has just ended
            continue
        if words[0] == b"ffmpeg" and any(bytes(folder) in word for word in words):
            found.append(path.parent.name)
    return found


async def test_a_killed_server_makes_the_file_after_its_restart(tmp_path, frames):
    await _record(tmp_path / "track", frames)
    recordings = FolderRecordings(tmp_path / "track")
    key = export_key(recordings.recording(SITTING))
    url = f"sqlite+aiosqlite:///{tmp_path / 'app.db'}"
    database = await open_database(url, SystemClock())
    async with database.write() as unit:
        await unit.jobs.add(key, EXPORT, {"sitting_id": SITTING, "track": TrackKind.CAMERA})
    made = tmp_path / "blobs" / blob_key(key)

    assert await _child(url, tmp_path, "yes") == -9
    await asyncio.sleep(1.1)  # the killed process's lease ends
    assert not made.exists()
    assert [path.suffix for path in (tmp_path / "exports").iterdir()] == [".part"]
    assert _ffmpegs_at(tmp_path) == []
    assert await _child(url, tmp_path, "no") == 0

    async with database.read() as unit:
        (status,) = await unit.jobs.statuses([key])
    await database.aclose()
    assert (status.state, status.attempts) == (JobState.DONE, 2)
    assert list((tmp_path / "exports").iterdir()) == []
    codecs, seconds = _probe(made)
    joined = await recordings.joined(SITTING)
    assert codecs == ["aac", "h264"]
    assert seconds == pytest.approx(_probe(joined)[1], abs=0.2)
    assert seconds == pytest.approx((FIRST_MS + GAP_MS) / 1000 + LENGTH_S, abs=0.2)
    boxes = made.read_bytes()
    assert 0 < boxes.index(b"moov") < boxes.index(b"mdat"), "players start before it is all there"


async def test_a_track_without_sound_is_a_video_without_sound(tmp_path, frames):
    await _record(tmp_path / "track", frames, sound=False)
    joined = await FolderRecordings(tmp_path / "track").joined(SITTING)
    told = []

    async def tell(at_ms):
        told.append(at_ms)

    await FfmpegTranscoder().transcode(joined, tmp_path / "a.mp4", tell)
    codecs, seconds = _probe(tmp_path / "a.mp4")
    assert (codecs, seconds) == (["h264"], pytest.approx(_probe(joined)[1], abs=0.2))
    assert told == sorted(told)
    # The last report but one may be the last with a time: how far it had come then.
    assert 0.5 * seconds * 1000 < told[-1] < 1.02 * seconds * 1000


async def test_cancelled_it_leaves_no_process(tmp_path, frames):
    await _record(tmp_path / "track", frames)
    joined = await FolderRecordings(tmp_path / "track").joined(SITTING)
    begun = asyncio.Event()

    async def tell(_):
        begun.set()

    work = asyncio.create_task(FfmpegTranscoder().transcode(joined, tmp_path / "a.mp4", tell))
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
    assert len(_ffmpegs_at(tmp_path)) == 1
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert _ffmpegs_at(tmp_path) == []


async def test_what_is_no_recording_fails_with_its_code(tmp_path, require):
    require("ffmpeg")
    broken = tmp_path / "broken.webm"
    broken.write_bytes(b"no video")

    async def tell(_): ...

    with pytest.raises(ExportFailed):
        await FfmpegTranscoder().transcode(broken, tmp_path / "a.mp4", tell)


def test_a_missing_program_is_known_before_anything_is_asked():
    assert not FfmpegTranscoder("no-such-ffmpeg").available()
