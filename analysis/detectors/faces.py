"""Faces: MediaPipe's full-range detector, its short-range one as second try, the mesh as check."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from analysis.contracts import Box
from analysis.detectors.blazeface import BlazeFace, Face
from analysis.detectors.contracts import Sighting
from analysis.detectors.gaze import Iris, turned_deg
from analysis.detectors.mesh import FaceMesh, Fitted, mouth_open
from analysis.detectors.stiffness import Stiffness
from analysis.picture import Image, Picture
from models import Registry

FULL_THRESHOLD = 0.5
SHORT_THRESHOLD = 0.3
VERIFIED = 0.5  # mesh presence
EYES_FROM = 80.0  # pixels of face width: below, the iris is a guess
NEAR = 60.0  # pixels of face width: 1.5 m
SIDEWAYS = 1.2  # longer side to shorter, from which on parts of a picture are larger than it
MOST_FACES = 5  # the mesh costs a millisecond a face; a fifth face changes no vote


@dataclass(frozen=True, slots=True)
class FaceNets:
    """The networks, loaded once per thread and shared by its sittings."""

    full: BlazeFace
    short: BlazeFace
    mesh: FaceMesh
    iris: Iris

    @classmethod
    def load(cls, registry: Registry) -> "FaceNets":
        return cls(
            BlazeFace(registry.load("face_full_range"), FULL_THRESHOLD),
            BlazeFace(registry.load("face_short_range"), SHORT_THRESHOLD),
            FaceMesh(registry.load("face_mesh")),
            Iris(registry.load("iris")),
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """A found face with the mesh that was laid on it."""

    face: Face
    mesh: Fitted | None

    @property
    def presence(self) -> float:
        return self.mesh.presence if self.mesh is not None else 0.0

    @property
    def verified(self) -> bool:
        return self.presence >= VERIFIED


def worn(face: Face, wearer: Face) -> bool:
    """Whether a face is where the wearer's clothes or badge are: a print, not a person.

    Clearly smaller, below the chin, within the shoulders (about a face width to each side).
    """
    (x, y), (own_x, own_y) = face.centre, wearer.centre
    below = (y - own_y) / max(wearer.height, 1.0)
    aside = abs(x - own_x) / max(wearer.width, 1.0)
    return face.width < 0.7 * wearer.width and 0.8 < below < 4.0 and aside < 1.1


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A square of a picture; ``left``, ``top``: where it lies there."""

    image: Image
    left: int
    top: int

    def placed(self, face: Face) -> Face:
        shift = np.array([self.left, self.top], np.float32)
        return replace(face, box=face.box + np.tile(shift, 2), points=face.points + shift)


def parts(image: Image) -> list[Part]:
    """The two squares at the ends of a picture's longer side; none of one that is a square."""
    height, width = image.shape[:2]
    side = min(height, width)
    if max(height, width) < SIDEWAYS * side:
        return []
    ends = ((0, 0), (width - side, height - side))
    return [
        Part(np.ascontiguousarray(image[top : top + side, left : left + side]), left, top)
        for left, top in ends
    ]


class FaceDetector:
    """Measures of the faces that the mesh confirms, and of the best one that it does not.

    ``faces``: how many are confirmed and not worn; ``face``, ``second_face``: the mesh's presence
    of the two surest; ``weak_face``: the detector's score of the best unconfirmed one;
    ``turned_deg``, ``mouth_open``, ``eyes_aside``: of one who is alone, the last of a near face;
    whether that one moves like a photograph: ``Stiffness``.

    One who is alone in the picture is followed by the mesh until the next close look: then
    nothing is said of others (no ``second_face``). A face that gets lost is searched for at once.
    Where the whole picture shows none, a close look searches enlarged parts of it too; not of one
    who was near before: who sees that seat empty, and a portrait on the wall, sees nobody.
    """

    def __init__(self, nets: FaceNets) -> None:
        self._nets = nets
        self._alone: Face | None = None
        self._near = False  # this sitting has shown a face from near
        self._far = False  # the last face was found in an enlarged part
        self._stiffness = Stiffness()
        self.models = (nets.full.ref, nets.short.ref, nets.mesh.ref, nets.iris.ref)

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        followed = None if closely else self._followed(picture)
        return self._searched(picture, closely=closely) if followed is None else followed

    def _followed(self, picture: Picture) -> Sighting | None:
        if self._alone is None:
            return None
        mesh = self._nets.mesh.fit(picture.lit, self._alone)
        if mesh is None or mesh.presence < VERIFIED:
            return None
        self._alone = mesh.as_face()
        measures = {"faces": 1.0, "face": mesh.presence, "mouth_open": mouth_open(mesh.points)}
        measures.update(self._stiffness.told(picture.at_ms))
        return Sighting((_box(self._alone, picture),), measures)

    def _searched(self, picture: Picture, *, closely: bool) -> Sighting:
        judged = self._judged(picture, closely=closely)
        verified = [one for one in judged if one.verified]
        largest = max(verified, key=lambda one: one.face.width, default=None)
        people = [one for one in verified if not (largest and worn(one.face, largest.face))]
        only = people[0].mesh if len(people) == 1 else None
        self._alone = None if only is None else only.as_face()
        sure = sorted((one.presence for one in people), reverse=True)
        unsure = (one.face.score for one in judged if not one.verified)
        measures = {
            "faces": float(len(people)),
            "face": sure[0] if sure else 0.0,
            "second_face": sure[1] if len(sure) > 1 else 0.0,
            "weak_face": max(unsure, default=0.0),
        }
        if only is not None:
            measures.update(self._direction(picture, people[0].face, only))
            measures.update(self._stiffness.look(picture.luma, only, picture.at_ms))
        return Sighting(tuple(_box(one.face, picture) for one in people), measures)

    def _direction(self, picture: Picture, face: Face, mesh: Fitted) -> dict[str, float]:
        direction = {"turned_deg": turned_deg(mesh.points), "mouth_open": mouth_open(mesh.points)}
        if face.width >= EYES_FROM:
            direction["eyes_aside"] = self._nets.iris.aside(picture.lit, mesh.points)
        return direction

    def _judged(self, picture: Picture, *, closely: bool) -> list[Judged]:
        image = picture.lit
        # Short range invents faces where full range does not: it is asked only when alone.
        found = self._nets.full.find(image) or self._nets.short.find(image)[:1]
        judged = self._meshed(image, found)
        seen = [one.face.width for one in judged if one.verified]
        self._near = self._near or max(seen, default=0.0) >= NEAR
        if seen or self._near or not (closely or self._far):
            return judged
        far = self._enlarged(image)
        self._far = bool(far)
        return judged + far

    def _enlarged(self, image: Image) -> list[Judged]:
        """Faces of 23 pixels (3.8 m): found by 0.96 in parts, not at all in the whole picture.

        Parts show faces where there are none as well (an empty room in a fifth of its pictures),
        so only those count which the mesh confirms.
        """
        best = [
            part.placed(face) for part in parts(image) for face in self._nets.full.find(part.image)
        ]
        verified = [one for one in self._meshed(image, best) if one.verified]
        return verified[:1]

    def _meshed(self, image: Image, found: Iterable[Face]) -> list[Judged]:
        some = islice(found, MOST_FACES)
        return [Judged(face, self._nets.mesh.fit(image, face)) for face in some]


def _box(face: Face, picture: Picture) -> Box:
    size = np.array([picture.width, picture.height] * 2, np.float32)
    x0, y0, x1, y1 = (float(value) for value in np.clip(face.box / size, 0, 1))
    return Box("face", round(face.score, 4), x0, y0, x1, y1)
