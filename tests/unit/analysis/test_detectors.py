"""Each detector on real or constructed pictures."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.detectors.blazeface import Face, overlap
from analysis.detectors.faces import FaceDetector, FaceNets, worn
from analysis.detectors.feed import FeedDetector, feed_ref
from analysis.detectors.yolox import Yolox, suppressed
from analysis.picture import Picture
from capture.contracts import Frame
from capture.demo_scene import _portrait
from models import Registry

ROOM = (190, 180, 170)


def picture_of(bgr: NDArray[np.uint8], at_ms: int = 0) -> Picture:
    return Picture.of(Frame("s", at_ms, np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420))))


def room_with(*places: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A plain room with the portrait pasted at (x, y), ``width`` wide."""
    room = np.full((480, 640, 3), ROOM, np.uint8)
    portrait = _portrait()
    for x, y, width in places:
        head = cv2.resize(portrait, (width, width * 600 // 512), interpolation=cv2.INTER_AREA)
        part = room[y : y + head.shape[0], x : x + head.shape[1]]
        part[:] = head[: part.shape[0], : part.shape[1]]
    return room


@pytest.fixture(scope="module")
def faces() -> FaceDetector:
    return FaceDetector(FaceNets.load(Registry()))


def measures(faces: FaceDetector, bgr: NDArray[np.uint8]) -> dict[str, float]:
    return dict(faces.look(picture_of(bgr)).measures)


def test_a_face_is_found_where_it_is(faces: FaceDetector) -> None:
    sighting = faces.look(picture_of(room_with((180, 60, 300))))
    assert sighting.measures["faces"] == 1
    (box,) = sighting.boxes
    # the portrait's face spans about 0.3..0.7 across and 0.2..0.55 down
    assert 0.35 < (box.x0 + box.x1) / 2 < 0.65
    assert 0.25 < (box.y0 + box.y1) / 2 < 0.55
    assert box.label == "face"


def test_two_people_are_two_faces(faces: FaceDetector) -> None:
    seen = measures(faces, room_with((20, 80, 260), (360, 80, 260)))
    assert seen["faces"] == 2
    assert seen["second_face"] > 0.9


def test_an_empty_room_has_no_face(faces: FaceDetector) -> None:
    seen = measures(faces, room_with())
    assert seen["faces"] == seen["face"] == seen["second_face"] == 0


def test_a_far_face_is_found(faces: FaceDetector) -> None:
    """About 2 m from a webcam: a face of 44 pixels."""
    assert measures(faces, room_with((250, 200, 110)))["faces"] == 1


@pytest.mark.parametrize("light", [0.25, 0.15])
def test_a_face_in_poor_light_is_found(faces: FaceDetector, light: float) -> None:
    noise = np.random.default_rng(2).normal(0, 1.5, (480, 640, 3))
    dim = np.clip(room_with((180, 60, 300)) * light + noise, 0, 255).astype(np.uint8)
    assert measures(faces, dim)["faces"] == 1


def test_a_face_is_followed_without_searching_and_found_where_it_went(faces: FaceDetector) -> None:
    faces.look(picture_of(room_with((180, 60, 300)), 0))
    for index in range(1, 6):
        followed = faces.look(picture_of(room_with((180 + 20 * index, 60, 300))), closely=False)
        assert "second_face" not in followed.measures
        assert followed.measures["face"] > 0.9
    searched = faces.look(picture_of(room_with((280, 60, 300))))
    (one,), (other,) = followed.boxes, searched.boxes
    assert abs((one.x0 + one.x1) - (other.x0 + other.x1)) / 2 < 0.03


def test_a_face_that_cannot_be_followed_is_searched_for_at_once(faces: FaceDetector) -> None:
    faces.look(picture_of(room_with((20, 60, 300))))
    moved = faces.look(picture_of(room_with((330, 60, 300))), closely=False)
    assert moved.measures["faces"] == 1
    assert moved.measures["second_face"] == 0
    gone = faces.look(picture_of(room_with()), closely=False)
    assert gone.measures["face"] == 0


def test_two_people_are_searched_for_in_every_picture(faces: FaceDetector) -> None:
    room = room_with((20, 80, 260), (360, 80, 260))
    faces.look(picture_of(room))
    assert faces.look(picture_of(room), closely=False).measures["second_face"] > 0.9


def test_a_face_printed_on_the_chest_is_no_second_person(faces: FaceDetector) -> None:
    seen = measures(faces, room_with((170, 0, 300), (275, 280, 90)))
    assert seen["faces"] == 1
    assert seen["second_face"] == 0


def face(x: float, y: float, width: float) -> Face:
    half = width / 2
    box = np.array([x - half, y - half, x + half, y + half], np.float32)
    return Face(box, np.zeros((6, 2), np.float32), 0.9)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (face(320, 400, 40), True),
        (face(500, 400, 40), False),
        (face(320, 400, 95), False),
        (face(320, 60, 40), False),
        (face(420, 210, 60), False),
    ],
    ids=["on the chest", "beside", "as large", "above", "at the shoulder's height"],
)
def test_worn_faces_are_small_and_below_the_chin(other: Face, expected: bool) -> None:
    assert worn(other, face(320, 200, 100)) is expected


