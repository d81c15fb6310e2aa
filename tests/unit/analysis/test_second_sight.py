"""What a second look could look at: stretches of time, and the kinds of which anything was told."""

from analysis.contracts import FlagKind, Observation
from analysis.second_look import _Covered


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
