"""The hash chain: a changed, missing, reordered or foreign segment is told."""

import hashlib
import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.chain import GENESIS, next_chain, verify_folder
from capture.contracts import Gap, GapCause, Segment, TrackKey
from capture.manifest import NAME, Manifest, Stop

DIGESTS = st.lists(st.binary(min_size=32, max_size=32).map(bytes.hex), min_size=2, max_size=8)


def segment(name, content, start_ms):
    return Segment(
        sitting_id="s1",
        index=0,
        name=name,
        start_ms=start_ms,
        end_ms=start_ms + 1000,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        chain="",
        video_codec="vp8",
        audio_codec=None,
        width=640,
        height=480,
    )


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "camera"
    folder.mkdir()
    manifest = Manifest(folder, TrackKey("s1"))
    for number in range(1, 5):
        content = b"segment %d" % number
        name = f"{number:06d}.webm"
        (folder / name).write_bytes(content)
        manifest.append(segment(name, content, number * 1000))
    manifest.append(Gap(5000, 9000, GapCause.NETWORK), Stop(9000, GapCause.CLIENT_ENDED))
    return folder


def codes(folder, digest=None):
    return {(problem.code, problem.name) for problem in verify_folder(folder, digest)}


def test_an_untouched_recording_is_intact(folder):
    digest = Manifest(folder, TrackKey("s1")).ledger.chain
    assert verify_folder(folder, digest) == []


def test_a_flipped_byte_is_told(folder):
    (folder / "000002.webm").write_bytes(b"segment X")
    assert codes(folder) == {("changed", "000002.webm")}


def test_a_missing_segment_is_told(folder):
    (folder / "000003.webm").unlink()
    assert codes(folder) == {("missing", "000003.webm")}


def test_swapped_segments_are_told(folder):
    one, two = folder / "000001.webm", folder / "000002.webm"
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)
    assert codes(folder) == {("reordered", "000001.webm"), ("reordered", "000002.webm")}


def test_a_foreign_segment_is_told(folder):
    shutil.copy(folder / "000001.webm", folder / "000009.webm")
    assert codes(folder) == {("foreign", "000009.webm")}


def test_a_line_cut_out_of_the_manifest_is_told(folder):
    lines = (folder / NAME).read_text().splitlines(keepends=True)
    (folder / NAME).write_text("".join(lines[:1] + lines[2:]))
    assert {code for code, _ in codes(folder)} == {"reordered", "broken_chain", "foreign"}


def test_a_manifest_rewritten_as_a_whole_fails_against_the_stated_digest(folder):
    digest = Manifest(folder, TrackKey("s1")).ledger.chain
    (folder / NAME).unlink()
    content = b"another"
    for path in folder.glob("*.webm"):
        path.unlink()
    (folder / "000001.webm").write_bytes(content)
    Manifest(folder, TrackKey("s1")).append(segment("000001.webm", content, 0))
    assert codes(folder) == set()
    assert codes(folder, digest) == {("wrong_digest", NAME)}


@pytest.mark.parametrize("content", [b"no json\n", b"{}\n", b'{"kind":"segment"}\n', b"[1]\n"])
def test_a_damaged_manifest_is_told(folder, content):
    (folder / NAME).write_bytes(content)
    assert codes(folder) == {("bad_manifest", NAME)}


def test_a_name_that_leads_elsewhere_is_no_segment(folder):
    line = json.loads((folder / NAME).read_text().splitlines()[0])
    line["name"] = "../../secret.webm"
    (folder / NAME).write_text(json.dumps(line) + "\n")
    assert codes(folder) == {("bad_manifest", NAME)}


@given(DIGESTS, st.data())
def test_any_change_of_the_order_changes_the_last_value(digests, data):
    def last(order):
        chain = GENESIS
        for digest in order:
            chain = next_chain(chain, digest)
        return chain

    other = data.draw(st.permutations(digests))
    assert (last(other) == last(digests)) == (other == digests)
    assert last(digests[:-1]) != last(digests)
