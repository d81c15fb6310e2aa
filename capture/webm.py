"""Matroska/WebM as this service writes it: append-only, absolute times, whole clusters.

Block times are milliseconds of the sitting's timeline, in every file alike, so segments need no
index to be placed and joining them copies bytes. Track numbers are fixed per codec, so a join
never rewrites a block. Each cluster is of known size and written at once: what a kill -9 leaves
is whole clusters and perhaps one torn tail, which ``scan`` finds.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from capture import ebml
from capture.ebml import Buffer, Malformed

VP8_TRACK, OPUS_TRACK, H264_TRACK = 1, 2, 3
CODEC_IDS = {VP8_TRACK: "V_VP8", OPUS_TRACK: "A_OPUS", H264_TRACK: "V_MPEG4/ISO/AVC"}
CODEC_NAMES = {VP8_TRACK: "vp8", OPUS_TRACK: "opus", H264_TRACK: "h264"}
TRACK_OF_CODEC = {name: number for number, name in CODEC_NAMES.items()}

_EBML, _SEGMENT, _INFO = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x15\x49\xa9\x66"
_TRACKS, _TRACK = b"\x16\x54\xae\x6b", b"\xae"
_CLUSTER, _TIMESTAMP, _SIMPLE_BLOCK = b"\x1f\x43\xb6\x75", b"\xe7", b"\xa3"
_CUES, _CUE, _CUE_TIME, _CUE_POSITIONS = b"\x1c\x53\xbb\x6b", b"\xbb", b"\xb3", b"\xb7"
_CUE_TRACK, _CUE_CLUSTER = b"\xf7", b"\xf1"
_SEEK_HEAD, _SEEK, _SEEK_ID, _SEEK_POSITION = (
    b"\x11\x4d\x9b\x74",
    b"\x4d\xbb",
    b"\x53\xab",
    b"\x53\xac",
)
_KEY = 0x80
# Two channels, 48 kHz, nothing to skip: RTP times already say when a packet sounds (RFC 7845)
_OPUS_HEAD = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 0, 48000, 0, 0)
_OPUS_PREROLL_NS = 80_000_000
# A camera keeps no steady pace. Where a file names none, ffmpeg takes that of the first pictures
# for all, rounds the others to it, and complains of what it made of them. A thousand
# pictures a second and more it does not believe.
_FINEST_PACE_NS = 1_001_002
MAX_RELATIVE_MS = 32_000  # a block's time is a signed 16-bit offset from its cluster's


@dataclass(frozen=True, slots=True)
class Track:
    """One track's description; ``private`` is the avcC record of H.264."""

    number: int
    width: int = 0
    height: int = 0
    private: bytes = b""

    @property
    def is_video(self) -> bool:
        return self.number != OPUS_TRACK

    @property
    def codec(self) -> str:
        return CODEC_NAMES[self.number]

    def encode(self) -> bytes:
        head = (
            ebml.unsigned(b"\xd7", self.number)
            + ebml.unsigned(b"\x73\xc5", self.number)
            + ebml.unsigned(b"\x83", 1 if self.is_video else 2)
            + ebml.unsigned(b"\x9c", 0)  # no lacing
            + ebml.text(b"\x86", CODEC_IDS[self.number])
        )
        return ebml.element(_TRACK, head + (self._video() if self.is_video else self._audio()))

    def _video(self) -> bytes:
        size = ebml.unsigned(b"\xb0", self.width) + ebml.unsigned(b"\xba", self.height)
        private = ebml.element(b"\x63\xa2", self.private) if self.private else b""
        pace = ebml.unsigned(b"\x23\xe3\x83", _FINEST_PACE_NS)
        return pace + private + ebml.element(b"\xe0", size)

    def _audio(self) -> bytes:
        return (
            ebml.element(b"\x63\xa2", _OPUS_HEAD)
            + ebml.unsigned(b"\x56\xbb", _OPUS_PREROLL_NS)
            + ebml.element(b"\xe1", ebml.double(b"\xb5", 48000.0) + ebml.unsigned(b"\x9f", 2))
        )


