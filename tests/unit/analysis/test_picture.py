"""Frames become pictures, or are refused: whatever a client sends must do no harm."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.errors import PictureUnreadable
from analysis.evidence import MAX_BYTES, bounded_jpeg
from analysis.picture import LARGEST, Picture
from capture.contracts import Frame


def frame(width: int, height: int, *, fill: int | None = None) -> Frame:
    draw = np.random.default_rng(1)
    shape = (height * 3 // 2, width)
    if fill is None:
        return Frame("s", 0, draw.integers(0, 255, shape, np.uint8))
    i420 = np.full(shape, 128, np.uint8)
    i420[:height] = fill
    return Frame("s", 0, i420)


@pytest.mark.parametrize("size", [(640, 480), (64, 64), (7680, 4320), (4320, 7680), (1918, 1082)])
def test_any_size_becomes_a_bounded_picture(size: tuple[int, int]) -> None:
    picture = Picture.of(frame(*size))
    assert max(picture.width, picture.height) <= LARGEST
    assert picture.bgr.shape == (picture.height, picture.width, 3)
    assert abs(picture.width / picture.height - size[0] / size[1]) < 0.02 * size[0] / size[1]


def test_a_smaller_picture_keeps_the_colours_in_place() -> None:
    bgr = np.zeros((2000, 2600, 3), np.uint8)
    bgr[:1000, 1300:] = (200, 30, 30)
    bgr[1000:, :1300] = (30, 200, 30)
    i420 = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420), np.uint8)
    small = Picture.of(Frame("s", 0, i420)).bgr
    height, width = small.shape[:2]
    assert np.allclose(small[height // 4, 3 * width // 4], (200, 30, 30), atol=8)
    assert np.allclose(small[3 * height // 4, width // 4], (30, 200, 30), atol=8)
    assert np.allclose(small[height // 4, width // 4], (0, 0, 0), atol=8)


def test_a_smaller_picture_shows_the_mean_of_fine_print() -> None:
    large = frame(1920, 1080, fill=0)
    large.i420[:1080:2] = 255  # lines: every second one alone would be all white
    small = Picture.of(large).bgr
    assert abs(float(small.mean()) - 127.5) < 10


def test_a_strip_of_a_picture_is_still_one() -> None:
    picture = Picture.of(frame(40_000, 32))
    assert (picture.width, picture.height) == (1250, 2)
    assert picture.bgr.shape == (2, 1250, 3)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 0), np.uint8),
        np.zeros((3, 2), np.uint8),
        np.zeros((720, 641), np.uint8),
        np.zeros((721, 640), np.uint8),
        np.zeros((480, 640, 3), np.uint8),
        np.zeros((720, 640), np.float32),
        np.zeros(1000, np.uint8),
    ],
    ids=["empty", "tiny", "odd width", "odd rows", "bgr", "floats", "flat"],
)
def test_what_is_no_picture_is_refused(array: NDArray[np.uint8]) -> None:
    with pytest.raises(PictureUnreadable) as raised:
        Picture.of(Frame("s", 0, array))
    assert raised.value.code == "picture_unreadable"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.integers(0, 400))
def test_every_shape_is_either_a_picture_or_refused(rows: int, columns: int) -> None:
    try:
        picture = Picture.of(Frame("s", 0, np.full((rows, columns), 128, np.uint8)))
    except PictureUnreadable:
        return
    assert picture.thumb.shape == (120, 160)
    assert picture.bgr.shape[2] == 3
    assert picture.jpeg(320, 70)


def test_a_dark_picture_is_brightened_and_a_bright_one_left_alone() -> None:
    dark = Picture.of(frame(640, 480, fill=26))
    assert dark.lit.mean() > 2 * dark.bgr.mean()
    bright = Picture.of(frame(640, 480, fill=120))
    assert bright.lit is bright.bgr


def test_evidence_stays_small_whatever_the_picture() -> None:
    assert len(bounded_jpeg(Picture.of(frame(1280, 1280)))) <= MAX_BYTES
    decoded = cv2.imdecode(
        np.frombuffer(bounded_jpeg(Picture.of(frame(640, 480, fill=90))), np.uint8), 1
    )
    assert decoded.shape == (480, 640, 3)


def test_a_thumbnail_is_never_larger_than_asked() -> None:
    jpeg = Picture.of(frame(640, 480)).jpeg(320, 70)
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), 1).shape == (240, 320, 3)
    tall = Picture.of(frame(480, 640)).jpeg(320, 70)
    assert cv2.imdecode(np.frombuffer(tall, np.uint8), 1).shape == (320, 240, 3)


@pytest.mark.parametrize("size", [(640, 480), (642, 478), (480, 640), (1278, 722)])
def test_a_smaller_picture_shows_the_same(size: tuple[int, int]) -> None:
    width, height = size
    bgr = np.full((height, width, 3), (60, 90, 120), np.uint8)
    bgr[: height // 2, width // 2 :] = (200, 60, 30)
    bgr[height // 2 :, : width // 2] = (30, 200, 60)
    i420 = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420), np.uint8)
    picture = Picture.of(Frame("s", 5, i420))
    small = picture.at_most(240)
    assert small.at_ms == 5
    assert max(small.width, small.height) == 240
    expected = cv2.resize(picture.bgr, (small.width, small.height), interpolation=cv2.INTER_AREA)
    assert np.abs(small.bgr.astype(int) - expected).mean() < 1
    assert picture.at_most(2000) is picture
