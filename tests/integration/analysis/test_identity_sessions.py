"""Who sits there: swapped people are noticed, the same person in other light is left in peace."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.analyzer import SittingAnalyzer, closed
from analysis.contracts import NOBODY_KNOWN, Flag, FlagKind, FlagUpdate, Subject
from analysis.detectors.faces import FaceNets
from analysis.models_set import ModelSet
from benchmarks.quality_identity import LIGHTS, ONLY_IDENTITY, only_identity, relit, session
from benchmarks.quality_identity import seated as seated_one
from capture.contracts import Frame
from models import registry

pytestmark = pytest.mark.integration

Image = NDArray[np.uint8]
OBAMA, BIDEN, LESLIE = ("obama_1", "obama_0"), ("biden_2", "biden_1"), ("rose_leslie_1",) * 2
# One man with glasses and without.
LACAMOIRE = ("alex_lacamoire_0", "alex_lacamoire_1", "alex_lacamoire_2")


@pytest.fixture(scope="module")
def folder(require) -> Path:
    return require("shared") / "faces" / "face_recognition"


@pytest.fixture(scope="module")
def models() -> ModelSet:
    """Only what is looked at here: a tenth of the time."""
    return only_identity(ModelSet.load())


@pytest.fixture(scope="module")
def seated(folder: Path):
    """``seated(name)``: the photograph's person at a webcam, 640x480, the face 130 pixels wide."""
    nets = FaceNets.load(registry())

    def seat(name: str) -> Image:
        image = seated_one(nets, folder / f"{name}.jpg")
        assert image is not None
        return image

    return seat


def flags_of(models: ModelSet, frames: Iterable[Frame], subject: Subject) -> list[Flag]:
    analyzer = SittingAnalyzer(models, ONLY_IDENTITY, "s", subject)
    updates: list[FlagUpdate] = []
    for frame in frames:
        updates += analyzer.feed(frame)[1]
    return closed(updates + analyzer.finish())


def photo(folder: Path, name: str) -> bytes:
    return (folder / f"{name}.jpg").read_bytes()


def enrolled(folder: Path, name: str) -> Subject:
    return Subject(faces=(photo(folder, name),))


@pytest.mark.parametrize(
    ("own", "other"), [(OBAMA, BIDEN), (BIDEN, OBAMA), (LACAMOIRE, LESLIE), (LESLIE, LACAMOIRE)]
)
def test_somebody_else_in_the_seat_is_noticed(
    models, folder, seated, own: Sequence[str], other: Sequence[str]
) -> None:
    """They change places behind a covered camera's back: 5 s without anybody."""
    parts = [(seated(own[1]), 40.0), (None, 5.0), (seated(other[0]), 40.0)]
    (flag,) = flags_of(models, session(parts), enrolled(folder, own[0]))
    assert flag.kind is FlagKind.IDENTITY_MISMATCH
    assert 45_000 <= flag.start_ms <= 47_500
    assert flag.evidence is not None
    assert flag.evidence.at_ms >= 45_000
    assert {model.id for model in flag.models} >= {"face_print", "face_points"}
    assert flag.thresholds["other_face"] == pytest.approx(0.7)


def test_a_swap_within_one_moment_is_noticed_too(models, folder, seated) -> None:
    parts = [(seated(OBAMA[1]), 40.0), (seated(BIDEN[0]), 45.0)]
    (flag,) = flags_of(models, session(parts), enrolled(folder, OBAMA[0]))
    assert 40_000 <= flag.start_ms <= 72_000


def test_somebody_else_from_the_start_is_noticed_at_once(models, folder, seated) -> None:
    (flag,) = flags_of(models, session([(seated(BIDEN[0]), 20.0)]), enrolled(folder, OBAMA[0]))
    assert flag.start_ms <= 3000


