"""The second look at real recordings, in its own process."""

from pathlib import Path

import pytest

from analysis.contracts import FlagKind
from analysis.second_look import look_again
from exam_api.adapters.second_looker import ProcessLooker
from exam_api.services.second_look import SecondLookFailed

pytestmark = pytest.mark.integration


@pytest.fixture
def looker(require, tmp_path) -> ProcessLooker:
    return ProcessLooker(tmp_path, require("shared") / "models", every_s=0.1)


async def test_it_finds_what_a_clip_shows_and_stands_still_while_the_machine_is_busy(
    looker, shared_media
) -> None:
    asked = 0

    def busy() -> bool:
        nonlocal asked
        asked += 1
        return asked in {2, 3, 4}

    sight = await looker.look(shared_media / "two_faces.mp4", [FlagKind.PHONE], busy)
    (flag,) = sight.flags
    ((start_ms, end_ms),) = sight.stretches
    assert start_ms <= flag.start_ms <= (flag.end_ms or 0) <= end_ms
    assert FlagKind.EXTRA_FACE in sight.kinds
    assert FlagKind.PHONE not in sight.kinds
    assert asked > 4
    assert flag.kind is FlagKind.EXTRA_FACE
    assert flag.evidence is not None
    assert flag.evidence.jpeg.startswith(b"\xff\xd8")


async def test_what_is_no_video_fails_and_is_told(looker, tmp_path: Path, caplog) -> None:
    (tmp_path / "notes.webm").write_text("no video")
    with pytest.raises(SecondLookFailed):
        await looker.look(tmp_path / "notes.webm", (), lambda: False)
    assert "NotAVideo" in caplog.text


def test_tiles_take_no_badge_for_a_phone(require, shared_media) -> None:
    models = require("shared") / "models"
    for clip in sorted(shared_media.glob("webcam_*.mp4"))[:2]:
        assert look_again(clip, models_dir=models).flags == (), clip.name
