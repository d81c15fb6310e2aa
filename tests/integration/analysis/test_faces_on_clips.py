"""Faces of real people: in poor light, from far away, turned, half hidden, hidden, gone."""

from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.analyzer import SittingAnalyzer
from analysis.contracts import FlagKind, Observation
from analysis.detectors.faces import FaceDetector, FaceNets
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY
from capture.contracts import Frame
from capture.demo_scene import room
from capture.probe import read_frames
from models import registry

pytestmark = pytest.mark.integration

Image = NDArray[np.uint8]
WIDTH, HEIGHT = 640, 480
FPS = 5.0
SENSOR_NOISE = 1.5


@pytest.fixture(scope="module")
def nets() -> FaceNets:
    return FaceNets.load(registry())


@pytest.fixture(scope="module")
def clips(shared_media) -> Sequence[Sequence[Image]]:
    """Of each clip of somebody at a webcam, five pictures a second."""
    paths = sorted(shared_media.glob("webcam_*.mp4"))
    assert len(paths) == 10
    return [[_fitted(frame.bgr()) for frame in read_frames(path, FPS)] for path in paths]


def _fitted(image: Image) -> Image:
    return np.asarray(cv2.resize(image, (WIDTH, HEIGHT)), np.uint8)


def frame(image: Image, index: int = 0) -> Frame:
    i420 = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8)
    return Frame("s", round(index * 1000 / FPS), i420)


def seen(nets: FaceNets, images: Sequence[Image]) -> Iterator[bool]:
    """Whether a face is, of one sitting's pictures, half of them looked at closely."""
    detector = FaceDetector(nets)
    for index, image in enumerate(images):
        sighting = detector.look(Picture.of(frame(image, index)), closely=index % 2 == 0)
        yield sighting.measures["face"] >= DEFAULT_POLICY.limits.face_verified


def lit(image: Image, light: float, draw: np.random.Generator) -> Image:
    """The noise is the sensor's: it comes after the light."""
    dimmed = image.astype(np.float32) * light + draw.normal(0, SENSOR_NOISE, image.shape)
    return np.clip(dimmed, 0, 255).astype(np.uint8)


def from_afar(image: Image, share: float) -> Image:
    """The same person further away, in a drawn room."""
    size = round(WIDTH * share), round(HEIGHT * share)
    placed = np.asarray(cv2.resize(room(), (WIDTH, HEIGHT)), np.uint8)
    left = (WIDTH - size[0]) // 2
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    placed[HEIGHT - size[1] :, left : left + size[0]] = small
    return placed


@pytest.mark.parametrize(("light", "most"), [(1.0, 0.01), (0.25, 0.05)])
def test_hardly_a_face_is_missed(nets, clips, light: float, most: float) -> None:
    draw = np.random.default_rng(1)
    found = [
        one for clip in clips for one in seen(nets, [lit(image, light, draw) for image in clip])
    ]
    assert len(found) > 100
    assert found.count(False) / len(found) <= most


@pytest.mark.parametrize(("share", "least"), [(0.5, 0.95), (0.33, 0.85)])
def test_who_sits_far_away_is_seen(nets, clips, share: float, least: float) -> None:
    """Faces of 33 pixels (2.6 m) and of 23 (3.8 m), where the camera sees 60 degrees."""
    found = [
        one
        for clip in clips[:5]
        for one in seen(nets, [from_afar(image, share) for image in clip[:6]])
    ]
    assert found.count(True) / len(found) >= least


def test_a_portrait_on_the_wall_does_not_sit_in_for_one_who_was_near(nets, clips) -> None:
    portrait = from_afar(clips[0][0], 0.33)
    assert next(seen(nets, [portrait]))
    close = clips[0][0][60:420, 100:580]
    assert list(seen(nets, [_fitted(close), portrait, portrait, portrait])) == [
        True, False, False, False,
    ]  # fmt: skip


def test_a_head_that_turns_stays_a_face(nets, shared_media) -> None:
    turning = [_fitted(f.bgr()) for f in read_frames(shared_media / "head_pose.mp4", FPS)]
    found = list(seen(nets, turning))
    assert found.count(True) / len(found) >= 0.95


Cover = Callable[[Image, tuple[int, int, int, int]], None]


def _mask(image: Image, box: tuple[int, int, int, int]) -> None:
    """Over mouth and chin."""
    x0, y0, x1, y1 = box
    image[y0 + (y1 - y0) * 6 // 10 : y1 + 4, x0:x1] = (190, 160, 130)


def _sheet(image: Image, box: tuple[int, int, int, int]) -> None:
    """A sheet of paper before the whole head."""
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    image[y0 - height * 7 // 10 : y1 + height // 4, x0 - width // 3 : x1 + width // 3] = 225


def covered(nets: FaceNets, images: Sequence[Image], cover: Cover) -> list[Image]:
    made = []
    for image in images:
        (face, *_) = nets.full.find(image)
        shown = image.copy()
        cover(shown, tuple(int(edge) for edge in face.box))
        made.append(shown)
    return made


def test_a_face_half_hidden_by_a_mask_is_a_face(nets, clips) -> None:
    found = [one for clip in clips for one in seen(nets, covered(nets, clip[:4], _mask))]
    assert found.count(True) / len(found) >= 0.9


def observed(models: ModelSet, images: Sequence[Image]) -> list[Observation]:
    analyzer = SittingAnalyzer(models, DEFAULT_POLICY, "s")
    return [analyzer.feed(frame(image, index))[0] for index, image in enumerate(images)]


def test_a_hidden_face_is_told_apart_from_nobody_there(require, nets, clips) -> None:
    models = ModelSet.load(require("shared") / "models")
    hidden = [one for clip in clips for one in observed(models, covered(nets, clip[:2], _sheet))]
    told = [(one.measures or {}).get("face_hidden") for one in hidden]
    assert told.count(1.0) / len(told) >= 0.75  # one of ten people is none to the model
    assert [one.scores[FlagKind.ABSENCE] for one in hidden].count(1.0) <= len(hidden) // 10
    empty = np.asarray(cv2.resize(room(), (WIDTH, HEIGHT)), np.uint8)
    for one in observed(models, [empty] * 4):
        assert one.scores[FlagKind.ABSENCE] == 1.0
        assert (one.measures or {})["face_hidden"] == 0.0
