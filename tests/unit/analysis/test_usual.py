"""What is taken for a phone all the time is none; what comes is one."""

from collections.abc import Callable

import numpy as np

from analysis.analyzer import Acquaintance, SittingAnalyzer, closed
from analysis.contracts import Box, Flag, FlagKind
from analysis.detectors.contracts import Sighting
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY
from analysis.usual import (
    FAMILIAR,
    MEMORY_MS,
    RAISED_MS,
    UNKNOWN_COUNTS,
    USUAL_COUNTS,
    Usual,
)
from capture.contracts import Frame

CLEAR = {"luma": 120.0, "std": 45.0, "sharpness": 8.0, "face": 1.0}
FACE = Box("face", 0.9, 0.45, 0.2, 0.55, 0.35)
BADGE = Box("phone", 0.2, 0.46, 0.7, 0.52, 0.8)
PHONE = Box("phone", 0.2, 0.7, 0.4, 0.76, 0.55)


def moved(box: Box, x: float, y: float = 0.0) -> Box:
    return Box(box.label, box.score, box.x0 + x, box.y0 + y, box.x1 + x, box.y1 + y)


def after(*looks: tuple[Box, ...]) -> Usual:
    """A look a second, the last one at ``len(looks)`` s."""
    usual = Usual()
    for second, boxes in enumerate(looks, 1):
        usual.learn(boxes, second * 1000)
    return usual


def test_a_badge_counts_little_and_a_phone_beside_it_fully() -> None:
    usual = after(*[(FACE, BADGE)] * 5)
    assert usual.counts(BADGE, (FACE, BADGE), 6000) == USUAL_COUNTS
    assert usual.counts(PHONE, (FACE, BADGE, PHONE), 6000) == 1.0


def test_before_anything_is_known_half_counts() -> None:
    usual = Usual()
    for second in range(FAMILIAR):
        assert usual.counts(PHONE, (FACE, PHONE), second * 1000) == UNKNOWN_COUNTS
        usual.learn((FACE,), second * 1000)
    assert usual.counts(PHONE, (FACE, PHONE), FAMILIAR * 1000) == 1.0


def test_a_badge_that_is_recognised_now_and_then_is_usual_and_a_single_error_is_not() -> None:
    now_and_then = after(*[(FACE, BADGE) if second % 12 == 0 else (FACE,) for second in range(60)])
    assert now_and_then.counts(BADGE, (FACE, BADGE), 61_000) == USUAL_COUNTS
    once = after(*[(FACE, BADGE) if second == 4 else (FACE,) for second in range(10)])
    assert once.counts(BADGE, (FACE, BADGE), 11_000) == 1.0


def test_a_phone_that_was_missed_once_is_not_usual_the_next_time() -> None:
    """It was there for some seconds in a row, a badge is seen again and again."""
    usual = after(*[(FACE, PHONE) if 20 <= second < 28 else (FACE,) for second in range(60)])
    assert usual.counts(PHONE, (FACE, PHONE), 61_000) == 1.0


def test_who_moves_takes_the_badge_along() -> None:
    usual = after(*[(FACE, BADGE)] * 10)
    face, badge = moved(FACE, 0.3), moved(BADGE, 0.3)
    assert usual.counts(badge, (face, badge), 11_000) == USUAL_COUNTS
    assert usual.counts(badge, (FACE, badge), 11_000) == 1.0
    assert usual.counts(BADGE, (BADGE,), 11_000) == USUAL_COUNTS  # the face is lost for a moment


def test_a_thing_of_another_size_at_that_place_is_another() -> None:
    usual = after(*[(FACE, BADGE)] * 10)
    large = Box("phone", 0.2, 0.42, 0.65, 0.56, 0.85)
    assert usual.counts(large, (FACE, large), 11_000) == 1.0


def test_what_is_being_judged_is_not_yet_usual() -> None:
    """A phone that is held for long does not become a badge while its evidence grows."""
    usual = after(*[(FACE,)] * 10, *[(FACE, PHONE)] * 60)
    assert usual.counts(PHONE, (FACE, PHONE), 71_000, 11_000) == 1.0
    assert usual.counts(PHONE, (FACE, PHONE), 71_000) == USUAL_COUNTS


