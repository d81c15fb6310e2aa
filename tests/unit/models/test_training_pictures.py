"""The recipe of the own model: what is drawn, where it lands, and what its cells must answer."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.training import sources
from models.training.contracts import (
    HEADPHONES,
    LABELS,
    LOOKALIKE,
    PHONE,
    STRIDES,
    Labelled,
    Scene,
)
from models.training.drawings import LOOKALIKES, SOUGHT, drawn
from models.training.pasting import Place, box_of, pasted
from models.training.scenes import Crop, Scenes
from models.training.sources import Source, agreed, overlap
from models.training.targets import SURE, UNTOLD, Targets, grid

SIDE = 96
GREY = np.full((240, 320, 3), 120, np.uint8)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "room.png"
    cv2.imwrite(str(path), GREY)
    return path


def scenes(picture: Path, seed: int = 3) -> Scenes:
    told = Source(picture, 1.0, (Labelled(PHONE, (100, 60, 180, 200)),))
    return Scenes([told], {}, {}, side=SIDE, seed=seed)


@pytest.mark.parametrize("kind", [*SOUGHT, *LOOKALIKES])
def test_every_thing_is_drawn_visible_and_in_one_piece(kind: str) -> None:
    for seed in range(12):
        made = drawn(np.random.default_rng(seed), kind, GREY)
        assert made.dtype == np.uint8
        assert made.shape[2] == 4
        assert 40 <= max(made.shape[:2]) <= 320
        opaque = made[..., 3] > 128
        assert opaque.mean() > 0.05
        assert cv2.connectedComponents(opaque.astype(np.uint8))[0] == 2  # the ground and the thing


def test_the_sought_and_the_look_alikes_are_drawn_equally_often(picture: Path) -> None:
    made = Scenes([Source(picture, 1.0)], {}, {}, side=SIDE, seed=3)
    labels = [thing.label for number in range(300) for thing in made.sample(number).things]
    assert labels.count(LOOKALIKE) / len(labels) == pytest.approx(0.5, abs=0.08)
    assert labels.count(PHONE) / len(labels) == pytest.approx(0.3, abs=0.08)


def test_a_sample_is_a_function_of_seed_and_number(picture: Path) -> None:
    one, again = scenes(picture).sample(5), scenes(picture).sample(5)
    np.testing.assert_array_equal(one.image, again.image)
    assert one.things == again.things
    other = scenes(picture, seed=4).sample(5)
    assert not np.array_equal(one.image, other.image) or one.things != other.things


def test_every_box_lies_in_its_sample(picture: Path) -> None:
    made = scenes(picture)
    for number in range(80):
        for thing in made.sample(number).things:
            x0, y0, x1, y1 = thing.box
            assert 0 <= x0 < x1 <= SIDE
            assert 0 <= y0 < y1 <= SIDE


def test_a_pasted_thing_changes_the_picture_inside_its_box_only() -> None:
    draw = np.random.default_rng(1)
    thing = np.dstack([np.full((160, 80, 3), 250, np.uint8), np.full((160, 80), 255, np.uint8)])
    put = pasted(draw, GREY, thing, Place(160, 120, 90, 10, held=False))
    assert put is not None
    image, box = put
    changed = np.argwhere((image != GREY).any(2))
    (top, left), (bottom, right) = changed.min(0), changed.max(0)
    assert (left, top) == pytest.approx(box[:2], abs=2)
    assert (right, bottom) == pytest.approx(box[2:], abs=2)


def test_what_would_hardly_be_seen_is_not_pasted() -> None:
    draw = np.random.default_rng(1)
    thing = np.full((160, 80, 4), 255, np.uint8)
    assert pasted(draw, GREY, thing, Place(-60, 120, 90, 0, held=False)) is None
    assert box_of(np.array([[0, 0], [4, 0], [4, 9], [0, 9]], np.float32), 100, 100) is None


def test_fingers_lie_over_a_held_thing() -> None:
    thing = np.dstack([np.full((160, 80, 3), 0, np.uint8), np.full((160, 80), 255, np.uint8)])
    place = Place(160, 120, 110, 0, held=True)
    put = pasted(np.random.default_rng(2), GREY, thing, place)
    assert put is not None
    x0, y0, x1, y1 = (int(value) for value in put[1])
    inside = put[0][y0:y1, x0:x1].astype(int)
    skin = (inside[..., 2] > inside[..., 0] + 15).mean()
    assert 0.02 < skin < 0.7


@given(st.floats(0, 300), st.floats(0, 200), st.floats(8, 100), st.floats(8, 100), st.booleans())
def test_a_mirrored_crop_keeps_a_boxs_size_and_mirrors_its_place(
    x: float, y: float, width: float, height: float, mirrored: bool
) -> None:
    box = (x, y, x + width, y + height)
    crop = Crop(1.0, 0.0, 0.0, 400, mirrored)
    kept = crop.box(box)
    assert kept is not None
    assert kept[2] - kept[0] == pytest.approx(width)
    assert kept[0] == pytest.approx(400 - x - width if mirrored else x)


def test_a_label_that_is_mostly_cut_away_says_nothing() -> None:
    crop = Crop(1.0, 100.0, 0.0, 100, mirrored=False)
    assert crop.box((40, 10, 120, 50)) is None
    assert crop.box((95, 10, 135, 50)) == (0.0, 10.0, 35.0, 50.0)


# --- targets -------------------------------------------------------------------------------------


def test_the_grid_has_every_cell_of_the_three_levels() -> None:
    corners, strides = grid(SIDE)
    assert len(corners) == sum((SIDE // stride) ** 2 for stride in STRIDES)
    middles = (corners + 0.5) * strides
    assert middles.min() > 0
    assert middles.max() < SIDE


@given(
    st.floats(8, 60),
    st.floats(8, 60),
    st.floats(10, 30),
    st.floats(10, 30),
    st.sampled_from([PHONE, LOOKALIKE, HEADPHONES]),
)
def test_the_answering_cells_decode_to_the_box(
    x: float, y: float, width: float, height: float, label: int
) -> None:
    targets = Targets(SIDE)
    box = (x, y, x + width, y + height)
    known = targets.of(Scene(np.zeros((SIDE, SIDE, 3), np.uint8), (Labelled(label, box),)))
    chosen = known.scores[:, label] > 0
    assert chosen.any()
    assert known.scores.max() <= SURE
    centre = (known.boxes[chosen, :2] + targets.corners[chosen]) * targets.strides[chosen]
    sides = np.exp(known.boxes[chosen, 2:]) * targets.strides[chosen]
    np.testing.assert_allclose(centre, [[x + width / 2, y + height / 2]] * chosen.sum(), atol=1e-3)
    np.testing.assert_allclose(sides, [[width, height]] * chosen.sum(), rtol=1e-4)


def test_where_a_wallet_is_known_the_teachers_phone_is_silent() -> None:
    wallet = Labelled(LOOKALIKE, (20, 20, 60, 60))
    known = Targets(SIDE).of(Scene(GREY[:SIDE, :SIDE], (wallet,)))
    silent = known.silent.any(0)
    assert silent[PHONE]
    assert not silent[LOOKALIKE]
    assert not silent[LABELS.index("person")]


def test_an_unsure_label_silences_nobody_and_speaks_more_softly() -> None:
    unsure = Labelled(PHONE, (20, 20, 60, 60), 0.5)
    known = Targets(SIDE).of(Scene(GREY[:SIDE, :SIDE], (unsure,)))
    assert not known.silent.any()
    assert known.scores.max() == pytest.approx(SURE * 0.5)


def test_no_headphones_counts_less_where_nobody_looked_for_them() -> None:
    image = GREY[:SIDE, :SIDE]
    unlooked = Targets(SIDE).of(Scene(image))
    looked = Targets(SIDE).of(Scene(image, (), frozenset({HEADPHONES})))
    assert (unlooked.weights[:, HEADPHONES] == np.float32(UNTOLD)).all()
    assert (looked.weights == 1).all()


# --- sources -------------------------------------------------------------------------------------


def test_what_two_teachers_see_has_the_mean_of_their_scores() -> None:
    told = {
        "nd": [["phone", 0.6, 0.0, 0.0, 10.0, 20.0], ["person", 0.9, 0.0, 0.0, 50.0, 50.0]],
        "yx": [["phone", 0.4, 1.0, 0.0, 10.0, 20.0]],
    }
    assert agreed(told) == (Labelled(PHONE, (0.0, 0.0, 10.0, 20.0), 0.5),)
    assert agreed({"nd": told["nd"]}) == ()


def test_overlap_of_equal_and_apart() -> None:
    assert overlap((0, 0, 4, 4), (0, 0, 4, 4)) == 1.0
    assert overlap((0, 0, 4, 4), (5, 0, 9, 4)) == 0.0
    assert math.isclose(overlap((0, 0, 4, 4), (2, 0, 6, 4)), 1 / 3)


def test_the_judging_pictures_are_never_learnt_from(require: object) -> None:
    assert callable(require)
    used = sources.found(require("shared"))
    assert len(used) > 4000
    paths = {one.path for one in used}
    assert not any("webcam_objects" in path.parts for path in paths)
    assert not any(path.stem in sources.HELD_OUT for path in paths)
    assert sum(one.share for one in used) == pytest.approx(sum(sources.SHARES.values()))
