"""What is in reach, what comes again, what moves like a sheet: on pictures made for it."""

from collections.abc import Iterator, Mapping

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.contracts import Box, FlagKind
from analysis.detectors.mesh import Fitted
from analysis.detectors.recurrence import MEMORY, Recurrence
from analysis.detectors.stiffness import Stiffness
from analysis.policy import DEFAULT_POLICY, FORM1_ITEM
from analysis.reach import in_reach, phone_held
from analysis.votes import SightLimits, votes

LIMITS = SightLimits()
FACE = Box("face", 0.9, 0.45, 0.2, 0.55, 0.4)
LOOKED = {"notes": 0.0, "screen": 0.0}


def thing(label: str, x: float, y: float) -> Box:
    return Box(label, 0.8, x - 0.05, y - 0.05, x + 0.05, y + 0.05)


def held(boxes: tuple[Box, ...]) -> Mapping[str, float]:
    return phone_held(boxes, lambda _: 1.0)


@pytest.mark.parametrize(
    ("box", "near"),
    [
        (thing("notes", 0.5, 0.7), True),
        (thing("screen", 0.8, 0.8), True),
        (thing("notes", 0.7, 0.2), False),
        (thing("screen", 0.5, 0.1), False),
        (thing("notes", 0.05, 0.8), False),
    ],
    ids=["on the desk", "beside on the desk", "shelf", "on the wall", "far to the side"],
)
def test_what_lies_before_the_student_is_in_reach(box: Box, near: bool) -> None:
    found = in_reach((FACE, box), LOOKED)
    assert found[f"{box.label}_near"] == (0.8 if near else 0.0)


def test_headphones_count_on_the_head() -> None:
    looked = {"headphones": 0.8}
    assert in_reach((FACE, thing("headphones", 0.5, 0.2)), looked)["headphones_near"] == 0.8
    assert in_reach((FACE, thing("headphones", 0.5, 0.8)), looked)["headphones_near"] == 0.0


def test_without_a_face_or_a_look_nothing_is_said() -> None:
    assert in_reach((thing("notes", 0.5, 0.7),), LOOKED) == {}
    assert in_reach((FACE,), {}) == {}


@pytest.mark.parametrize(
    ("box", "counts"),
    [
        (Box("phone", 0.4, 0.47, 0.55, 0.53, 0.65), 0.5),
        (Box("phone", 0.4, 0.42, 0.5, 0.58, 0.8), 1.0),
        (Box("phone", 0.4, 0.6, 0.55, 0.66, 0.65), 1.0),
        (Box("phone", 0.4, 0.52, 0.2, 0.58, 0.3), 1.0),
    ],
    ids=["where a badge hangs", "larger than one", "beside the chest", "at the ear"],
)
def test_half_counts_of_a_phone_that_may_be_a_badge(box: Box, counts: float) -> None:
    assert held((FACE, box))["phone"] == 0.4 * counts
    assert held((box,))["phone"] == 0.2  # nothing to measure from


def test_of_several_phones_the_one_in_a_hand_counts() -> None:
    badge, in_hand = (
        Box("phone", 0.4, 0.47, 0.55, 0.53, 0.65),
        Box("phone", 0.3, 0.6, 0.3, 0.7, 0.6),
    )
    assert held((FACE, badge, in_hand)) == {"phone": 0.3}
    assert held((FACE,)) == {}


def test_a_phone_counts_as_far_as_it_is_nothing_usual() -> None:
    left, right = Box("phone", 0.8, 0.1, 0.5, 0.2, 0.7), Box("phone", 0.4, 0.8, 0.5, 0.9, 0.7)
    assert phone_held((FACE, left, right), lambda box: 0.2 if box is left else 1.0)["phone"] == 0.4


def test_a_badge_is_one_also_beside_somebody_who_sits_nearer() -> None:
    badge, nearer = Box("phone", 0.4, 0.47, 0.55, 0.53, 0.65), Box("face", 0.9, 0.7, 0.4, 0.9, 0.7)
    assert held((FACE, nearer, badge)) == {"phone": 0.2}
    assert held((nearer, badge)) == {"phone": 0.4}


@pytest.mark.parametrize("name", ["notes", "screen", "headphones"])
def test_a_thing_in_reach_is_a_vote_of_its_kind_and_item(name: str) -> None:
    kind = FlagKind.SECOND_SCREEN if name == "screen" else FlagKind(name)
    clear = {"luma": 120.0, "std": 45.0, "sharpness": 8.0}
    assert votes(clear | {f"{name}_near": 0.6}, LIMITS)[kind] == 1.0
    assert votes(clear | {f"{name}_near": 0.4}, LIMITS)[kind] == 0.0
    assert votes(clear | {name: 0.9}, LIMITS)[kind] is None
    assert kind in DEFAULT_POLICY.kinds
    items = {"notes": "cheat_sheet", "headphones": "electronic_means", "screen": "other_screen"}
    assert FORM1_ITEM[kind] == items[name]


