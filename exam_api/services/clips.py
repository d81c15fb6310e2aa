"""Clips of flags, cut out of the recording and kept with the act that they stand in."""

import hashlib

from capture.errors import CaptureError
from exam_api.services.act_documents import Clip
from exam_api.services.ports import Blobs
from exam_api.services.proctoring_ports import StoredFlag
from exam_api.services.reviewing import CLIP_AFTER_MS, CLIP_BEFORE_MS, Recordings


class Clips:
    def __init__(self, recordings: Recordings, blobs: Blobs) -> None:
        self._recordings = recordings
        self._blobs = blobs

    async def cut(self, flag: StoredFlag) -> Clip:
        """Where nothing is on record the act has no clip, and says so."""
        try:
            data = await self._recordings.clip(
                flag.sitting_id, flag.start_ms, CLIP_BEFORE_MS, CLIP_AFTER_MS
            )
        except CaptureError:
            return Clip("", "")
        digest = hashlib.sha256(data).hexdigest()
        key = f"clips/{flag.sitting_id}/{flag.id}-{digest[:16]}.webm"
        await self._blobs.put(key, data)
        return Clip(key, digest)

    def until(self, flag: StoredFlag) -> int:
        """Milliseconds on record of the flag's sitting."""
        return self._recordings.recorded_until(flag.sitting_id)
