"""The WebM writer and its tolerant reader: what goes in comes out, whatever tears the end off."""

import io
import itertools

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture import webm
from capture.ebml import Malformed
from capture.webm import OPUS_TRACK, VP8_TRACK, Block, Track

TRACKS = (Track(VP8_TRACK, 640, 480), Track(OPUS_TRACK))
MS = st.integers(0, 40_000)


@st.composite
def clusters(draw):
    """Groups of blocks as the recorder makes them: near in time, a key frame only as first."""
    groups = []
    for base in sorted(draw(st.lists(MS, min_size=1, max_size=6, unique=True))):
        count = draw(st.integers(1, 6))
        groups.append(
            [
                Block(
                    draw(st.sampled_from([VP8_TRACK, OPUS_TRACK])),
                    base + draw(st.integers(0, 900)),
                    draw(st.booleans()),
                    draw(st.binary(max_size=300)),
                )
                for _ in range(count)
            ]
        )
    return groups


def in_order(blocks):
    return sorted(blocks, key=lambda b: (b.track, b.at_ms, b.key, b.data))


def read_back(data):
    scan = webm.scan(data)
    return scan, [list(webm.blocks_of(data, cluster)) for cluster in scan.clusters]


@given(clusters())
def test_blocks_come_back_as_they_went_in(groups):
    data = webm.live_header(TRACKS) + b"".join(map(webm.encode_cluster, groups))
    scan, found = read_back(data)
    assert scan.tracks == TRACKS
    assert scan.end == len(data)
    assert [in_order(group) for group in found] == [in_order(group) for group in groups]


@settings(max_examples=60)
@given(clusters(), st.data())
def test_a_torn_tail_costs_only_the_torn_cluster(groups, data):
    header = webm.live_header(TRACKS)
    pieces = [webm.encode_cluster(group) for group in groups]
    whole = header + b"".join(pieces)
    cut = data.draw(st.integers(len(header), len(whole)))
    ends = list(itertools.accumulate([len(header), *map(len, pieces)]))
    kept = sum(end <= cut for end in ends) - 1
    scan, found = read_back(whole[:cut])
    assert len(found) == kept
    assert scan.end == ends[kept]


@given(clusters(), st.binary(min_size=1, max_size=64))
def test_foreign_bytes_at_the_end_are_no_media(groups, tail):
    data = webm.live_header(TRACKS) + b"".join(map(webm.encode_cluster, groups))
    scan, found = read_back(data + tail)
    assert [in_order(group) for group in found[: len(groups)]] == [in_order(g) for g in groups]
    assert scan.end >= len(data) or not found


@given(st.binary(max_size=300))
def test_no_bytes_can_do_worse_than_be_refused(data):
    with pytest.raises(Malformed):
        webm.scan(data)


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_damaged_header_is_refused_or_read(position, value):
    data = bytearray(webm.live_header(TRACKS) + webm.encode_cluster([Block(1, 5, True, b"x")]))
    data[position % len(data)] = value
    try:
        scan = webm.scan(bytes(data))
    except Malformed:
        return
    assert scan.end <= len(data)


def test_a_key_frame_comes_first_in_its_cluster_even_behind_earlier_sound():
    blocks = [Block(OPUS_TRACK, 95, True, b"a"), Block(VP8_TRACK, 100, True, b"k")]
    data = webm.live_header(TRACKS) + webm.encode_cluster(blocks)
    (cluster,) = webm.scan(data).clusters
    assert (cluster.key_ms, cluster.first_track, cluster.at_ms) == (100, VP8_TRACK, 95)


def test_a_header_without_its_tracks_is_refused():
    header = webm.live_header(TRACKS)
    for cut in range(len(header)):
        with pytest.raises(Malformed):
            webm.scan(header[:cut])


def test_ffmpeg_reads_the_same_packets_and_sizes():
    blocks = [Block(VP8_TRACK, 40 * n, n % 5 == 0, bytes([n % 5 != 0]) * 40) for n in range(20)]
    groups = [blocks[n : n + 5] for n in range(0, 20, 5)]
    pieces = [webm.encode_cluster(group) for group in groups]
    placed = [
        webm.PlacedCluster(len(piece), (VP8_TRACK, group[0].at_ms))
        for piece, group in zip(pieces, groups, strict=True)
    ]
    data = webm.seekable_header(TRACKS[:1], placed, 800) + b"".join(pieces)
    with av.open(io.BytesIO(data)) as container:
        assert container.duration == 800_000
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (640, 480)
        packets = [p for p in container.demux(stream) if p.size]
        assert [(p.pts, bytes(p)) for p in packets] == [(b.at_ms, b.data) for b in blocks]
        container.seek(450_000)
        assert next(p for p in container.demux(stream)).pts == 400
