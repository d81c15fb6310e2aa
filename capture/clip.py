"""A short cut out of a recording: whole frames copied, times from 0, seekable.

Begins at the last key frame at or before the wanted start, so it plays at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from capture import webm
from capture.contracts import Segment
from capture.ebml import Malformed
from capture.errors import NothingRecorded
from capture.join import Media, merge_tracks

_CLUSTER_MS = 1000


@dataclass(frozen=True, slots=True)
class _Source:
    data: bytes
    scan: webm.Scan


def cut(
    folder: Path, segments: Sequence[Media], growing: Sequence[Path], start_ms: int, end_ms: int
) -> bytes:
    """The recording from ``start_ms`` to ``end_ms`` of the timeline. Raises NothingRecorded.

    ``growing``: the files after the last segment, in order.
    """
    sources = list(_sources(_overlapping(folder, segments, growing, start_ms, end_ms)))
    begin_ms = _first_key(sources, start_ms, end_ms)
    sources += _sources(_heard(folder, segments, start_ms))
    blocks = _blocks(sources, begin_ms, end_ms)
    used = {block.track for block in blocks}
    described = merge_tracks(source.scan for source in sources)
    tracks = [track for track in described if track.number in used]
    return _assemble(tracks, blocks)


def _overlapping(
    folder: Path, segments: Sequence[Media], growing: Sequence[Path], start_ms: int, end_ms: int
) -> Iterator[Path]:
    for segment in segments:
        if segment.end_ms >= start_ms and segment.start_ms <= end_ms:
            yield folder / segment.name
    if not segments or segments[-1].end_ms <= end_ms:
        yield from growing


def _heard(folder: Path, segments: Sequence[Media], start_ms: int) -> Iterator[Path]:
    """The file before, whose sound may go on behind its end, where pictures were supplied."""
    received = [s for s in segments if isinstance(s, Segment) and s.start_ms <= start_ms]
    if received and received[-1].end_ms < start_ms:
        yield folder / received[-1].name


def _sources(paths: Iterator[Path]) -> Iterator[_Source]:
    for path in paths:
        try:
            data = path.read_bytes()
            yield _Source(data, webm.scan(data))
        except (FileNotFoundError, Malformed):
            continue


def _first_key(sources: Sequence[_Source], start_ms: int, end_ms: int) -> int:
    keys = [
        cluster.key_ms
        for source in sources
        for cluster in source.scan.clusters
        if cluster.key_ms is not None and cluster.key_ms <= end_ms
    ]
    if not keys:
        raise NothingRecorded("nothing is recorded around this moment")
    before = [key for key in keys if key <= start_ms]
    return max(before) if before else min(keys)


def _blocks(sources: Sequence[_Source], begin_ms: int, end_ms: int) -> list[webm.Block]:
    """By time; those of one file in its order, in which a late block of sound may lie behind."""
    timed: list[tuple[int, webm.Block]] = []
    for source in sources:
        latest_ms = 0
        for cluster in source.scan.clusters:
            if cluster.at_ms > end_ms:
                break
            for block in webm.blocks_of(source.data, cluster):
                latest_ms = max(latest_ms, block.at_ms)
                if begin_ms <= block.at_ms <= end_ms:
                    timed.append((latest_ms, block._replace(at_ms=block.at_ms - begin_ms)))
    return [block for _, block in sorted(timed, key=lambda one: one[0])]


def _clusters(blocks: Sequence[webm.Block]) -> Iterator[list[webm.Block]]:
    group: list[webm.Block] = []
    for block in blocks:
        full = group and block.at_ms - group[0].at_ms >= _CLUSTER_MS
        if full or (group and block.key and block.is_video):
            yield group
            group = []
        group.append(block)
    if group:
        yield group


def _assemble(tracks: Sequence[webm.Track], blocks: Sequence[webm.Block]) -> bytes:
    placed, encoded = [], []
    for group in _clusters(blocks):
        data = webm.encode_cluster(group)
        key = next(((b.track, b.at_ms) for b in group if b.key and b.is_video), None)
        placed.append(webm.PlacedCluster(len(data), key))
        encoded.append(data)
    duration_ms = max(block.at_ms for block in blocks) + 1
    return webm.seekable_header(tracks, placed, duration_ms) + b"".join(encoded)
