"""``baqylau analyze`` as an appeal uses it: what an accommodation excuses, and who is expected."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from analysis.contracts import FlagKind
from exam_api.cli import app as commands

pytestmark = pytest.mark.integration


def analyze(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands, ["analyze", *map(str, arguments), "--json"])


def kinds(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [flag["kind"] for flag in json.loads(result.stdout)["flags"]]


def test_what_an_accommodation_excuses_is_not_watched_for(shared_media: Path) -> None:
    clip = shared_media / "two_faces.mp4"
    assert FlagKind.EXTRA_FACE in kinds(analyze(clip))
    excused = ("--without", "extra_face", "--without", "phone")
    assert kinds(analyze(clip, *excused)) == []
    refused = analyze(clip, "--without", "whispering")
    assert refused.exit_code == 2
    assert "extra_face" in refused.output


def test_the_face_is_compared_with_the_document_alone_too(
    shared_media: Path, require, tmp_path: Path
) -> None:
    document = require("shared") / "faces" / "face_recognition" / "biden_1.jpg"
    clip = shared_media / "session_mixed.mp4"
    result = analyze(clip, "--document", document, "--observations")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]
    assert any("identity_distance" in line["measures"] for line in lines)

    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((200, 300, 3), 200, np.uint8))
    faceless = analyze(clip, "--document", blank)
    assert getattr(faceless.exception, "code", None) == "photo_without_face"
    missing = analyze(clip, "--document", tmp_path / "none.jpg")
    assert getattr(missing.exception, "code", None) == "file_missing"
