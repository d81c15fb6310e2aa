"""What is taken for a phone at a student all the time: a badge, the peak of a cap, a buckle.

A network that errs on a thing errs on it again, at the same place of the same student; before a
phone is raised there is nothing. So a score counts by what was seen there before, as a gaze counts
by a student's own normal (``normal.py``). What was flagged is never part of what is usual.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analysis.contracts import Box
from analysis.reach import largest_face

MEMORY_MS: Final = 120_000
EVERY_MS: Final = 850  # a look a second, also while there are five
KEPT: Final = MEMORY_MS // EVERY_MS + 1
FAMILIAR: Final = 5  # looks before anything can be called usual, or new
FEWEST: Final = 2  # looks
STRETCH_MS: Final = 10_000
SHARE: Final = 0.3  # of stretches: a badge is recognised now and then, a phone for a while
RAISED_MS: Final = 2000  # before a flag's first hit the thing may have been seen faintly
NEAR: Final = 0.5  # of the larger one's sides, between the middles of two boxes
ALIKE: Final = 2.0  # sides of one are at most so many times the other's
UNKNOWN_COUNTS: Final = 0.4
USUAL_COUNTS: Final = 0.3

Shift = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Look:
    at_ms: int
    phones: tuple[Box, ...]
    face: Box | None


class Usual:
    """One sitting's, of its last two minutes. Boxes as in observations, in shares of the picture.

    ``before_ms``: when the present evidence began; what is seen since is what is being judged.
    """

    def __init__(self) -> None:
        self._looks: deque[_Look] = deque(maxlen=KEPT)

    def counts(
        self, phone: Box, boxes: Sequence[Box], at_ms: int, before_ms: int | None = None
    ) -> float:
        """How much of the phone's score counts, 0..1."""
        until_ms = at_ms if before_ms is None else before_ms
        known = [one for one in self._looks if at_ms - MEMORY_MS <= one.at_ms < until_ms]
        if len(known) < FAMILIAR:
            return UNKNOWN_COUNTS
        face = largest_face(boxes)
        there = [
            look.at_ms // STRETCH_MS
            for look in known
            if any(_same(phone, face, other, look.face) for other in look.phones)
        ]
        stretches = {look.at_ms // STRETCH_MS for look in known}
        usual = len(there) >= FEWEST and len(set(there)) >= SHARE * len(stretches)
        return USUAL_COUNTS if usual else 1.0

    def learn(self, boxes: Sequence[Box], at_ms: int, flagged_ms: int | None = None) -> None:
        """After a look for phones. ``flagged_ms``: start of a flag that is open."""
        if flagged_ms is not None:
            while self._looks and self._looks[-1].at_ms >= flagged_ms - RAISED_MS:
                self._looks.pop()
        elif not self._looks or at_ms - self._looks[-1].at_ms >= EVERY_MS:
            phones = tuple(box for box in boxes if box.label == "phone")
            self._looks.append(_Look(at_ms, phones, largest_face(boxes)))


def _same(one: Box, face: Box | None, other: Box, other_face: Box | None) -> bool:
    """At the same place of the picture, or of the person: who moves takes a badge along."""
    sides = (_wide(one), _wide(other)), (_tall(one), _tall(other))
    if any(max(pair) > ALIKE * min(pair) for pair in sides):
        return False
    moved = _between(one, other)
    turned = _between(face, other_face) if face and other_face else (0.0, 0.0)
    return any(
        abs(moved[0] - own[0]) < NEAR * max(sides[0])
        and abs(moved[1] - own[1]) < NEAR * max(sides[1])
        for own in ((0.0, 0.0), turned)
    )


def _between(one: Box, other: Box) -> Shift:
    return (one.x0 + one.x1 - other.x0 - other.x1) / 2, (one.y0 + one.y1 - other.y0 - other.y1) / 2


def _wide(box: Box) -> float:
    return box.x1 - box.x0


def _tall(box: Box) -> float:
    return box.y1 - box.y0
