"""When a face is compared with the enrolled photos. A comparison is dear (18 ms of a core).

At the start, whenever somebody comes back or the picture changes much, and at moments that nobody
can foresee in between.
"""

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from analysis.contracts import Subject
from analysis.picture import Image, Picture

CHANGED_LUMA = 12
SECRET_BITS = 48  # a whole number of these is exact as a threshold, which is a float


@dataclass(frozen=True, slots=True)
class IdentityPace:
    """``calm_ms``: between two random moments, from and to.

    ``again_ms``: after a face that is ``other_from`` or more away from the photos, or that could
    not be told; twice as long each time that this is so again, up to ``seldom_ms``, since who sits
    in the dark may sit there for the whole exam. ``changed_ms``: the least before a picture of
    which the share ``changed`` is no longer what it was causes another comparison.
    """

    calm_ms: tuple[int, int] = (10_000, 30_000)
    again_ms: int = 2000
    seldom_ms: int = 20_000
    other_from: float = 0.55
    changed_ms: int = 10_000
    changed: float = 0.3


class IdentityMoments:
    """One sitting's. ``seed``: what the student cannot know, the same for the same recording."""

    def __init__(self, pace: IdentityPace, seed: bytes) -> None:
        self._pace = pace
        self._random = random.Random(seed)  # noqa: S311 - to be re-made from the recording
        self._due_ms = 0
        self._looked_ms = -pace.again_ms
        self._looked_at: Image | None = None
        self._face_seen = False
        self._unclear = 0  # comparisons in a row that could not tell

    def due(self, picture: Picture) -> bool:
        """Whether to compare now, which counts as done. Without a face there is nothing to."""
        if not self._face_seen or (picture.at_ms < self._due_ms and not self._changed(picture)):
            return False
        self._looked_ms, self._looked_at = picture.at_ms, picture.thumb
        self._due_ms = picture.at_ms + self._random.randint(*self._pace.calm_ms)
        return True

    def told(self, at_ms: int, measures: Mapping[str, float]) -> None:
        """What a detector saw; the faces are told before it is asked whether a look is due."""
        if "face" in measures:
            seen = measures["face"] > 0
            if seen and not self._face_seen:
                self._due_ms = min(self._due_ms, max(at_ms, self._looked_ms + self._pace.again_ms))
            self._face_seen = seen
        if "identity_unclear_s" in measures:
            again_ms = min(self._pace.seldom_ms, self._pace.again_ms << min(self._unclear, 16))
            self._unclear += 1
            self._due_ms = min(self._due_ms, at_ms + again_ms)
        elif "identity_distance" in measures:
            self._unclear = 0
            if measures["identity_distance"] >= self._pace.other_from:
                self._due_ms = min(self._due_ms, at_ms + self._pace.again_ms)

    def _changed(self, picture: Picture) -> bool:
        if self._looked_at is None or picture.at_ms - self._looked_ms < self._pace.changed_ms:
            return False
        differs = cv2.absdiff(picture.thumb, self._looked_at) > CHANGED_LUMA
        return np.count_nonzero(differs) >= self._pace.changed * differs.size


def seed_of(subject: Subject, secret: int) -> bytes:
    """``secret``: the sitting's own; the photos are known to the student too."""
    digest = hashlib.sha256(secret.to_bytes(SECRET_BITS // 8, "big"))
    for photo in (*subject.faces, *subject.documents):
        digest.update(photo)
    return digest.digest()
