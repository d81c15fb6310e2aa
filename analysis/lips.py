"""Whose voice it is: whether the student's lips move while somebody is heard."""

import statistics
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from analysis.contracts import Box

MEMORY_MS: Final = 3000
FEWEST: Final = 4  # pictures of a mouth within that time: of fewer nothing is said
MOVING: Final = (
    0.01  # spread of how far the lips are apart, in eye distances; at rest at most 0.004
)
RESTING: Final = 0.005  # between the two it cannot be told: whispering lips part little
HEARD: Final = 0.2  # share of voice from which on it matters
MOUTH_FROM: Final = 0.6  # of a face's height, from the top


class Lips:
    """One sitting's. Its box stands beside a flag of speech: ``lips_moving`` or ``lips_still``."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, float]] = deque()

    def shown(
        self, at_ms: int, measures: Mapping[str, float], boxes: Sequence[Box]
    ) -> tuple[Box, ...]:
        """The lower part of the face, while a voice is heard; nothing where it cannot be told."""
        while self._seen and self._seen[0][0] < at_ms - MEMORY_MS:
            self._seen.popleft()
        if "mouth_open" in measures:
            self._seen.append((at_ms, measures["mouth_open"]))
        face = next((box for box in boxes if box.label == "face"), None)
        if face is None or measures.get("voice", 0.0) < HEARD or len(self._seen) < FEWEST:
            return ()
        spread = statistics.pstdev(opening for _, opening in self._seen)
        if RESTING < spread < MOVING:
            return ()
        label = "lips_moving" if spread >= MOVING else "lips_still"
        top = face.y0 + MOUTH_FROM * (face.y1 - face.y0)
        return (Box(label, round(min(1.0, spread), 4), face.x0, top, face.x1, face.y1),)
