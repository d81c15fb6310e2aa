"""Face and document photo at admission (T-4.3): the same person, another, or not to be told."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from exam_api.adapters.faces import FaceMatcher
from models import Registry

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def folder(require) -> Path:
    return require("shared") / "faces" / "face_recognition"


def card(folder: Path, name: str) -> bytes:
    """A document held up: a small picture on a pale card."""
    face = cv2.imread(str(folder / f"{name}.jpg"))
    shown = np.full((720, 1280, 3), 120, np.uint8)
    shown[180:560, 340:940] = (205, 215, 210)
    scale = 600 / face.shape[0]
    small = cv2.resize(face, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    middle = small.shape[1] // 2
    small = small[:330, max(0, middle - 150) : middle + 150]
    shown[200 : 200 + small.shape[0], 380 : 380 + small.shape[1]] = small
    return cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


async def outcome(matcher: FaceMatcher, face: bytes, document: bytes) -> bool | None:
    """The first answer may come before the networks are loaded."""
    for _ in range(60):
        found = await matcher.same(face, document)
        if all(asked.done() for asked in matcher._asked.values()):
            return await matcher.same(face, document) if found is None else found
    return None


@pytest.mark.parametrize(
    ("face", "document", "same"),
    [
        ("obama_1", "obama_0", True),
        ("biden_2", "obama_0", False),
        ("rose_leslie_1", "rose_leslie_1", True),
        ("kit_harington_1", "rose_leslie_1", False),
    ],
)
async def test_the_face_is_compared_with_the_one_on_the_card(
    folder, face: str, document: str, same: bool
):
    photo = (folder / f"{face}.jpg").read_bytes()
    assert await outcome(FaceMatcher(Registry), photo, card(folder, document)) is same


async def test_without_a_clear_face_nothing_is_claimed(folder):
    matcher, photo = FaceMatcher(Registry), (folder / "obama_1.jpg").read_bytes()
    blank = cv2.imencode(".jpg", np.full((480, 640, 3), 120, np.uint8))[1].tobytes()
    for document in (blank, b"no picture"):
        assert await outcome(matcher, photo, document) is None


async def test_where_the_networks_are_absent_nothing_is_claimed(folder):
    photo = (folder / "obama_1.jpg").read_bytes()
    assert await outcome(FaceMatcher(lambda: Registry((), {})), photo, photo) is None
