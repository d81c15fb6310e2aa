"""Composed swaps of people know when somebody else sits there; re-lit people never change."""

from itertools import pairwise

import numpy as np
import pytest

from benchmarks.quality_identity import (
    AFTER_S,
    AWAY_S,
    BEFORE_S,
    LIGHTS,
    STEP_MS,
    Sitter,
    Sitting,
    relit,
    same_people,
    seated,
    session,
    swapped,
)
from benchmarks.quality_props import Seen


def plain(luma: int) -> np.ndarray:
    return np.full((480, 640, 3), luma, np.uint8)


PEOPLE = {
    name: Sitter(name.encode(), (plain(luma), plain(luma + 5)))
    for name, luma in (("one", 40), ("two", 90), ("three", 190))
}


def test_swaps_begin_when_the_stranger_sits_down_and_last_to_the_end() -> None:
    sittings = swapped(PEOPLE)
    by_what = {one.what: one for one in sittings}
    assert len(sittings) == 3 * 4  # two behind an empty seat, a cut and a stranger for each
    starts = {what: one.events[0].start_s for what, one in by_what.items()}
    assert starts == {
        "swap_behind_an_empty_seat": BEFORE_S + AWAY_S,
        "swap_by_a_cut": BEFORE_S,
        "stranger_from_the_start": 0.0,
    }
    assert all(one.events[0].end_s == one.lasts_s for one in sittings)
    assert by_what["stranger_from_the_start"].lasts_s == AFTER_S


def test_the_one_who_comes_is_never_the_one_who_is_known() -> None:
    for one in swapped(PEOPLE):
        own = PEOPLE[one.subject.faces[0].decode()]
        came = one.parts[-1][0]
        assert not any(came is shown for shown in own.shown)
        assert len(one.parts) == 1 or any(one.parts[0][0] is shown for shown in own.shown)


def test_two_people_alone_swap_with_each_other() -> None:
    both = dict(list(PEOPLE.items())[:2])
    assert len(swapped(both)) == 2 * 3


def test_the_same_people_are_no_event_in_any_light(monkeypatch) -> None:
    asked = []

    def found(_nets: object, image: np.ndarray) -> Seen:
        asked.append(image)
        return Seen(image, None, None)

    monkeypatch.setattr("benchmarks.quality_identity.found", found)
    known = {"lacamoire": PEOPLE["one"], "two": PEOPLE["two"]}
    sittings = same_people(known, None)
    assert [one.what for one in sittings] == [
        "same_with_and_without_glasses_of_life",
        "same_re_lit",
        "same_with_and_without_drawn_glasses",
    ]
    assert all(one.events == () for one in sittings)
    assert len(asked) == 1
    assert sum(image is None for image, _ in sittings[0].parts) == len(LIGHTS)


def test_frames_come_in_turn_and_show_their_part() -> None:
    made = list(session([(plain(40), 2.0), (None, 1.0), (plain(190), 2.0)]))
    times = [frame.at_ms for frame in made]
    assert times[0] == 0
    assert {later - at for at, later in pairwise(times)} == {STEP_MS}
    means = [float(frame.i420[:480].mean()) for frame in made]
    assert len(made) == 10
    assert max(means[:4]) < min(means[4:6]) < min(means[6:])
    again = list(session([(plain(40), 2.0)]))
    assert np.array_equal(again[0].i420, made[0].i420)


@pytest.mark.parametrize(
    ("light", "darker"), [({"gain": 0.5}, True), ({"gamma": 1.8}, True), ({"gain": 1.5}, False)]
)
def test_light_changes_how_bright_a_picture_is(light: dict[str, float], darker: bool) -> None:
    assert (relit(plain(100), **light).mean() < 100) == darker
    aside = relit(plain(100), aside=0.7)
    assert aside[:, 0].mean() < 40
    assert aside[:, -1].mean() > 160


def test_a_sitting_without_a_stranger_has_no_event() -> None:
    from analysis.contracts import NOBODY_KNOWN

    assert Sitting("same", NOBODY_KNOWN, ((plain(1), 3.0),), None).events == ()


def test_who_is_seated_has_a_face_as_large_as_told(require) -> None:
    from analysis.detectors.faces import FaceNets
    from models import registry

    nets, folder = FaceNets.load(registry()), require("shared") / "faces" / "face_recognition"
    shown = seated(nets, folder / "obama_1.jpg")
    assert shown is not None
    (face,) = nets.full.find(shown)
    assert 110 <= face.width <= 150
    assert abs(float(face.box[0] + face.box[2]) / 2 - 320) < 15
    assert seated(nets, folder / "MULTI_0.jpg") is None
    assert seated(nets, folder / "nobody.jpg") is None
