"""From measures to votes: what counts, and what says nothing."""

import pytest

from analysis.contracts import FlagKind
from analysis.votes import SightLimits, votes

LIMITS = SightLimits()
CLEAR = {"luma": 120.0, "std": 45.0, "sharpness": 8.0, "change": 2.0}
NOBODY = {"faces": 0.0, "face": 0.0, "second_face": 0.0, "weak_face": 0.0}
SOMEBODY = NOBODY | {"faces": 1.0, "face": 0.99}


def vote(kind: FlagKind, **measures: float) -> float | None:
    return votes(CLEAR | SOMEBODY | measures, LIMITS)[kind]


def test_a_student_in_a_clear_picture_raises_nothing() -> None:
    alike = {"identity_distance": 0.41, "voice": 0.0, "view_same": 0.9}
    straight = {"turned_off_deg": 4.0, "eyes_off": 0.01}
    things = {"phone": 0.0, "person": 0.9, "notes_near": 0, "screen_near": 0, "headphones_near": 0}
    anew = {"loop_best": 5.0, "loop_usual": 9.0, "loop_near": 4.0}
    cast = votes(CLEAR | SOMEBODY | things | anew | straight | alike, LIMITS)
    assert set(cast.values()) == {0.0}


def test_nobody_found_is_absence() -> None:
    assert vote(FlagKind.ABSENCE, **NOBODY) == 1.0


@pytest.mark.parametrize(
    "hidden", [{"person": 0.8}, {"weak_face": 0.55}], ids=["seen from behind", "doubtful face"]
)
def test_a_person_whose_face_is_hidden_is_no_vote_on_absence(hidden: dict[str, float]) -> None:
    assert vote(FlagKind.ABSENCE, **(NOBODY | hidden)) is None


def test_a_turned_face_that_the_mesh_loses_is_still_somebody() -> None:
    assert vote(FlagKind.ABSENCE, **(NOBODY | {"weak_face": 0.8})) == 0.0


@pytest.mark.parametrize(
    "feed",
    [{"std": 0.4, "luma": 16.0}, {"luma": 22.0, "std": 9.0}, {"sharpness": 1.8}],
    ids=["covered", "dark", "smeared"],
)
def test_a_blocked_camera_is_no_vote_on_anything_it_would_have_to_see(
    feed: dict[str, float],
) -> None:
    cast = votes(CLEAR | NOBODY | {"phone": 0.9, "voice": 0.7} | feed, LIMITS)
    assert cast[FlagKind.CAMERA_BLOCKED] == 1.0
    assert cast[FlagKind.SPEECH] == 0.7, "what is heard is heard in the dark too"
    unseen = {FlagKind.CAMERA_BLOCKED, FlagKind.SPEECH}
    others = {kind: score for kind, score in cast.items() if kind not in unseen}
    assert set(others.values()) == {None}


def test_a_face_seen_in_poor_light_means_dim_not_blocked() -> None:
    cast = votes(CLEAR | SOMEBODY | {"luma": 20.0, "std": 5.0}, LIMITS)
    assert cast[FlagKind.CAMERA_BLOCKED] == 0.0
    assert cast[FlagKind.ABSENCE] == 0.0


def test_two_confirmed_faces_are_an_extra_face() -> None:
    assert vote(FlagKind.EXTRA_FACE, second_face=0.98) == 0.98
    assert vote(FlagKind.EXTRA_FACE) == 0.0


def test_a_picture_without_change_is_frozen_only_if_it_shows_a_face() -> None:
    assert vote(FlagKind.FEED_FROZEN, change=0.0) == 1.0
    assert vote(FlagKind.FEED_FROZEN, change=0.5) == 0.0
    assert vote(FlagKind.FEED_FROZEN, change=0.0, **NOBODY) is None


def test_the_first_picture_says_nothing_about_freezing() -> None:
    first = {name: value for name, value in CLEAR.items() if name != "change"}
    assert votes(first | SOMEBODY, LIMITS)[FlagKind.FEED_FROZEN] is None


def test_without_a_detector_there_is_no_vote() -> None:
    assert votes({}, LIMITS) == dict.fromkeys(
        (
            FlagKind.CAMERA_BLOCKED,
            FlagKind.ABSENCE,
            FlagKind.EXTRA_FACE,
            FlagKind.PHONE,
            FlagKind.FEED_FROZEN,
            FlagKind.LOOKING_AWAY,
            FlagKind.IDENTITY_MISMATCH,
            FlagKind.IDENTITY_UNCLEAR,
            FlagKind.SPEECH,
            FlagKind.NOTES,
            FlagKind.HEADPHONES,
            FlagKind.SECOND_SCREEN,
            FlagKind.FEED_LOOPED,
            FlagKind.SEAT_CHANGED,
        )
    )


@pytest.mark.parametrize(("same", "expected"), [(0.95, 0.0), (0.64, 0.0), (0.2, 1.0)])
def test_a_room_that_is_not_alike_is_another_place(same: float, expected: float) -> None:
    assert vote(FlagKind.SEAT_CHANGED, view_same=same) == expected
    assert vote(FlagKind.SEAT_CHANGED) is None


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        ({"turned_off_deg": 25.0}, 1.0),
        ({"turned_off_deg": 2.0, "eyes_off": 0.14}, 1.0),
        ({"turned_off_deg": 15.0, "eyes_off": 0.05}, 0.0),
        ({"turned_off_deg": 15.0}, 0.0),
        ({}, None),
    ],
    ids=["head", "eyes", "neither", "far face", "no normal yet"],
)
def test_looking_away_is_of_head_or_eyes(off: dict[str, float], expected: float | None) -> None:
    assert vote(FlagKind.LOOKING_AWAY, **off) == expected


@pytest.mark.parametrize(
    ("distance", "expected"), [(0.3, 0.0), (0.55, 0.25), (0.6, 0.5), (0.8, 1.0)], ids=str
)
def test_the_further_a_face_is_from_the_photos_the_surer_it_is_another(
    distance: float, expected: float
) -> None:
    assert vote(FlagKind.IDENTITY_MISMATCH, identity_distance=distance) == pytest.approx(expected)


def test_a_face_that_cannot_be_told_is_no_vote_on_identity() -> None:
    assert vote(FlagKind.IDENTITY_MISMATCH, identity_unclear_s=300.0) is None
    assert vote(FlagKind.IDENTITY_UNCLEAR, identity_unclear_s=240.0) == 1.0
    assert vote(FlagKind.IDENTITY_UNCLEAR, identity_unclear_s=239.0) == 0.0
    assert vote(FlagKind.IDENTITY_UNCLEAR, identity_distance=0.9) == 0.0
    assert vote(FlagKind.IDENTITY_UNCLEAR) is None
    assert vote(FlagKind.IDENTITY_MISMATCH) is None