class Block(NamedTuple):
    """One encoded frame at ``at_ms`` of the timeline."""

    track: int
    at_ms: int
    key: bool
    data: bytes

    @property
    def is_video(self) -> bool:
        return self.track != OPUS_TRACK


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a whole cluster lies in its file. ``key_ms``: it starts with a video key frame."""

    start: int
    end: int
    at_ms: int
    first_track: int
    key_ms: int | None


@dataclass(frozen=True, slots=True)
class Scan:
    """What of a file is whole: its tracks and clusters; ``end`` is where a torn tail begins."""

    tracks: tuple[Track, ...]
    clusters: tuple[Cluster, ...]
    end: int


@dataclass(slots=True)
class PlacedCluster:
    """A cluster to be placed in a seekable file: its size, and its key frame if any."""

    size: int
    key: tuple[int, int] | None = field(default=None)  # (track, ms)


# --- writing -----------------------------------------------------------------------------------


def _ebml_header(tracks: Iterable[Track]) -> bytes:
    plain = all(track.number != H264_TRACK for track in tracks)
    return ebml.element(
        _EBML,
        ebml.unsigned(b"\x42\x86", 1)
        + ebml.unsigned(b"\x42\xf7", 1)
        + ebml.unsigned(b"\x42\xf2", 4)
        + ebml.unsigned(b"\x42\xf3", 8)
        + ebml.text(b"\x42\x82", "webm" if plain else "matroska")
        + ebml.unsigned(b"\x42\x87", 4)
        + ebml.unsigned(b"\x42\x85", 2),
    )


def _info(duration_ms: int | None = None) -> bytes:
    duration = b"" if duration_ms is None else ebml.double(b"\x44\x89", float(duration_ms))
    return ebml.element(
        _INFO,
        ebml.unsigned(b"\x2a\xd7\xb1", 1_000_000)  # times are milliseconds
        + duration
        + ebml.text(b"\x4d\x80", "baqylau")
        + ebml.text(b"\x57\x41", "baqylau"),
    )


def _tracks(tracks: Iterable[Track]) -> bytes:
    return ebml.element(_TRACKS, b"".join(track.encode() for track in tracks))


def live_header(tracks: Sequence[Track]) -> bytes:
    """The start of a file that grows: a Matroska segment of unknown size."""
    return _ebml_header(tracks) + _SEGMENT + ebml.UNKNOWN_SIZE + _info() + _tracks(tracks)


def encode_cluster(blocks: Sequence[Block]) -> bytes:
    """One cluster; a video key frame comes first, so a reader sees from one block what it is."""
    ordered = sorted(blocks, key=lambda block: (not (block.key and block.is_video), block.at_ms))
    base = max(0, min(block.at_ms for block in ordered))
    parts = [ebml.unsigned(_TIMESTAMP, base)]
    for block in ordered:
        head = bytes((0x80 | block.track,)) + struct.pack(
            ">hB", block.at_ms - base, _KEY if block.key else 0
        )
        parts += (_SIMPLE_BLOCK, ebml.vint(len(block.data) + 4), head, block.data)
    return ebml.element(_CLUSTER, b"".join(parts), size_width=4)


def seekable_header(
    tracks: Sequence[Track], clusters: Sequence[PlacedCluster], duration_ms: int
) -> bytes:
    """The start of a finished file with known size, duration and Cues before the clusters."""
    info, described = _info(duration_ms), _tracks(tracks)
    cues_size = len(_cues(clusters, 0))
    seek_size = len(_seek_head(0, 0, 0))
    head_size = seek_size + len(info) + len(described)
    body = (
        _seek_head(seek_size, seek_size + len(info), head_size)
        + info
        + described
        + _cues(clusters, head_size + cues_size)
    )
    total = len(body) + sum(cluster.size for cluster in clusters)
    return _ebml_header(tracks) + _SEGMENT + ebml.vint(total, 8) + body


def _seek_head(info_at: int, tracks_at: int, cues_at: int) -> bytes:
    places = ((_INFO, info_at), (_TRACKS, tracks_at), (_CUES, cues_at))
    entries = (
        ebml.element(_SEEK, ebml.element(_SEEK_ID, name) + ebml.unsigned(_SEEK_POSITION, at, 8))
        for name, at in places
    )
    return ebml.element(_SEEK_HEAD, b"".join(entries))


def _cues(clusters: Sequence[PlacedCluster], position: int) -> bytes:
    entries = []
    for cluster in clusters:
        if cluster.key is not None:
            track, at_ms = cluster.key
            place = ebml.unsigned(_CUE_TRACK, track) + ebml.unsigned(_CUE_CLUSTER, position, 8)
            entries.append(
                ebml.element(
                    _CUE, ebml.unsigned(_CUE_TIME, at_ms, 8) + ebml.element(_CUE_POSITIONS, place)
                )
            )
        position += cluster.size
    # An empty Cues element is not allowed: such a file has none.
    return ebml.element(_CUES, b"".join(entries), size_width=8) if entries else b""


# --- reading -----------------------------------------------------------------------------------


def scan(data: Buffer) -> Scan:
    """Find the whole clusters; anything torn or foreign after them is past ``end``.

    Raises Malformed when not even the header is whole.
    """
    view = memoryview(data)
    at, tracks = _read_start(view)
    clusters: list[Cluster] = []
    while at < len(view):
        try:
            identifier, size, payload = ebml.read_header(view, at)
            if size is None or payload + size > len(view):
                break
            if identifier == _CLUSTER:
                clusters.append(_read_cluster(view, at, payload, payload + size))
        except Malformed:
            break
        at = payload + size
    return Scan(tracks, tuple(clusters), clusters[-1].end if clusters else at)


def _read_start(view: memoryview) -> tuple[int, tuple[Track, ...]]:
    identifier, size, payload = ebml.read_header(view, 0)
    if identifier != _EBML or size is None:
        raise Malformed("no EBML header")
    identifier, _, at = ebml.read_header(view, payload + size)
    if identifier != _SEGMENT:
        raise Malformed("no Matroska segment")
    while True:
        identifier, size, payload = ebml.read_header(view, at)
        if size is None or payload + size > len(view) or identifier == _CLUSTER:
            raise Malformed("no whole track list")
        at = payload + size
        if identifier == _TRACKS:
            return at, tuple(_read_tracks(view, payload, at))


def _read_tracks(view: memoryview, start: int, end: int) -> Iterator[Track]:
    def number(found: dict[bytes, list[tuple[int, int]]], name: bytes) -> int:
        at, stop = found[name][0]
        return int.from_bytes(view[at:stop], "big")

    for entry in ebml.children(view, start, end).get(_TRACK, []):
        found = ebml.children(view, *entry)
        try:
            track = number(found, b"\xd7")
            if track == OPUS_TRACK:
                yield Track(track)
                continue
            size = ebml.children(view, *found[b"\xe0"][0])
            at, stop = found.get(b"\x63\xa2", [(0, 0)])[0]
            yield Track(track, number(size, b"\xb0"), number(size, b"\xba"), bytes(view[at:stop]))
        except KeyError as error:
            raise Malformed("a track lacks its description") from error


def _read_cluster(view: memoryview, start: int, payload: int, end: int) -> Cluster:
    base, first = _cluster_time(view, payload, end)
    block = next(_read_blocks(view, first, end, base), None)
    if block is None:
        raise Malformed("an empty cluster")
    key = block.at_ms if block.key and block.is_video else None
    return Cluster(start, end, base, block.track, key)


def _cluster_time(view: memoryview, at: int, end: int) -> tuple[int, int]:
    identifier, size, payload = ebml.read_header(view, at)
    if identifier != _TIMESTAMP or size is None or payload + size > end:
        raise Malformed("a cluster without its time")
    return int.from_bytes(view[payload : payload + size], "big"), payload + size


def _read_blocks(view: memoryview, at: int, end: int, base: int) -> Iterator[Block]:
    while at < end:
        identifier, size, payload = ebml.read_header(view, at)
        if size is None or payload + size > end:
            raise Malformed("a cut block")
        at = payload + size
        if identifier != _SIMPLE_BLOCK or size < 4:
            continue
        offset, flags = struct.unpack_from(">hB", view, payload + 1)
        yield Block(
            view[payload] & 0x7F, base + offset, bool(flags & _KEY), bytes(view[payload + 4 : at])
        )


def blocks_of(data: Buffer, cluster: Cluster) -> Iterator[Block]:
    view = memoryview(data)
    _, _, payload = ebml.read_header(view, cluster.start)
    base, first = _cluster_time(view, payload, cluster.end)
    return _read_blocks(view, first, cluster.end, base)
