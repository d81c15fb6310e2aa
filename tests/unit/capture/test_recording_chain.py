"""The hash chain: a changed, missing, reordered or foreign segment is told."""

import hashlib
import json
import shutil
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.chain import GENESIS, line_chain, next_chain, verify_folder, verify_recording
from capture.contracts import Gap, GapCause, Segment, TrackKey
from capture.errors import RecordingKeyUnreadable
from capture.manifest import NAME, Manifest, Stop
from capture.signing import RecordingKey, read_public

AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)

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


@pytest.mark.parametrize("name", ["000009.webm", "c000001.webm", "extra.webm", "x.mkv", "y.MP4"])
def test_a_foreign_segment_is_told(folder, name):
    shutil.copy(folder / "000001.webm", folder / name)
    assert codes(folder) == {("foreign", name)}


def test_the_joined_file_and_what_is_no_media_are_not_foreign(folder):
    for name in ("recording.webm", "recording.parts", "README.txt"):
        shutil.copy(folder / "000001.webm", folder / name)
    assert codes(folder) == set()


def test_a_line_cut_out_of_the_manifest_is_told(folder):
    lines = (folder / NAME).read_text().splitlines(keepends=True)
    (folder / NAME).write_text("".join(lines[:1] + lines[2:]))
    assert {code for code, _ in codes(folder)} == {"reordered", "broken_chain", "foreign"}


@pytest.mark.parametrize(
    ("word", "other", "line"),
    [
        (b'"end_ms":9000', b'"end_ms":5001', f"{NAME}:5 (gap)"),
        (b'"cause":"network"', b'"cause":"storage"', f"{NAME}:5 (gap)"),
        (b'"cause":"client_ended"', b'"cause":"network"', f"{NAME}:6 (stop)"),
        (b'"end_ms":3000', b'"end_ms":9000', "000002.webm"),
    ],
)
def test_a_changed_line_is_named(folder, word, other, line):
    path = folder / NAME
    path.write_bytes(path.read_bytes().replace(word, other, 1))
    assert codes(folder) == {("broken_chain", line)}


def test_an_earlier_digest_stands_for_the_recording_up_to_there(folder):
    """An act that was made during the exam stays provable once more was recorded."""
    for line in (folder / NAME).read_text().splitlines():
        assert verify_folder(folder, json.loads(line)["chain"]) == []
    assert codes(folder, "5" * 64) == {("wrong_digest", NAME)}


@pytest.fixture
def key(tmp_path):
    return RecordingKey.load_or_create(tmp_path / "key.pem")


@pytest.fixture
def sealed(folder, key):
    Manifest(folder, TrackKey("s1")).seal(key, AT)
    return folder


def told(folder, **options):
    return [(one.code, one.name) for one in verify_recording(folder, **options).problems]


def test_a_sealed_recording_is_intact_and_says_who_signed_it(sealed, key):
    checked = verify_recording(sealed, trusted=key.public)
    assert checked.problems == ()
    assert checked.seal["sitting"] == "s1"
    assert checked.seal["public_key"] == key.public
    assert checked.seal["at"] == "2026-11-22T05:00:00+00:00"


def test_an_unfinished_recording_is_told(folder):
    assert told(folder) == [("unsigned", NAME)]


def test_sealing_twice_adds_nothing_and_what_comes_later_is_sealed_anew(sealed, key):
    before = (sealed / NAME).read_bytes()
    Manifest(sealed, TrackKey("s1")).seal(key, AT)
    assert (sealed / NAME).read_bytes() == before
    manifest = Manifest(sealed, TrackKey("s1"))
    manifest.append(Gap(9000, 9500, GapCause.NETWORK))
    assert told(sealed) == [("unsigned", NAME)]
    manifest.seal(key, AT)
    assert told(sealed, trusted=key.public) == []


def test_a_signature_of_another_key_is_told(sealed, tmp_path):
    other = RecordingKey.load_or_create(tmp_path / "other.pem")
    assert told(sealed, trusted=other.public) == [("wrong_key", f"{NAME}:7 (seal)")]


def test_a_signature_under_a_borrowed_name_is_told(sealed, key, tmp_path):
    """Someone rewrites the chain and puts the true key's name under it."""
    lines = (sealed / NAME).read_bytes().splitlines(keepends=True)
    (sealed / NAME).write_bytes(b"".join(lines[:-1]))
    forger = RecordingKey.load_or_create(tmp_path / "forger.pem")
    Manifest(sealed, TrackKey("s1")).seal(forger, AT)
    data = (sealed / NAME).read_text().replace(forger.public, key.public)
    line = json.loads(data.splitlines()[-1])
    previous = json.loads(lines[-2])["chain"]
    line["chain"] = line_chain(previous, data.splitlines()[-1].encode())
    kept = data.splitlines()[:-1]
    (sealed / NAME).write_text("\n".join([*kept, json.dumps(line, separators=(",", ":"))]) + "\n")
    assert told(sealed) == [("bad_signature", f"{NAME}:7 (seal)")]


def test_another_sittings_recording_in_this_ones_place_is_told(tmp_path, key):
    here = tmp_path / "sB" / "camera"
    here.mkdir(parents=True)
    manifest = Manifest(here, TrackKey("sA"))
    manifest.append(Gap(0, 900, GapCause.NETWORK))
    manifest.seal(key, AT)
    assert told(here) == [("other_sitting", f"{NAME}:2 (seal)")]


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path, key):
    path = tmp_path / "key.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    again = RecordingKey.load_or_create(path)
    assert (again.public, again.fingerprint) == (key.public, key.fingerprint)
    assert read_public(tmp_path / "key.pub") == key.public


def test_a_key_file_that_is_none_is_refused_and_left_as_it_is(tmp_path):
    for content in (b"", b"text", b"-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n"):
        (tmp_path / "odd.pem").write_bytes(content)
        with pytest.raises(RecordingKeyUnreadable):
            RecordingKey.load_or_create(tmp_path / "odd.pem")
        with pytest.raises(RecordingKeyUnreadable):
            read_public(tmp_path / "odd.pem")
        assert (tmp_path / "odd.pem").read_bytes() == content


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