@pytest.mark.parametrize("person", [OBAMA, BIDEN, LESLIE, LACAMOIRE], ids=lambda names: names[0])
def test_the_same_person_in_other_light_is_left_in_peace(
    models, folder, seated, person: Sequence[str]
) -> None:
    """Dimmed, dazzled, from one side, by a lamp; away and back; with glasses and without."""
    parts: list[tuple[Image | None, float]] = []
    for light in LIGHTS:
        parts += [(relit(seated(name), **light), 4.0) for name in person[1:]]
        parts.append((None, 1.0))
    assert flags_of(models, session(parts), enrolled(folder, person[0])) == []


def test_a_document_in_the_hand_of_somebody_stands_for_the_person_on_it(
    models, folder, seated
) -> None:
    """The smaller face of the photo counts: that on the card, not the one who holds it."""
    held = seated(BIDEN[0]).copy()
    card = cv2.resize(seated(OBAMA[0])[100:340, 220:420], (160, 192))
    held[280:472, 20:180] = card
    document = cv2.imencode(".jpg", held)[1].tobytes()
    subject = Subject(documents=(document,))
    assert flags_of(models, session([(seated(OBAMA[1]), 20.0)]), subject) == []
    assert len(flags_of(models, session([(seated(BIDEN[1]), 20.0)]), subject)) == 1


@pytest.mark.parametrize("size", [0.35, 1.0], ids=["far", "dark"])
def test_a_face_that_is_far_or_dark_is_not_judged(models, folder, seated, size: float) -> None:
    """44 pixels, or a twentieth of the light: nothing is claimed, whoever it is."""
    small = cv2.resize(seated(BIDEN[0]), None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
    scene = np.full((480, 640, 3), 150, np.uint8)
    scene[: small.shape[0], : small.shape[1]] = small
    shown = relit(scene, gain=1.0 if size < 1 else 0.1)
    assert flags_of(models, session([(shown, 30.0)]), enrolled(folder, OBAMA[0])) == []


def beside(image: Image, other: Image, share: float) -> Image:
    """Another face, so much of its size, at the picture's left edge."""
    face = other[100:340, 220:420]
    small = cv2.resize(face, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    shown = image.copy()
    shown[20 : 20 + small.shape[0], 8 : 8 + small.shape[1]] = small
    return shown


def test_a_portrait_on_the_wall_keeps_nobody_from_being_compared(models, folder, seated) -> None:
    subject, wall = enrolled(folder, OBAMA[0]), seated(LESLIE[0])
    own, other = (beside(seated(name), wall, 0.5) for name in (OBAMA[1], BIDEN[0]))
    assert flags_of(models, session([(own, 20.0)]), subject) == []
    assert len(flags_of(models, session([(other, 20.0)]), subject)) == 1


def test_of_two_who_sit_as_near_nobody_is_compared(models, folder, seated) -> None:
    """Another's face beside the student's is a flag of its own kind."""
    both = beside(seated(BIDEN[0]), seated(LESLIE[0]), 0.9)
    assert flags_of(models, session([(both, 20.0)]), enrolled(folder, OBAMA[0])) == []


def test_a_photo_that_was_cut_off_on_its_way_does_no_harm(models, folder, seated) -> None:
    whole = photo(folder, OBAMA[0])
    cut_off = (whole[: len(whole) // 2], whole[:200])
    shown = seated(OBAMA[1])
    assert flags_of(models, session([(shown, 10.0)]), Subject(faces=cut_off)) == []
    # Beside a whole one they take nothing from it.
    found = flags_of(models, session([(seated(BIDEN[0]), 20.0)]), Subject(faces=(*cut_off, whole)))
    assert len(found) == 1


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff\xe0" + bytes(100)])
def test_a_photo_that_is_none_claims_nothing(models, seated, data: bytes) -> None:
    subject = Subject(faces=(data,))
    assert flags_of(models, session([(seated(OBAMA[0]), 10.0)]), subject) == []


def test_without_photos_nobody_is_compared(models, seated) -> None:
    analyzer = SittingAnalyzer(models, ONLY_IDENTITY, "s", NOBODY_KNOWN)
    for frame in session([(seated(OBAMA[0]), 5.0)]):
        observation, _ = analyzer.feed(frame)
        assert not {"identity_distance", "identity_unclear_s"} & set(observation.measures or {})
