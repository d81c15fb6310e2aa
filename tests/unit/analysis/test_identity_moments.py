"""When faces are compared with the photos: seldom, unforeseen, and at once where it matters."""

import random
from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np

from analysis.analyzer import Acquaintance, SittingAnalyzer
from analysis.contracts import NOBODY_KNOWN, FlagKind, FlagPhase, ModelRef, Severity, Subject
from analysis.detectors.contracts import Sighting
from analysis.detectors.face_print import FacePrint
from analysis.detectors.identity import IdentityDetector
from analysis.identity_moments import SECRET_BITS, IdentityMoments, IdentityPace, seed_of
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY
from capture.contracts import Frame

PACE = IdentityPace()
UNCLEAR = {"identity_unclear_s": 0.0}
ALIKE, OTHER = {"identity_distance": 0.4}, {"identity_distance": 0.8}
SEEN, GONE = {"face": 0.99}, {"face": 0.0}


def picture(at_ms: int, level: int = 90) -> Picture:
    return Picture.of(Frame("s", at_ms, np.full((96 * 3 // 2, 128), level, np.uint8)))


def looks(moments: IdentityMoments, times: range, told=ALIKE, *, face=SEEN, level=90) -> list[int]:
    found = []
    for at_ms in times:
        moments.told(at_ms, face)
        if moments.due(picture(at_ms, level)):
            found.append(at_ms)
            moments.told(at_ms, told)
    return found


def test_the_first_face_is_compared_at_once_and_then_at_moments_apart() -> None:
    found = looks(IdentityMoments(PACE, b"a"), range(0, 600_000, 500))
    assert found[0] == 0
    steps = [after - before for before, after in pairwise(found)]
    assert min(steps) >= 10_000
    assert max(steps) <= 30_500
    assert len(set(steps)) > 10


def test_the_moments_differ_by_photo_and_are_the_same_for_the_same() -> None:
    times = range(0, 300_000, 500)
    one, same, other = (looks(IdentityMoments(PACE, seed), times) for seed in (b"a", b"a", b"b"))
    assert one == same != other
    assert seed_of(Subject(faces=(b"a",)), 0) != seed_of(NOBODY_KNOWN, 0)


def test_whoever_has_the_photo_cannot_foresee_them_and_a_flag_says_how_they_were_drawn() -> None:
    """Two sittings of one person; the second look of an appeal takes the flag's own number."""
    subject, secret = Subject(faces=(b"a",)), 2**SECRET_BITS - 1
    assert len({seed_of(subject, one) for one in (0, 1, secret)}) == 3

    class Stranger:
        models = (ModelRef("identity", "1", "0" * 64),)

        def look(self, _picture: Picture, *, closely: bool = True) -> Sighting:
            clear = {"luma": 120.0, "std": 45.0, "sharpness": 8.0, **SEEN}
            return Sighting(measures=clear | (OTHER if closely else {}))

    models = ModelSet({"identity": lambda _subject: Stranger()}, (), {})
    told = []
    for known in (Acquaintance(secret), Acquaintance(5)):
        analyzer = SittingAnalyzer(models, DEFAULT_POLICY, "s", subject, acquaintance=known)
        for at_ms in range(0, 60_000, 500):
            shown = Frame("s", at_ms, np.full((96 * 3 // 2, 128), 90, np.uint8))
            told += analyzer.feed(shown)[1]
    opened = [one.flag for one in told if one.phase is FlagPhase.OPENED]
    mismatch = [one for one in opened if one.kind is FlagKind.IDENTITY_MISMATCH]
    assert [int(one.thresholds["moments"]) for one in mismatch] == [secret, 5]
    others = [one for one in opened if one.kind is not FlagKind.IDENTITY_MISMATCH]
    assert not any("moments" in one.thresholds for one in others)


def test_nobody_is_not_compared() -> None:
    assert looks(IdentityMoments(PACE, b"a"), range(0, 60_000, 500), face=GONE) == []


def test_who_comes_back_is_compared_at_once() -> None:
    moments = IdentityMoments(PACE, b"a")
    assert looks(moments, range(0, 4000, 500)) == [0]
    assert looks(moments, range(4000, 6000, 500), face=GONE) == []
    assert looks(moments, range(6000, 8000, 500)) == [6000]


def test_a_face_that_is_lost_for_a_moment_again_and_again_costs_little() -> None:
    moments = IdentityMoments(PACE, b"a")
    for at_ms in range(0, 8000, 1000):
        assert len(looks(moments, range(at_ms, at_ms + 500, 500))) == (at_ms % 2000 == 0)
        moments.told(at_ms + 500, GONE)


def test_a_stranger_is_looked_at_again_soon() -> None:
    found = looks(IdentityMoments(PACE, b"a"), range(0, 8000, 500), OTHER)
    assert found == [0, 2000, 4000, 6000]


def test_an_unclear_face_is_looked_at_again_soon_and_then_ever_less_often() -> None:
    """Who sits in the dark for the whole exam must not cost a comparison every two seconds."""
    pace = IdentityPace(calm_ms=(60_000, 60_000))
    moments = IdentityMoments(pace, b"a")
    found = looks(moments, range(0, 100_000, 500), UNCLEAR)
    assert found == [0, 2000, 6000, 14_000, 30_000, 50_000, 70_000, 90_000]
    assert looks(moments, range(100_000, 111_000, 500)) == [110_000]
    assert looks(moments, range(111_000, 180_000, 500), UNCLEAR) == [170_000, 172_000, 176_000]


class Nets:
    """Compares as it is told to: None, or how far the face is from the photo's."""

    refs = (ModelRef("identity", "1", "0" * 64),)

    def __init__(self, told: Callable[[int], float | None]) -> None:
        self._told = told

    def print_nearest(self, picture: Picture) -> FacePrint | None:
        apart = self._told(picture.at_ms)
        return None if apart is None else FacePrint(np.full(1, apart))

    print_on_paper = print_nearest


def photo() -> bytes:
    _, data = cv2.imencode(".png", np.full((64, 64, 3), 90, np.uint8))
    return data.tobytes()


class Face:
    models = (ModelRef("faces", "1", "0" * 64),)

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        clear = {"luma": 120.0, "std": 45.0, "sharpness": 8.0}
        return Sighting(measures=clear | (SEEN if picture.at_ms % 900_000 < 700_000 else GONE))


def course(told: Callable[[int], float | None]) -> list[tuple[FlagPhase, int, int | None]]:
    """What is told in an hour of a face that cannot be compared; at times nobody is there."""

    def compared(at_ms: int) -> float | None:
        return 0.0 if at_ms == 0 else told(at_ms)  # the photo itself is clear

    def identity(subject: Subject) -> IdentityDetector:
        return IdentityDetector(Nets(compared), subject)

    models = ModelSet({"faces": Face, "identity": identity}, (), {})
    analyzer = SittingAnalyzer(models, DEFAULT_POLICY, "s", Subject(faces=(photo(),)))
    updates = []
    for at_ms in range(0, 3_600_000, 500):
        shown = Frame("s", at_ms, np.full((96 * 3 // 2, 128), 90, np.uint8))
        updates += analyzer.feed(shown)[1]
    updates += analyzer.finish()
    mine = [one for one in updates if one.flag.kind is FlagKind.IDENTITY_UNCLEAR]
    assert all(one.flag.severity is Severity.TECHNICAL for one in mine)
    assert all(one.flag.evidence is not None for one in mine)
    ends = [one for one in mine if one.phase is not FlagPhase.UPDATED]
    return [(one.phase, one.flag.start_ms, one.flag.end_ms) for one in ends]


def test_that_a_face_cannot_be_compared_for_minutes_is_told() -> None:
    dark_ms = (950_000, 1_550_000)
    (opened, began, _), (closed, _, ended) = course(
        lambda at_ms: None if dark_ms[0] <= at_ms < dark_ms[1] else 0.4
    )
    assert (opened, closed) == (FlagPhase.OPENED, FlagPhase.CLOSED)
    assert dark_ms[0] + 240_000 <= began <= dark_ms[0] + 300_000
    assert ended is not None
    assert dark_ms[1] - 25_000 <= ended <= dark_ms[1]


def test_a_face_that_is_turned_away_now_and_then_is_no_news() -> None:
    draw = random.Random(1)
    assert course(lambda _at_ms: None if draw.random() < 0.5 else 0.4) == []
    assert course(lambda at_ms: None if at_ms % 600_000 < 230_000 else 0.4) == []


def test_photos_without_a_face_leave_nobody_in_the_belief_that_it_was_compared() -> None:
    nobody = IdentityDetector(Nets(lambda _at_ms: None), NOBODY_KNOWN)
    assert nobody.look(picture(0)).measures == {}
    unreadable = IdentityDetector(Nets(lambda _at_ms: 0.4), Subject(faces=(b"no picture",)))
    told = [unreadable.look(picture(at_ms)).measures for at_ms in (0, 20_000, 40_000, 300_000)]
    assert told == [{"identity_unclear_s": one} for one in (0.0, 20.0, 40.0, 0.0)]


def test_a_picture_that_changes_altogether_is_compared_but_not_all_the_time() -> None:
    moments = IdentityMoments(IdentityPace(calm_ms=(60_000, 60_000)), b"a")
    assert looks(moments, range(0, 12_000, 500)) == [0]
    assert looks(moments, range(12_000, 40_000, 500), level=200) == [12_000]