def test_mediapipe_is_never_imported() -> None:
    """It costs 0.7 s and 120 MB; the files are found beside it."""
    code = (
        "import sys; from analysis.models_set import ModelSet; ModelSet.load();"
        "assert not {'mediapipe', 'matplotlib', 'jax'} & set(sys.modules)"
    )
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, timeout=60)


# --- feed ----------------------------------------------------------------------------------------


def noisy(bgr: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, 2, bgr.shape)
    return np.clip(bgr + noise, 0, 255).astype(np.uint8)


def test_a_living_picture_changes_and_a_frozen_one_does_not() -> None:
    feed = FeedDetector(feed_ref())
    room = room_with((180, 60, 300))
    feed.look(picture_of(noisy(room, 1), 0))
    assert feed.look(picture_of(noisy(room, 2), 500)).measures["change"] > 0.2
    assert feed.look(picture_of(noisy(room, 2), 1000)).measures["change"] == 0.0


def test_pictures_too_close_in_time_say_nothing_about_freezing() -> None:
    feed = FeedDetector(feed_ref())
    room = room_with()
    feed.look(picture_of(room, 0))
    assert "change" not in feed.look(picture_of(room, 40)).measures
    assert "change" in feed.look(picture_of(room, 200)).measures


def test_covered_dark_and_smeared_are_told_from_clear() -> None:
    feed = FeedDetector(feed_ref())
    room = noisy(room_with((180, 60, 300)), 1)
    clear = feed.look(picture_of(room)).measures
    covered = feed.look(picture_of(noisy(np.full_like(room, (4, 5, 24)), 3), 500)).measures
    smeared = feed.look(picture_of(cv2.GaussianBlur(room, (0, 0), 12), 1000)).measures
    assert covered["std"] < 6 < clear["std"]
    assert covered["luma"] < 30 < clear["luma"]
    assert smeared["sharpness"] < 3 < clear["sharpness"]


def test_the_checks_are_identified_by_their_own_source() -> None:
    ref = feed_ref()
    assert (ref.id, len(ref.sha256)) == ("feed_checks", 64)


# --- objects -------------------------------------------------------------------------------------


def test_overlap_of_boxes() -> None:
    box = np.array([0, 0, 10, 10], np.float32)
    others = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], np.float32)
    assert overlap(box, others) == pytest.approx([1, 1 / 3, 0], abs=1e-6)


def test_of_overlapping_boxes_the_surest_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32)
    assert suppressed(boxes, np.array([0.5, 0.9, 0.3], np.float32)) == [1, 2]


def test_yolox_output_is_decoded_to_pixels_of_the_picture() -> None:
    """One cell of the stride-16 level holds a phone: centre, size and scale must come back."""
    net = Yolox.__new__(Yolox)
    net._wanted, net._threshold, net._side = [(67, "cell phone")], 0.3, 416
    from analysis.detectors.yolox import _grid

    net._corners, net._strides = _grid(416)
    output = np.zeros((3549, 85), np.float32)
    cell = 52 * 52 + 10 * 26 + 7  # row 10, column 7 of the 26x26 level
    output[cell, :5] = (0.5, 0.5, np.log(2), np.log(4), 0.9)
    output[cell, 5 + 67] = 0.8
    (thing,) = net._things(output, 0.65, np.array([640, 480, 640, 480], np.float32))
    assert thing.score == pytest.approx(0.72)
    expected = np.array([7.5 * 16 - 16, 10.5 * 16 - 32, 7.5 * 16 + 16, 10.5 * 16 + 32]) / 0.65
    assert thing.box == pytest.approx(expected, abs=1e-3)
