"""The manifest: append-only, survives torn lines and a full disk."""

import hashlib
import json
import os
import re

import pytest

from capture.chain import GENESIS, next_chain
from capture.contracts import Gap, GapCause, Segment, TrackKey
from capture.manifest import NAME, Manifest, Stop, read


def segment(number):
    return Segment(
        sitting_id="s1",
        index=0,
        name=f"{number:06d}.webm",
        start_ms=number,
        end_ms=number + 1,
        size_bytes=1,
        sha256=f"{number:064x}",
        chain="",
        video_codec="vp8",
        audio_codec="opus",
        width=2,
        height=2,
    )


def test_entries_come_back_numbered_and_chained(tmp_path):
    manifest = Manifest(tmp_path, TrackKey("s1"))
    gap, stop = Gap(2, 5, GapCause.NETWORK), Stop(9, GapCause.CLIENT_ENDED)
    manifest.append(segment(1))
    manifest.append(gap, segment(2), stop)
    ledger = read(tmp_path, TrackKey("s1"))
    assert [s.index for s in ledger.segments] == [1, 2]
    assert (ledger.gaps, ledger.stop) == ([gap], stop)
    lines = (tmp_path / NAME).read_bytes().splitlines()
    chain = GENESIS
    for line in lines:
        body = re.sub(rb',"chain":"[0-9a-f]{64}"', b"", line)
        chain = next_chain(chain, hashlib.sha256(body).hexdigest())
        assert json.loads(line)["chain"] == chain
    assert ledger.recording(TrackKey("s1")).digest == chain
    assert ledger.segments == Manifest(tmp_path, TrackKey("s1")).ledger.segments


def test_a_torn_last_line_is_cut_off_and_written_over(tmp_path):
    Manifest(tmp_path, TrackKey("s1")).append(segment(1))
    whole = (tmp_path / NAME).read_bytes()
    for torn in (b'{"kind":"seg', b"\x00\x00\x00", b'{"kind":"gap"}\n'):
        (tmp_path / NAME).write_bytes(whole + torn)
        assert len(read(tmp_path, TrackKey("s1")).segments) == 1
        Manifest(tmp_path, TrackKey("s1"))
        assert (tmp_path / NAME).read_bytes() == whole


def test_damage_in_the_middle_is_no_torn_tail(tmp_path):
    Manifest(tmp_path, TrackKey("s1")).append(segment(1))
    path = tmp_path / NAME
    path.write_bytes(b"garbage\n" + path.read_bytes())
    with pytest.raises(ValueError, match="line 1"):
        read(tmp_path, TrackKey("s1"))


def test_what_a_full_disk_refuses_waits_for_the_next_append(tmp_path, monkeypatch):
    manifest = Manifest(tmp_path, TrackKey("s1"))
    manifest.append(segment(1))
    real = os.pwrite

    def full(descriptor, data, at):
        real(descriptor, bytes(data)[:7], at)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("capture.manifest.os.pwrite", full)
    with pytest.raises(OSError, match="No space"):
        manifest.append(segment(2))
    assert len(read(tmp_path, TrackKey("s1")).segments) == 1
    monkeypatch.setattr("capture.manifest.os.pwrite", real)
    gained = manifest.append(segment(3))
    assert [entry.name for entry in gained] == ["000002.webm", "000003.webm"]
    assert [s.index for s in read(tmp_path, TrackKey("s1")).segments] == [1, 2, 3]


def test_nothing_recorded_reads_as_empty(tmp_path):
    assert read(tmp_path / "absent", TrackKey("s1")).recording(TrackKey("s1")).digest == ""
