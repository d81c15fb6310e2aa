"""`baqylau verify` on a recording's folder: says which part is wrong, in plain words."""

import hashlib
import json
from datetime import UTC, datetime

import pytest
import typer
from typer.testing import CliRunner

from capture.contracts import ClockOffset, Gap, GapCause, Segment, TrackKey, TrackKind
from capture.manifest import NAME, Manifest
from capture.signing import RecordingKey
from exam_api.cli import terminal, verifying
from exam_api.cli.terminal import Failure

AT = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(terminal, "_chosen", ["en"])


@pytest.fixture
def key(tmp_path):
    return RecordingKey.load_or_create(tmp_path / "recording.pem")


def record(folder, key):
    folder.mkdir(parents=True)
    manifest = Manifest(folder, TrackKey("s1", TrackKind(folder.name)))
    for number, content in ((1, b"one"), (2, b"two")):
        name = f"{number:06d}.webm"
        (folder / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        manifest.append(
            Segment("s1", 0, name, number, number + 1, 3, digest, "", "vp8", None, 2, 2)
        )
    manifest.append(Gap(3, 9003, GapCause.NETWORK), ClockOffset(10, -1500, 8, 7))
    manifest.seal(key, AT)


@pytest.fixture
def sitting(tmp_path, key):
    for track in ("camera", "screen"):
        record(tmp_path / "s1" / track, key)
    return tmp_path / "s1"


def run(*arguments):
    app = typer.Typer()
    verifying.register(app)
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_an_intact_recording_says_what_it_holds_and_who_signed(sitting, key):
    done = run(sitting, "--key", sitting.parent / "recording.pub")
    assert done.exit_code == 0
    assert done.output.count("the recording is intact: 2 segments") == 2
    assert "gap 0.0–9.0 s: network" in done.output
    assert "computer's clock − server's clock: -1.500 s" in done.output
    assert f"the key's fingerprint is {key.fingerprint}" in done.output


def test_the_copy_that_was_put_together_is_named_as_unchecked(sitting):
    """Whoever changes it changes no proof, and whoever watches it knows."""
    assert "a copy to watch" not in run(sitting).output
    (sitting / "camera" / "recording.webm").write_bytes(b"anything")
    done = run(sitting)
    assert done.exit_code == 0
    assert done.output.count("recording.webm: a copy to watch, which was not checked") == 1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: (f / "000001.webm").write_bytes(b"One"), "000001.webm: changed after it was"),
        (lambda f: (f / "000002.webm").unlink(), "000002.webm: listed, but the file is missing"),
        (lambda f: (f / "000003.webm").write_bytes(b"x"), "000003.webm: a foreign file"),
        (
            lambda f: (f / NAME).write_bytes(
                (f / NAME).read_bytes().replace(b'"end_ms":9003', b'"end_ms":5003')
            ),
            "segments.jsonl:3 (gap): this line was changed",
        ),
        (
            lambda f: (f / NAME).write_bytes(
                b"".join((f / NAME).read_bytes().splitlines(keepends=True)[:-1])
            ),
            "segments.jsonl: not signed: the recording is unfinished",
        ),
    ],
)
def test_what_is_wrong_is_named(sitting, spoil, words):
    spoil(sitting / "screen")
    done = run(sitting)
    assert done.exit_code != 0
    assert f"screen/{words}" in done.exception.filling["problems"]
    assert "camera/" not in done.exception.filling["problems"]


def test_another_key_is_told(sitting, tmp_path):
    RecordingKey.load_or_create(tmp_path / "other.pem")
    done = run(sitting / "camera", "--key", tmp_path / "other.pub", "--json")
    assert done.exit_code != 0
    told = json.loads(done.output)
    assert told["intact"] is False
    assert told["tracks"]["camera"]["codes"] == ["wrong_key"]
    assert "signed with another key" in told["problems"][0]


def test_what_is_no_public_key_is_said_so(sitting, tmp_path):
    done = run(sitting, "--key", sitting / "camera" / NAME)
    assert isinstance(done.exception, Failure)
    assert done.exception.code == "verify.key_unreadable"
