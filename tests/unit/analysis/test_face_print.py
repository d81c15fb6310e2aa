"""dlib's face network on onnxruntime: the same numbers as dlib's own, or a clear refusal."""

import cv2
import dlib
import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.contracts import Subject
from analysis.detectors.face_print import FacePrint, FacePrinter
from analysis.detectors.face_resnet import GIVEN, SIDE, as_onnx, given
from analysis.detectors.faces import FaceNets
from analysis.detectors.onnx import session
from analysis.errors import ModelInputUnexpected
from capture.demo_scene import _portrait
from models import LoadedModel, Registry


@pytest.fixture(scope="module")
def network() -> LoadedModel:
    return Registry().load("face_print")


@pytest.fixture(scope="module")
def reference(network: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> object:
    path = tmp_path_factory.mktemp("dlib") / "network.dat"
    path.write_bytes(network.content)
    return dlib.face_recognition_model_v1(str(path))


def noise(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


def portrait() -> NDArray[np.uint8]:
    return np.ascontiguousarray(_portrait()[..., ::-1])


@pytest.mark.parametrize(
    "face",
    [cv2.resize(portrait(), (SIDE, SIDE)), noise(1), np.zeros((SIDE, SIDE, 3), np.uint8)],
    ids=["a face", "noise", "black"],
)
def test_the_network_gives_what_dlib_gives(
    network: LoadedModel, reference: dlib.face_recognition_model_v1, face: NDArray[np.uint8]
) -> None:
    (numbers,) = session(as_onnx(network.content)).run(None, {GIVEN: given(face)})[0]
    expected = np.asarray(reference.compute_face_descriptor(face))
    assert np.linalg.norm(expected) > 0.1
    assert np.abs(numbers - expected).max() < 1e-5


@pytest.mark.parametrize("angle", [0, 15])
def test_a_face_in_a_picture_is_printed_as_by_dlib(
    network: LoadedModel, reference: dlib.face_recognition_model_v1, angle: float
) -> None:
    height, width = portrait().shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    rgb = np.asarray(cv2.warpAffine(portrait(), turn, (width, height)), np.uint8)
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    (face,) = FaceNets.load(Registry()).full.find(bgr)
    printer = FacePrinter(Registry().load("face_points"), network)
    box = dlib.rectangle(*(round(float(side)) for side in face.box))
    expected = reference.compute_face_descriptor(rgb, printer._points(rgb, box))
    assert np.abs(printer.print_of(bgr, face).numbers - np.asarray(expected)).max() < 1e-5


@pytest.mark.parametrize("kept", [0, 1000, 10_000_000, -4000])
def test_a_file_that_is_not_the_whole_network_is_refused(network: LoadedModel, kept: int) -> None:
    with pytest.raises(ModelInputUnexpected):
        as_onnx(network.content[:kept])


def test_numbers_of_a_face_and_photos_print_nothing_of_themselves() -> None:
    print_of_a_face = FacePrint(np.full(128, 0.123456))
    assert "0.123" not in f"{print_of_a_face} {print_of_a_face!r} {[print_of_a_face]}"
    subject = Subject(faces=(b"a photo",), documents=(b"a document",))
    assert f"{subject} {subject!r}" == "Subject() Subject()"
