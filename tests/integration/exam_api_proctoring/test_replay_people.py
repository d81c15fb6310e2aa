"""`baqylau replay` with a voice and a photo: both reach the analysis over real WebRTC."""

import json

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


def test_a_stranger_who_speaks_is_seen_and_heard(command, require, somebody, voice, tmp_path):
    photo = require("shared") / "faces/face_recognition/obama_1.jpg"
    done = command(
        *("replay", somebody, "--audio", voice, "--identity", photo),
        *("--out", tmp_path / "out", "--json"),
        timeout_s=200,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "flags.json").read_text())
    first_last = reversed(report["flags"])  # one that soon follows another is told quietly
    flags = {flag["kind"]: flag for flag in first_last}
    assert {"identity_mismatch", "speech"} <= set(flags)
    assert flags["identity_mismatch"]["severity"] == "alert"
    lips = {box["label"] for box in flags["speech"]["evidence"]["boxes"]}
    assert lips <= {"lips_still"}  # none yet where the best picture was the session's first
    assert "voice" in flags["speech"]["evidence"]["models"]


def test_what_is_no_sound_or_photo_is_refused_before_anything_starts(command, somebody, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("neither")
    for option in ("--audio", "--identity"):
        done = command("replay", somebody, option, text, "--out", tmp_path / "out")
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
