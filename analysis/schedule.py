"""Which detector looks closely at which frame: pure numbers and one small state a sitting.

A close look is dear (the object model costs more than everything else together), so in calm it
comes once a second; in between, a known face is followed by its mesh, and kinds that were not
looked for get no vote. Whatever is suspected is looked at in every frame, for a while.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from analysis.picture import Image, Picture

CHANGED_LUMA = 12  # a pixel of the thumb that differs more has changed; noise stays below
SLACK_MS = 150  # frames come unevenly: one that is nearly due is not put off by a whole step

Measures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Schedule:
    """``calm_ms`` lies at most between two close looks; a suspicion lasts ``suspect_ms``.

    ``phone_hint``: a phone's score that raises suspicion (the rule counts hits from 0.3 on).
    ``moved``: share of the picture that has changed since the faces were last searched, from
    which on they are searched again at once, so that a newcomer is not seen a second late
    (somebody coming in: 0.2-0.9; hands and head of one who sits there: up to 0.12).
    ``calm_fps``, ``suspect_fps``: frames a second wanted without and with a phone suspected.
    """

    calm_ms: int = 1000
    suspect_ms: int = 5000
    phone_hint: float = 0.15
    moved: float = 0.15
    calm_fps: float = 2.0
    suspect_fps: float = 5.0


EVERY_FRAME = Schedule(calm_ms=0, suspect_fps=2.0)


class Pace:
    """One sitting's. Asked before a detector looks, told what it saw."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._looked_ms: dict[str, int] = {}
        self._suspect_until_ms: dict[str, int] = {}
        self._searched: Image | None = None
        self._face_lost = False
        self.fps = schedule.calm_fps

    def closely(self, detector: str, picture: Picture) -> bool:
        """Whether the detector should look closely at this picture, which counts as done."""
        at_ms = picture.at_ms
        close = self._due(detector, at_ms) or self._suspects(detector, at_ms)
        if detector == "faces":
            close = close or self._moved(picture.thumb)
            if close:
                self._searched = picture.thumb
        if close:
            self._looked_ms[detector] = at_ms
        return close

    def told(self, at_ms: int, measures: Measures) -> None:
        """What a detector saw; before the next one is asked, so that it can help at once."""
        if measures.get("phone", 0.0) >= self._schedule.phone_hint:
            self._suspect("objects", at_ms)
            self._suspect("phone", at_ms)
        if measures.get("second_face", 0.0) > 0:
            self._suspect("faces", at_ms)
        if "face" in measures:
            self._follow_face(at_ms, seen=measures["face"] > 0)
        phone = self._suspects("phone", at_ms)
        self.fps = self._schedule.suspect_fps if phone else self._schedule.calm_fps

    def _follow_face(self, at_ms: int, *, seen: bool) -> None:
        """Where a face is newly missed, the object model tells a hidden one from an empty room."""
        if not seen and not self._face_lost:
            self._suspect("objects", at_ms)
        self._face_lost = not seen

    def _suspect(self, what: str, at_ms: int) -> None:
        self._suspect_until_ms[what] = at_ms + self._schedule.suspect_ms

    def _suspects(self, what: str, at_ms: int) -> bool:
        return at_ms < self._suspect_until_ms.get(what, -1)

    def _due(self, detector: str, at_ms: int) -> bool:
        looked = self._looked_ms.get(detector)
        return looked is None or at_ms - looked >= self._schedule.calm_ms - SLACK_MS

    def _moved(self, thumb: Image) -> bool:
        if self._searched is None:
            return True
        changed = np.count_nonzero(cv2.absdiff(thumb, self._searched) > CHANGED_LUMA)
        return changed >= self._schedule.moved * thumb.size
