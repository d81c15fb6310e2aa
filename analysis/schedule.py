"""Which detector looks closely at which frame: pure numbers and one small state a sitting.

A close look is dear (the object model costs more than everything else together), so in calm it
comes once a second, and later where nothing moves; in between, a known face is followed by its
mesh, and kinds that were not looked for get no vote. Whatever is suspected is looked at in every
frame, for a while. Both only as the thread's budget allows, which its sittings share; but what is
overdue is looked at whatever it costs.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np

from analysis.budget import UNLIMITED, Urgency
from analysis.contracts import FlagKind
from analysis.identity_moments import IdentityMoments, IdentityPace
from analysis.picture import Image, Picture

CHANGED_LUMA = 12  # a pixel of the thumb that differs more has changed; noise stays below
SLACK_MS = 150  # frames come unevenly: one that is nearly due is not put off by a whole step

# Whose close looks say more of what is suspected.
SUSPECTED_BY: Mapping[str, frozenset[FlagKind]] = {
    "faces": frozenset({FlagKind.EXTRA_FACE}),
    "objects": frozenset({FlagKind.PHONE, FlagKind.ABSENCE}),
}

Measures = Mapping[str, float]


class Allowance(Protocol):
    def allows(self, urgency: Urgency) -> bool: ...


@dataclass(frozen=True, slots=True)
class Schedule:
    """``calm_ms`` lies at most between two close looks; a suspicion lasts ``suspect_ms``.

    ``overdue_ms``: after that a look is due whatever else there is to do, and however still the
    picture is. Below the rules' longest silence (3 s), so that no flag ends for want of votes.
    ``phone``: a phone's score that raises suspicion; the rule counts hits from there on.
    ``phone_hint``: a lower one raises it for ``hint_ms`` only: enough to look at once again, and
    too short to keep a sitting there where a badge looks a little like a phone.
    ``moved``: share of the picture that has changed since the faces were last searched, from
    which on they are searched again at once, so that a newcomer is not seen a second late
    (somebody coming in: 0.2-0.9; hands and head of one who sits there: up to 0.12).
    ``stirred``: share that has changed since objects were last looked for, below which they are
    still what they were. A phone of 30x60 pixels in 640x480 is 0.006.
    ``raised``: share from which on they are looked for in the next picture (``soon_ms`` after the
    last look) if there is time: a phone that is raised with its arm changes 0.05-0.3.
    ``calm_fps``, ``suspect_fps``: frames a second wanted without and with a suspicion.
    """

    calm_ms: int = 1000
    overdue_ms: int = 2000
    suspect_ms: int = 5000
    phone: float = 0.15
    phone_hint: float = 0.1
    hint_ms: int = 1000
    moved: float = 0.15
    stirred: float = 0.002
    raised: float = 0.05
    soon_ms: int = 500
    calm_fps: float = 2.0
    suspect_fps: float = 5.0
    identity: IdentityPace = field(default_factory=IdentityPace)


EVERY_FRAME = Schedule(calm_ms=0, overdue_ms=0, suspect_fps=2.0)


class Pace:
    """One sitting's. Asked before a detector looks, told what it saw."""

    def __init__(
        self, schedule: Schedule, budget: Allowance = UNLIMITED, seed: bytes = b""
    ) -> None:
        self._schedule = schedule
        self._budget = budget
        self._identity = IdentityMoments(schedule.identity, seed)
        self._looked_ms: dict[str, int] = {}
        self._looked_at: dict[str, Image] = {}
        self._suspect_until_ms: dict[FlagKind, int] = {}
        self._flagged: frozenset[FlagKind] = frozenset()
        self._face_lost = False
        self.fps = schedule.calm_fps

    def closely(self, detector: str, picture: Picture) -> bool:
        """Whether the detector should look closely at this picture, which counts as done."""
        if detector == "identity":
            return self._identity.due(picture)
        close = self._wanted(detector, picture)
        if close:
            self._looked_ms[detector] = picture.at_ms
            self._looked_at[detector] = picture.thumb
        return close

    def _wanted(self, detector: str, picture: Picture) -> bool:
        looked = self._looked_ms.get(detector)
        if looked is None:
            return True
        waited = picture.at_ms - looked + SLACK_MS
        if waited >= self._schedule.overdue_ms:
            return True
        suspected = self._suspected(picture.at_ms) & SUSPECTED_BY.get(detector, frozenset())
        if suspected - self._flagged or self._newcomer(detector, picture):
            return self._budget.allows(Urgency.SUSPICION)
        if waited >= self._schedule.calm_ms and self._worth_it(detector, picture):
            return self._budget.allows(Urgency.CALM)
        raised = waited >= self._schedule.soon_ms and self._raised(detector, picture)
        return (raised or bool(suspected)) and self._budget.allows(Urgency.EXTRA)

    def told(
        self, at_ms: int, measures: Measures, flagged: Collection[FlagKind] = frozenset()
    ) -> None:
        """What a detector saw; before the next one is asked, so that it can help at once.

        ``flagged``: kinds of which a flag is open that is more than a first sign: others go first.
        """
        self._identity.told(at_ms, measures)
        self._flagged = frozenset(flagged)
        phone = measures.get("phone", 0.0)
        if phone >= self._schedule.phone_hint:
            seen = phone >= self._schedule.phone
            lasts_ms = self._schedule.suspect_ms if seen else self._schedule.hint_ms
            self._suspect(FlagKind.PHONE, at_ms + lasts_ms)
        if measures.get("second_face", 0.0) > 0:
            self._suspect(FlagKind.EXTRA_FACE, at_ms + self._schedule.suspect_ms)
        if "face" in measures:
            self._follow_face(at_ms, seen=measures["face"] > 0)
        suspected = self._suspected(at_ms)
        urgency = Urgency.HURRY if suspected - self._flagged else Urgency.EXTRA
        hurried = bool(suspected) and self._budget.allows(urgency)
        self.fps = self._schedule.suspect_fps if hurried else self._schedule.calm_fps

    def _follow_face(self, at_ms: int, *, seen: bool) -> None:
        """Where a face is newly missed, the object model tells a hidden one from an empty room."""
        if not seen and not self._face_lost:
            self._suspect(FlagKind.ABSENCE, at_ms + self._schedule.suspect_ms)
        self._face_lost = not seen

    def _suspect(self, kind: FlagKind, until_ms: int) -> None:
        self._suspect_until_ms[kind] = max(until_ms, self._suspect_until_ms.get(kind, until_ms))

    def _suspected(self, at_ms: int) -> frozenset[FlagKind]:
        return frozenset(kind for kind, until in self._suspect_until_ms.items() if at_ms < until)

    def _newcomer(self, detector: str, picture: Picture) -> bool:
        return detector == "faces" and self._changed(detector, picture) >= self._schedule.moved

    def _raised(self, detector: str, picture: Picture) -> bool:
        return detector == "objects" and self._changed(detector, picture) >= self._schedule.raised

    def _worth_it(self, detector: str, picture: Picture) -> bool:
        """In a picture that stands still there are no other objects than before."""
        if detector != "objects" or self._face_lost:
            return True
        return self._changed(detector, picture) >= self._schedule.stirred

    def _changed(self, detector: str, picture: Picture) -> float:
        """Share of the picture that has changed since the detector last looked."""
        before = self._looked_at[detector]
        changed = np.count_nonzero(cv2.absdiff(picture.thumb, before) > CHANGED_LUMA)
        return changed / picture.thumb.size
