"""After a crash: what was being written becomes a proper segment, cut back to whole clusters."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from capture import webm
from capture.chain import file_sha256, is_segment_name, is_supplied_name
from capture.contracts import GapCause, Segment, TrackKey
from capture.ebml import Malformed
from capture.join import TEMPORARY
from capture.manifest import Entry, Manifest, Stop

# Sound that outlasts the picture by this is no second on record (CaptureSettings.hole_ms).
_ALONE_MS = 1000

ABANDONED_S = 3600.0


def unlisted(folder: Path, manifest: Manifest) -> list[Path]:
    """Segment files the manifest does not know of, in order."""
    known = {segment.name for segment in manifest.ledger.segments}
    return sorted(
        path for path in folder.iterdir() if is_segment_name(path.name) and path.name not in known
    )


def repair_folder(folder: Path, manifest: Manifest, key: TrackKey) -> list[Segment]:
    """Cut, hash and chain what a kill -9 left; returns the segments gained."""
    _forget_joins(folder)
    supplied = {segment.name for segment in manifest.ledger.supplied}
    for path in folder.iterdir():
        if is_supplied_name(path.name) and path.name not in supplied:
            path.unlink()  # moved in but not written down: the page still has it
    found: list[Entry] = list(_recovered(folder, manifest, key))
    if found and (stop := _blind_stop(folder, found[-1])) is not None:
        found.append(stop)
    return [entry for entry in manifest.append(*found) if isinstance(entry, Segment)]


def _forget_joins(folder: Path) -> None:
    """Those that a crash left. A fresh one is being written: its folder may be opened meanwhile."""
    for left in folder.glob(f"{TEMPORARY}*"):
        with suppress(FileNotFoundError):  # it has just been finished
            if time.time() - left.stat().st_mtime > ABANDONED_S:
                left.unlink()


def _recovered(folder: Path, manifest: Manifest, key: TrackKey) -> Iterator[Segment]:
    end_ms = manifest.ledger.end_ms or 0
    for path in unlisted(folder, manifest):
        segment = recover(path, key)
        if segment is None:
            path.unlink()  # not one whole cluster: there is no media in it
        else:
            # Sound may reach back a little behind the key frame a segment begins with.
            start_ms = min(max(segment.start_ms, end_ms), segment.end_ms)
            end_ms = segment.end_ms
            yield replace(segment, start_ms=start_ms)


def _blind_stop(folder: Path, last: Entry) -> Stop | None:
    """Sound went on alone when the crash came: the gap began before, without a camera."""
    assert isinstance(last, Segment)
    data = (folder / last.name).read_bytes()
    times = [b.at_ms for c in webm.scan(data).clusters for b in webm.blocks_of(data, c)]
    if max(times) - last.end_ms < _ALONE_MS:
        return None
    return Stop(last.end_ms, GapCause.CAMERA_OFF, sound_until_ms=max(times))


def recover(path: Path, key: TrackKey) -> Segment | None:
    """The segment in ``path``, its torn tail cut off; None when no whole cluster is in it."""
    data = path.read_bytes()
    try:
        scan = webm.scan(data)
    except Malformed:
        return None
    if not scan.clusters:
        return None
    if scan.end < len(data):
        os.truncate(path, scan.end)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return describe(path, data[: scan.end], scan, key)


def describe(path: Path, data: bytes, scan: webm.Scan, key: TrackKey) -> Segment:
    """The segment a whole file is; the manifest gives it its number and chain."""
    times = [(b.at_ms, b.is_video) for c in scan.clusters for b in webm.blocks_of(data, c)]
    video = [at_ms for at_ms, is_video in times if is_video]
    step = min(max(video[-1] - video[-2], 1), 200) if len(video) > 1 else 1
    start_ms, last_ms = min(at_ms for at_ms, _ in times), max(at_ms for at_ms, _ in times)
    if video and min(video) - start_ms >= _ALONE_MS:
        start_ms = min(video)
    if video and last_ms - max(video) - step >= _ALONE_MS:
        last_ms = max(video)
    seen = {track.number: track for track in scan.tracks}
    picture = next((track for track in seen.values() if track.is_video), None)
    return Segment(
        sitting_id=key.sitting_id,
        index=0,
        name=path.name,
        start_ms=start_ms,
        end_ms=last_ms + step,
        size_bytes=scan.end,
        sha256=file_sha256(path),
        chain="",
        video_codec=picture.codec if picture else None,
        audio_codec="opus" if webm.OPUS_TRACK in seen else None,
        width=picture.width if picture else 0,
        height=picture.height if picture else 0,
        track=key.track,
    )
