"""Identity: the face in front of the camera against those of the enrolled photos."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from analysis.contracts import ModelRef, Subject
from analysis.detectors.blazeface import BlazeFace, Face
from analysis.detectors.contracts import Sighting
from analysis.detectors.face_print import FacePrint, FacePrinter
from analysis.detectors.faces import FULL_THRESHOLD, SHORT_THRESHOLD, VERIFIED, worn
from analysis.detectors.gaze import turned_deg
from analysis.detectors.mesh import FaceMesh
from analysis.picture import Image, Picture
from models import Registry

logger = logging.getLogger(__name__)

# A face that is smaller, darker or turned further cannot be told from others: no vote. Measured
# at 30 pixels: 30 % of true pairs taken for two people; at a tenth of the light 31 %.
SMALLEST = 60.0
DARKEST = 30.0
MOST_TURNED = 25.0
NEARER = 1.5  # times as wide as any other face: a like one may be whoever is meant
LONGEST_SIDE = 960  # of a photo
TOGETHER_MS = 60_000  # looks further apart (nobody was there) are not one time without an answer


@dataclass(frozen=True, slots=True, eq=False)
class IdentityNets:
    """The networks, loaded once per thread and shared by its sittings."""

    full: BlazeFace
    short: BlazeFace
    mesh: FaceMesh
    printer: FacePrinter

    @classmethod
    def load(cls, registry: Registry) -> "IdentityNets":
        return cls(
            BlazeFace(registry.load("face_full_range"), FULL_THRESHOLD),
            BlazeFace(registry.load("face_short_range"), SHORT_THRESHOLD),
            FaceMesh(registry.load("face_mesh")),
            FacePrinter(registry.load("face_points"), registry.load("face_print")),
        )

    @property
    def refs(self) -> tuple[ModelRef, ...]:
        return (self.full.ref, self.short.ref, self.mesh.ref, *self.printer.refs)

    def print_nearest(self, picture: Picture) -> FacePrint | None:
        """Of who sits nearest; None where nobody clearly does, or the face is not clear.

        A poster on the wall or somebody behind does not keep a student from being compared.
        """
        faces = sorted(self._faces(picture), key=lambda face: -face.width)
        if not faces or (len(faces) > 1 and faces[0].width < NEARER * faces[1].width):
            return None
        return self._print(picture, faces[0])

    def print_on_paper(self, picture: Picture) -> FacePrint | None:
        """Of the smallest face: whoever holds a document up may be in the picture too."""
        clear = [face for face in self._faces(picture) if face.width >= SMALLEST]
        smallest = min(clear, key=lambda face: face.width, default=None)
        return None if smallest is None else self._print(picture, smallest)

    def _faces(self, picture: Picture) -> list[Face]:
        """Of people: what is printed on clothes is left out."""
        image = picture.lit
        found = self.full.find(image) or self.short.find(image)[:1]
        wearer = max(found, key=lambda face: face.width, default=None)
        return [face for face in found if wearer is None or not worn(face, wearer)]

    def _print(self, picture: Picture, face: Face) -> FacePrint | None:
        if face.width < SMALLEST or _luma(picture, face) < DARKEST:
            return None
        mesh = self.mesh.fit(picture.lit, face)
        if mesh is None or mesh.presence < VERIFIED or abs(turned_deg(mesh.points)) > MOST_TURNED:
            return None
        return self.printer.print_of(picture.lit, face)


class IdentityDetector:
    """Measures: ``identity_distance`` to the nearest of the enrolled photos.

    ``identity_unclear_s``: it looked and cannot say, for so many seconds now, be it for want of a
    photo with a clear face. Nothing where there are no photos.
    """

    def __init__(self, nets: IdentityNets, subject: Subject) -> None:
        self._nets = nets
        self.models = nets.refs
        self._enrolled = tuple(
            _enrolled(nets.print_nearest, subject.faces)
            + _enrolled(nets.print_on_paper, subject.documents)
        )
        self._expected = bool(subject.faces or subject.documents)
        self._unclear_ms: tuple[int, int] | None = None  # from, and the last look

    @property
    def knows(self) -> bool:
        """Whether there is anybody to compare with."""
        return bool(self._enrolled)

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        if not closely or not self._expected:
            return Sighting()
        seen = self._nets.print_nearest(picture) if self._enrolled else None
        if seen is None:
            return Sighting(measures={"identity_unclear_s": self._unclear_s(picture.at_ms)})
        self._unclear_ms = None
        nearest = min(seen.distance(enrolled) for enrolled in self._enrolled)
        return Sighting(measures={"identity_distance": nearest})

    def _unclear_s(self, at_ms: int) -> float:
        began, last = self._unclear_ms or (at_ms, at_ms)
        if at_ms - last > TOGETHER_MS:
            began = at_ms
        self._unclear_ms = began, at_ms
        return (at_ms - began) / 1000


def _enrolled(
    printed: Callable[[Picture], FacePrint | None], photos: Iterable[bytes]
) -> list[FacePrint]:
    prints = [printed(picture) for photo in photos if (picture := photo_of(photo)) is not None]
    found = [one for one in prints if one is not None]
    if len(found) < len(prints):
        logger.info("an enrolled photo shows no clear face")
    return found


def photo_of(data: bytes) -> Picture | None:
    """A photo file as a picture; None where it is none."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image is None or min(image.shape[:2]) < 2:
        return None
    scale = min(1.0, LONGEST_SIDE / max(image.shape[:2]))
    size = tuple(max(2, int(side * scale) & ~1) for side in image.shape[1::-1])
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return Picture(0, np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2YUV_I420), np.uint8))


def _luma(picture: Picture, face: Face) -> float:
    """Mean light on the face itself, before any brightening."""
    sides = np.clip(face.box, 0, [picture.width, picture.height] * 2).astype(int)
    part: Image = picture.luma[sides[1] : sides[3], sides[0] : sides[2]]
    return float(part.mean()) if part.size else 0.0
