"""Keeping recordings: once a sitting is over, each track of it is closed and signed."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

import structlog

from capture.contracts import Recording, TrackKey, TrackKind
from capture.errors import CaptureError
from capture.signing import RecordingKey
from exam_api.domain.errors import StorageError
from exam_api.services.keeping_ports import EndedSitting, KeepingStore, SealedTrack, Tracks
from exam_api.services.ports import Clock
from exam_api.services.proctoring_ports import Transaction

_log = structlog.get_logger(__name__)
TICK_S: Final = 2.0
_AT_ONCE: Final = 20
_AGAIN: Final = timedelta(minutes=1)  # after a failure


class RecordingKeeper:
    """Finds what is to be done in the database, so that a crash only postpones it."""

    def __init__(
        self,
        read: Transaction[KeepingStore],
        write: Transaction[KeepingStore],
        tracks: Tracks,
        key: RecordingKey,
        clock: Clock,
    ) -> None:
        self._read = read
        self._write = write
        self._tracks = tracks
        self._key = key
        self._clock = clock
        self._failed: dict[str, datetime] = {}

    async def run(self) -> None:
        """Until cancelled. What fails is tried again at the next tick."""
        while True:
            try:
                await self.seal_ended()
            except StorageError as error:
                _log.warning("recordings_not_signed", code=error.code)
            await asyncio.sleep(TICK_S)

    async def seal_ended(self) -> int:
        """Sign the recordings of sittings that are over; how many sittings that were."""
        now = self._clock.now()
        self._failed = {one: at for one, at in self._failed.items() if now - at < _AGAIN}
        async with self._read() as store:
            ended = await store.unsealed(_AT_ONCE, self._failed)
        return sum([await self._seal(sitting) for sitting in ended])

    async def _seal(self, sitting: EndedSitting) -> bool:
        # The camera comes last, because its row says that the sitting is done.
        camera = TrackKey(sitting.id)
        try:
            # That is under way, and awaited here; or it had failed.
            await self._tracks.end_sitting(sitting.id)
            recorded = self._tracks.tracks_on_record(sitting.id)
            for key in [*(key for key in recorded if key != camera), camera]:
                if key in recorded:
                    now = self._clock.now()
                    await self._save(
                        key, await self._tracks.finalise(key, self._key, now, sitting.end_ms)
                    )
                else:
                    await self._save(key, Recording(key.sitting_id, (), track=key.track))
        except (CaptureError, OSError) as error:
            # A full disk passes; a damaged manifest must not keep the others waiting.
            _log.warning("recording_not_signed", sitting=sitting.id, error=str(error))
            self._failed[sitting.id] = self._clock.now()
            return False
        return True

    async def _save(self, key: TrackKey, recording: Recording) -> None:
        sealed = SealedTrack(key, recording.digest, recording.signed_by, self._clock.now())
        async with self._write() as store:
            await store.save_sealed(sealed, recording.gaps)
            if key.track is TrackKind.CAMERA and recording.media:
                await store.ask_second_look(sealed)
