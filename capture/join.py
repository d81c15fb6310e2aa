"""The whole recording as one seekable file, by copying clusters as they are.

Segments carry absolute times and fixed track numbers, so a join is: a header that knows all
sizes, the Cues, and the clusters' bytes. Gaps stay gaps: a second of the file is a second of
the sitting's timeline.
"""

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from capture import manifest, webm
from capture.chain import JOINED
from capture.contracts import Segment, SuppliedSegment, TrackKey, TrackKind
from capture.ebml import Malformed
from capture.errors import FULL, NoRoomToJoin, NothingRecorded

Media = Segment | SuppliedSegment
STAMP = "recording.parts"
TEMPORARY = ".joining-"
RESERVE_BYTES = 256 * 2**20  # left for answers and for what is being recorded


@dataclass(frozen=True, slots=True)
class Part:
    """A segment's file and what in it is whole."""

    path: Path
    scan: webm.Scan


def join(folder: Path, segments: Sequence[Media], growing: Sequence[Path]) -> Path:
    """Make or refresh ``recording.webm`` (``.mkv`` with H.264). NothingRecorded, NoRoomToJoin.

    Kept as long as its parts are the same, which ``recording.parts`` tells.
    """
    target = _kept(folder, stamp := _stamp(segments, growing))
    if target is not None:
        return target
    paths = [folder / segment.name for segment in segments]
    parts = list(read_parts([*paths, *growing]))
    if not parts:
        raise NothingRecorded("nothing is recorded of this sitting")
    tracks = merge_tracks(part.scan for part in parts)
    if not any(segment.audio_codec for segment in segments) and not (growing and _sounds(parts)):
        tracks = tuple(track for track in tracks if track.is_video)
    plain = all(track.number != webm.H264_TRACK for track in tracks)
    target = folder / (JOINED[0 if plain else 1])
    end_ms = max(segments[-1].end_ms if segments else 0, _last_ms(parts[-1]))
    _write(target, parts, tracks, end_ms)
    with contextlib.suppress(OSError):  # without its stamp it is only made anew next time
        (folder / STAMP).write_text(f"{target.name}\n{stamp}", "ascii")
    return target


def _stamp(segments: Sequence[Media], growing: Sequence[Path]) -> str:
    """What a join is made of. A supplied segment is written in between, after later ones."""
    live = [f"{path.name} {path.stat().st_size}" for path in growing] or ["closed"]
    made_of = hashlib.sha256("".join(segment.chain for segment in segments).encode())
    return "\n".join([made_of.hexdigest(), *live])


def _kept(folder: Path, stamp: str) -> Path | None:
    """The file of an earlier join, if nothing was recorded since; it is in use from now on."""
    with contextlib.suppress(FileNotFoundError):
        name, _, made_of = (folder / STAMP).read_text("ascii").partition("\n")
        target = folder / name
        if made_of == stamp and target.name in JOINED and target.is_file():
            os.utime(folder / STAMP)
            return target
    return None


def forget_unused(root: Path, before: float) -> int:
    """Remove joins that nobody asked for since; how many. ``root``/<sitting>/<track>. Blocks.

    Never one that is more than a copy: all that it was made of must still lie beside it.
    """
    forgotten = 0
    for key in [TrackKey(one.name, kind) for one in root.glob("*") for kind in TrackKind]:
        folder = root / key.sitting_id / key.track
        if _is_unused(folder, key, before):
            for name in (STAMP, *JOINED):
                (folder / name).unlink(missing_ok=True)
            forgotten += 1
    return forgotten


def _is_unused(folder: Path, key: TrackKey, before: float) -> bool:
    copies = [path for name in (STAMP, *JOINED) if (path := folder / name).is_file()]
    if not copies or any(path.stat().st_mtime >= before for path in copies):
        return False
    try:
        media = manifest.read(folder, key).recording(key).media
    except ValueError:
        return False  # a damaged list: the copy may be the best there is
    return bool(media) and all(_is_here(folder / one.name, one.size_bytes) for one in media)


def _is_here(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def read_parts(paths: Iterable[Path]) -> Iterable[Part]:
    """Files with at least one whole cluster; a missing or damaged one is left out, not fatal."""
    for path in paths:
        try:
            scan = webm.scan(path.read_bytes())
        except (FileNotFoundError, Malformed):
            continue
        if scan.clusters:
            yield Part(path, scan)


def merge_tracks(scans: Iterable[webm.Scan]) -> tuple[webm.Track, ...]:
    """One description per track number, the first seen: later sizes are in the key frames."""
    tracks: dict[int, webm.Track] = {}
    for scan in scans:
        for track in scan.tracks:
            tracks.setdefault(track.number, track)
    return tuple(tracks[number] for number in sorted(tracks))


@dataclass(frozen=True, slots=True)
class _Run:
    """Clusters that lie side by side in a file, and stay so."""

    path: Path
    clusters: list[webm.Cluster]


def in_time_order(parts: Iterable[Part]) -> list[_Run]:
    """Sound that went on alone lies behind its segment's end, where pictures were supplied.

    Clusters of one file keep their order, whatever their times.
    """
    timed: list[tuple[int, Part, webm.Cluster]] = []
    for part in parts:
        at_ms = 0
        for cluster in part.scan.clusters:
            at_ms = max(at_ms, cluster.at_ms if cluster.key_ms is None else cluster.key_ms)
            timed.append((at_ms, part, cluster))
    timed.sort(key=lambda one: one[0])
    runs: list[_Run] = []
    for _, part, cluster in timed:
        last = runs[-1] if runs else None
        if last is None or last.path != part.path or last.clusters[-1].end != cluster.start:
            last = _Run(part.path, [])
            runs.append(last)
        last.clusters.append(cluster)
    return runs


def _place(cluster: webm.Cluster) -> webm.PlacedCluster:
    key = None if cluster.key_ms is None else (cluster.first_track, cluster.key_ms)
    return webm.PlacedCluster(cluster.end - cluster.start, key)


def _sounds(parts: Sequence[Part]) -> bool:
    data = parts[-1].path.read_bytes()
    return any(
        block.track == webm.OPUS_TRACK
        for cluster in parts[-1].scan.clusters
        for block in webm.blocks_of(data, cluster)
    )


def _last_ms(part: Part) -> int:
    data = part.path.read_bytes()
    blocks = webm.blocks_of(data, part.scan.clusters[-1])
    return max(block.at_ms for block in blocks) + 1


def _write(target: Path, parts: Sequence[Part], tracks: Sequence[webm.Track], end_ms: int) -> None:
    runs = in_time_order(parts)
    placed = [_place(cluster) for run in runs for cluster in run.clusters]
    header = webm.seekable_header(tracks, placed, end_ms)
    size = len(header) + sum(cluster.size for cluster in placed)
    if shutil.disk_usage(target.parent).free < size + RESERVE_BYTES:
        raise NoRoomToJoin("no room to join the recording")
    temporary = target.with_name(f"{TEMPORARY}{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as out:
            out.write(header)
            out.flush()
            for run in runs:
                _copy(run, out.fileno())
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if error.errno in FULL:
            raise NoRoomToJoin("no room to join the recording") from error
        raise


def _copy(run: _Run, out: int) -> None:
    with run.path.open("rb") as source:
        at, end = run.clusters[0].start, run.clusters[-1].end
        while at < end:
            sent = os.sendfile(out, source.fileno(), at, end - at)
            if sent == 0:
                raise OSError("a segment became shorter while it was read")
            at += sent
