"""Makes the exports that are due in a process of its own: python export_child.py URL FOLDER fatal.

With ``fatal`` "yes" the process kills itself (-9) when ffmpeg has told of the first second.
"""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

from capture import join, manifest
from capture.contracts import Recording, TrackKey, TrackKind
from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.clock import SystemClock
from exam_api.adapters.mp4 import FfmpegTranscoder
from exam_api.adapters.sql.database import Database
from exam_api.services.exports import EXPORT, ExportFiles, ExportJob
from exam_api.services.jobs import JobPolicy, JobRunner


class FolderRecordings:
    """One track's folder, as capture keeps it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recording(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> Recording:
        key = TrackKey(sitting_id, kind)
        return manifest.read(self._folder, key).recording(key)

    async def joined(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> Path:
        recording = self.recording(sitting_id, kind)
        return join.join(self._folder, recording.segments, recording.supplied)


class Fatal(FfmpegTranscoder):
    async def transcode(self, source, target, told):
        async def dying(at_ms):
            await told(at_ms)
            if at_ms >= 1000:
                os.kill(os.getpid(), signal.SIGKILL)

        await super().transcode(source, target, dying)


async def main(url: str, folder: Path, *, fatal: bool) -> None:
    database = Database(url, SystemClock())
    files = ExportFiles(
        folder / "exports",
        LocalBlobs(folder / "blobs"),
        Fatal() if fatal else FfmpegTranscoder(),
    )
    job = ExportJob(FolderRecordings(folder / "track"), files, SystemClock())
    policy = JobPolicy(lease=timedelta(seconds=1))
    await JobRunner(database, SystemClock(), {EXPORT: job}, policy).run_due()
    await database.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), fatal=sys.argv[3] == "yes"))
