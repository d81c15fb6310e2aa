"""`baqylau replay demo`: the whole way from a camera over WebRTC to the sealed act."""

import json
import subprocess

import pytest

from capture.demo_scene import DEMO_EVENTS, DURATION_S
from capture.probe import probe

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def test_the_built_in_scene_gives_exactly_its_events(command, tmp_path, require):
    pdftotext = require("pdftotext")
    done = command("replay", "demo", "--out", tmp_path, "--json", timeout_s=280)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    report = json.loads((tmp_path / "flags.json").read_text())
    assert [flag["kind"] for flag in report["flags"]] == [kind for kind, *_ in DEMO_EVENTS]
    for flag, (_, start_s, end_s) in zip(report["flags"], DEMO_EVENTS, strict=True):
        assert abs(flag["start_s"] - start_s) <= 3
        assert abs(flag["end_s"] - end_s) <= 3
        assert flag["evidence"]["sha256"]
    assert report["models"]
    assert report["analysed_fps"] > 1

    recording = probe(tmp_path / "recording.webm")
    assert recording.duration_s >= 0.99 * DURATION_S
    assert told["recorded_s"] >= 0.99 * DURATION_S
    assert (tmp_path / "form4.xlsx").read_bytes().startswith(b"PK")
    text = subprocess.run(
        [str(pdftotext), "-layout", str(tmp_path / "act.pdf"), "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "емтихандағы тәртіп ережелерін бұзу туралы" in text
    assert "☑ өздігінен орын ауыстыру, аудиториядан шығу" in text
    assert "☐ ұялы телефонды пайдалану" in text

    assert command("verify", tmp_path / "act.pdf").returncode == 0
    altered = tmp_path / "altered.pdf"
    content = bytearray((tmp_path / "act.pdf").read_bytes())
    content[len(content) // 2] ^= 1
    altered.write_bytes(content)
    refused = command("verify", altered)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
