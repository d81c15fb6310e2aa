"""Where each track of each sitting lies on the disk, opened, looked up and repaired. All block."""

import logging
import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from capture import manifest
from capture.contracts import Recording, Segment, TrackKey, TrackKind
from capture.errors import FULL, CaptureError, StorageFull
from capture.repair import repair_folder

_log = logging.getLogger(__name__)
_SITTING_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Folders:
    """``root``/<sitting>/<track>."""

    root: Path

    def of(self, key: TrackKey) -> Path:
        if not _SITTING_ID.fullmatch(key.sitting_id):
            raise CaptureError("a sitting's id is letters, digits, - and _", code="sitting_invalid")
        return self.root / key.sitting_id / key.track

    def open(self, key: TrackKey) -> manifest.Manifest:
        """To be written by whoever called. StorageFull, CaptureError."""
        folder = self.of(key)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            kept = manifest.Manifest(folder, key)
            repair_folder(folder, kept, key)
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise StorageFull("no room for a recording") from error
            raise CaptureError("the recording cannot be opened", code="storage_error") from error
        return kept

    def recording(self, key: TrackKey) -> Recording:
        """As it was last written down."""
        return manifest.read(self.of(key), key).recording(key)

    def on_record(self, sitting_id: str) -> list[TrackKey]:
        """Tracks of which there is anything."""
        keys = [TrackKey(sitting_id, kind) for kind in TrackKind]
        return [key for key in keys if (self.of(key) / manifest.NAME).is_file()]

    def repair(self, pattern: str, busy: Container[TrackKey]) -> list[Segment]:
        """What a crash left of the sittings; the segments gained by it.

        ``busy``: tracks that are recorded, asked one by one, as others may begin meanwhile.
        """
        gained: list[Segment] = []
        folders = [
            (kind, folder) for kind in TrackKind for folder in self.root.glob(f"{pattern}/{kind}")
        ]
        for kind, folder in sorted(folders):
            key = TrackKey(folder.parent.name, kind)
            if key in busy or not _SITTING_ID.fullmatch(key.sitting_id):
                continue
            try:
                gained += repair_folder(folder, manifest.Manifest(folder, key), key)
            except (OSError, ValueError):
                _log.exception("a recording folder could not be repaired")
        return gained
