"""Faces: MediaPipe's full-range detector, its short-range one as second try, the mesh as check."""

from dataclasses import dataclass

import numpy as np

from analysis.contracts import Box
from analysis.detectors.blazeface import BlazeFace, Face
from analysis.detectors.contracts import Sighting
from analysis.detectors.gaze import Iris, turned_deg
from analysis.detectors.mesh import FaceMesh, Fitted
from analysis.picture import Picture
from models import Registry

FULL_THRESHOLD = 0.5
SHORT_THRESHOLD = 0.3
VERIFIED = 0.5  # mesh presence
EYES_FROM = 80.0  # pixels of face width: below, the iris is a guess
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


class FaceDetector:
    """Measures of the faces that the mesh confirms, and of the best one that it does not.

    ``faces``: how many are confirmed and not worn; ``face``, ``second_face``: the mesh's presence
    of the two surest; ``weak_face``: the detector's score of the best unconfirmed one;
    ``turned_deg``, ``eyes_aside``: of one who is alone, the latter only of a near face.

    One who is alone in the picture is followed by the mesh until the next close look: then
    nothing is said of others (no ``second_face``). A face that gets lost is searched for at once.
    """

    def __init__(self, nets: FaceNets) -> None:
        self._nets = nets
        self._alone: Face | None = None
        self.models = (nets.full.ref, nets.short.ref, nets.mesh.ref, nets.iris.ref)

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        followed = None if closely else self._followed(picture)
        return self._searched(picture) if followed is None else followed

    def _followed(self, picture: Picture) -> Sighting | None:
        if self._alone is None:
            return None
        mesh = self._nets.mesh.fit(picture.lit, self._alone)
        if mesh is None or mesh.presence < VERIFIED:
            return None
        self._alone = mesh.as_face()
        measures = {"faces": 1.0, "face": mesh.presence}
        return Sighting((_box(self._alone, picture),), measures)

    def _searched(self, picture: Picture) -> Sighting:
        judged = self._judged(picture)
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
        return Sighting(tuple(_box(one.face, picture) for one in people), measures)

    def _direction(self, picture: Picture, face: Face, mesh: Fitted) -> dict[str, float]:
        direction = {"turned_deg": turned_deg(mesh.points)}
        if face.width >= EYES_FROM:
            direction["eyes_aside"] = self._nets.iris.aside(picture.lit, mesh.points)
        return direction

    def _judged(self, picture: Picture) -> list[Judged]:
        image = picture.lit
        # Short range invents faces where full range does not: it is asked only when alone.
        found = self._nets.full.find(image) or self._nets.short.find(image)[:1]
        return [Judged(face, self._nets.mesh.fit(image, face)) for face in found[:MOST_FACES]]


def _box(face: Face, picture: Picture) -> Box:
    size = np.array([picture.width, picture.height] * 2, np.float32)
    x0, y0, x1, y1 = (float(value) for value in np.clip(face.box / size, 0, 1))
    return Box("face", round(face.score, 4), x0, y0, x1, y1)