# --- what comes again ----------------------------------------------------------------------------


def scene(at_s: float, draw: np.random.Generator, *, still: bool = False) -> NDArray[np.uint8]:
    """A bright disc before a pattern; where it is depends on the time alone."""
    rows, columns = np.mgrid[0:120, 0:160]
    image = 90 + 30 * np.sin(columns / 9) + 20 * np.cos(rows / 7)
    x, y = (80, 60) if still else (80 + 40 * np.sin(at_s * 1.3), 60 + 25 * np.sin(at_s * 2.1))
    cv2.circle(image, (round(x), round(y)), 22, 200, -1)
    return np.clip(image + draw.normal(0, 2, image.shape), 0, 255).astype(np.uint8)


def looped_share(times: Iterator[float], *, still: bool = False, step_ms: int = 500) -> float:
    draw, watching = np.random.default_rng(1), Recurrence()
    cast = []
    for index, at_s in enumerate(times):
        measures = watching.look(scene(at_s, draw, still=still), index * step_ms)
        clear = {"luma": 120.0, "std": 45.0, "sharpness": 8.0, "face": 1.0}
        cast.append(votes(clear | dict(measures), LIMITS)[FlagKind.FEED_LOOPED])
    told = [vote for vote in cast if vote is not None]
    assert len(told) > 20
    return sum(told) / len(told)


def test_a_loop_comes_again() -> None:
    assert looped_share(index / 2 % 6 for index in range(120)) > 0.8


@pytest.mark.parametrize("step_s", [2.0, 2.5], ids=["0.5 fps", "key frames"])
def test_a_loop_comes_again_in_few_frames_too(step_s: float) -> None:
    step_ms = round(step_s * 1000)
    assert looped_share((index * step_s % 20 for index in range(90)), step_ms=step_ms) > 0.8
    assert looped_share((index * step_s for index in range(90)), step_ms=step_ms) == 0.0


def test_what_never_comes_again_is_no_loop() -> None:
    assert looped_share(index / 2 for index in range(200)) == 0.0


def test_somebody_who_does_not_move_is_no_loop() -> None:
    assert looped_share((index / 2 for index in range(200)), still=True) == 0.0


def test_its_memory_is_bounded_and_goes_on() -> None:
    draw, watching = np.random.default_rng(1), Recurrence()
    for index in range(MEMORY + 40):
        told = watching.look(scene(index / 2 % 6, draw), index * 500)
        if index > MEMORY and told:
            assert told["loop_best"] < LIMITS.loop_difference
    assert watching._seen.nbytes < 2_000_000


# --- what moves like a sheet ---------------------------------------------------------------------


def face_points(x: float, y: float) -> NDArray[np.float32]:
    draw = np.random.default_rng(4)
    points = draw.uniform(-50, 50, (468, 3)).astype(np.float32)
    points[33], points[263] = (-40, -20, 0), (40, -20, 0)
    return points + np.array([x, y, 0], np.float32)


def sheet(*, bends: bool) -> dict[str, float]:
    """A textured face that sways; where it bends, its left half goes its own way."""
    draw = np.random.default_rng(2)
    texture = cv2.GaussianBlur(draw.uniform(0, 255, (480, 640)).astype(np.float32), (0, 0), 3)
    texture = cv2.normalize(texture, None, 0, 255, cv2.NORM_MINMAX)
    watching, told = Stiffness(), {}
    rows, columns = np.mgrid[0:480, 0:640].astype(np.float32)
    for index in range(50):
        dx, dy = 12 * np.sin(index * 0.9), 9 * np.sin(index * 0.7)
        bend = 6 * np.sin(index * 1.7) * np.sin(columns / 25 + rows / 31) if bends else 0
        moved = cv2.remap(texture, columns - dx + bend, rows - dy + bend, cv2.INTER_LINEAR)
        mesh = Fitted(1.0, face_points(320 + dx, 240 + dy))
        told = dict(watching.look(moved.astype(np.uint8), mesh, index * 1000))
    return told


@pytest.mark.parametrize("bends", [False, True])
def test_a_sheet_moves_as_one_and_a_face_bends(bends: bool) -> None:
    measures = {"luma": 120.0, "std": 45.0, "sharpness": 8.0, "change": 2.0, "face": 1.0}
    told = sheet(bends=bends)
    assert told["sheet_moves"] >= LIMITS.sheet_moves
    assert votes(measures | told, LIMITS)[FlagKind.FEED_FROZEN] == float(not bends)


def test_a_face_too_small_to_tell_says_nothing() -> None:
    mesh = Fitted(1.0, face_points(320, 240) * np.array([0.2, 0.2, 1], np.float32))
    assert Stiffness().look(np.zeros((480, 640), np.uint8), mesh, 1000) == {}