def test_what_was_flagged_is_forgotten_with_the_moment_before_it() -> None:
    """It was in the picture before its first hit, more faintly."""
    raised = 11_000 + RAISED_MS
    usual = after(*[(FACE,)] * 10, *[(FACE, PHONE)] * 20)
    for second in range(31, 60):
        usual.learn((FACE, PHONE), second * 1000, raised)
    usual.learn((FACE,), 61_000)
    assert usual.counts(PHONE, (FACE, PHONE), 62_000) == 1.0


def test_two_minutes_are_remembered() -> None:
    usual = after(*[(FACE, BADGE)] * 10)
    for second in range(11, 11 + FAMILIAR):
        usual.learn((FACE,), second * 1000)
    assert usual.counts(BADGE, (FACE, BADGE), 10_000 + MEMORY_MS + 1) == 1.0


def test_five_looks_a_second_are_no_more_than_one() -> None:
    usual = after(*[(FACE,)] * 30)
    for at_ms in range(31_000, 32_000, 200):
        usual.learn((FACE, PHONE), at_ms)
    assert usual.counts(PHONE, (FACE, PHONE), 33_000) == 1.0


# --- in the analyzer -----------------------------------------------------------------------------


class Sees:
    models = ()

    def __init__(self, shown: Callable[[float], tuple[Box, ...]]) -> None:
        self._shown = shown

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        boxes = self._shown(picture.at_ms / 1000)
        return Sighting(
            (FACE, *boxes), {**CLEAR, "phone": max((b.score for b in boxes), default=0)}
        )


def phone_flags(
    shown: Callable[[float], tuple[Box, ...]],
    seconds: int,
    *,
    since_s: int = 0,
    known: Acquaintance | None = None,
) -> list[Flag]:
    policy = DEFAULT_POLICY.without(*set(FlagKind) - {FlagKind.PHONE})
    models = ModelSet({"objects": lambda: Sees(shown)}, (), {})
    analyzer = SittingAnalyzer(models, policy, "s1", acquaintance=known)
    grey = np.full((72 * 3 // 2, 96), 90, np.uint8)
    updates = []
    for at_ms in range(since_s * 1000, (since_s + seconds) * 1000, 200):
        updates += analyzer.feed(Frame("s1", at_ms, grey))[1]
    return closed(updates + analyzer.finish())


BAND = Box("phone", 0.45, 0.44, 0.02, 0.56, 0.14)  # on a cap: where no badge hangs


def test_a_cap_that_looks_like_a_phone_from_the_start_is_no_phone_but_one_beside_it_is() -> None:
    """It strays in, ever more often; in the end a phone is held for five seconds."""

    def shown(at: float) -> tuple[Box, ...]:
        cap = (BAND,) if at % 7 < 0.2 or at > 40 else ()
        return cap + ((PHONE,) if 60 <= at < 65 else ())

    (flag,) = phone_flags(shown, 80)
    assert flag.start_ms == 60_000


def test_a_phone_that_lies_there_from_the_start_is_flagged() -> None:
    clear = Box("phone", 0.6, 0.7, 0.4, 0.8, 0.6)
    (flag,) = phone_flags(lambda _: (clear,), 20)
    assert flag.start_ms == 0


def test_a_phone_that_is_used_again_at_the_same_place_is_flagged_again() -> None:
    uses = ((30, 36), (60, 66), (90, 96))
    shown = lambda at: (PHONE,) if any(a <= at < b for a, b in uses) else ()  # noqa: E731
    assert [flag.start_ms for flag in phone_flags(shown, 120)] == [30_000, 60_000, 90_000]


def test_what_is_usual_outlasts_a_line_that_breaks() -> None:
    known = Acquaintance()
    stray = lambda at: (BAND,) if at % 5 < 0.2 else ()  # noqa: E731
    assert phone_flags(stray, 60, known=known) == []
    assert phone_flags(lambda _: (BAND,), 20, since_s=70, known=known) == []
