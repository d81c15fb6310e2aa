"""What a second look could look at: stretches of time, and the kinds of which anything was told."""

import numpy as np
import pytest

from analysis.contracts import FlagKind, Observation
from analysis.detectors.yolox import Thing
from analysis.picture import Image
from analysis.second_look import TRUSTED, Tiled, _Covered


def seen(at_ms: int, **votes: float | None) -> Observation:
    return Observation(at_ms, {FlagKind(kind): vote for kind, vote in votes.items()})


def test_pictures_far_apart_leave_something_unseen() -> None:
    covered = _Covered()
    for at_ms in (0, 500, 3500, 6501, 7000):
        covered.note(seen(at_ms, absence=0.0))
    assert covered.stretches == [(0, 3500), (6501, 7000)]


def test_a_frame_that_is_no_picture_is_not_looked_at() -> None:
    covered = _Covered()
    for one in (seen(0, absence=0.0), Observation(3000, {}), seen(6000, absence=0.0)):
        covered.note(one)
    assert covered.stretches == [(0, 0), (6000, 6000)]


def test_a_kind_of_which_no_picture_said_anything_was_not_looked_for() -> None:
    covered = _Covered()
    covered.note(seen(0, absence=1.0, phone=None))
    covered.note(seen(500, absence=None, phone=None, camera_blocked=0.0))
    assert covered.kinds == {FlagKind.ABSENCE, FlagKind.CAMERA_BLOCKED}


class Shortsighted:
    """Sees a bright thing if it takes a tenth of the width that it is shown."""

    def __init__(self, label: str) -> None:
        self._label = label

    def find(self, bgr: Image) -> list[Thing]:
        rows, columns = np.nonzero(bgr.max(2) > 200)
        if not rows.size or np.ptp(columns) + 1 < bgr.shape[1] / 10:
            return []
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        return [Thing(self._label, 0.8, np.array(box, np.float32))]


@pytest.mark.parametrize(("label", "seen_small"), [("notes", True), ("phone", False)])
def test_tiles_show_a_book_that_is_small_and_never_enlarge_a_badge(
    label: str, *, seen_small: bool
) -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    image[400:440, 500:550] = 255
    found = Tiled(Shortsighted(label)).find(image)
    assert bool(found) == seen_small
    for thing in found:
        assert thing.score == pytest.approx(0.8 * TRUSTED)
        assert thing.box.tolist() == [500, 400, 550, 440]
