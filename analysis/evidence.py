"""Keeps, per kind, the picture that shows it best while the evidence grows and the flag lasts."""

from dataclasses import dataclass

from analysis.contracts import Box, Evidence, FlagKind
from analysis.picture import Picture

LONGEST_SIDE = 960
QUALITIES = (85, 70, 50, 30)
MAX_BYTES = 200_000
SETTLED_MS = 1000  # the first pictures of an event are often its worst: people move
SHOWN = 0.1  # phones fainter than this tell only what is usual (usual.py)
GAIN = 0.02  # a picture must show it this much better to replace an earlier one

# Regions worth showing beside a flag of the kind.
LABELS = {
    FlagKind.EXTRA_FACE: ("face",),
    FlagKind.IDENTITY_MISMATCH: ("face",),
    FlagKind.IDENTITY_UNCLEAR: ("face",),
    FlagKind.PHONE: ("phone",),
    FlagKind.SPEECH: ("lips_moving", "lips_still"),
    FlagKind.NOTES: ("notes",),
    FlagKind.HEADPHONES: ("headphones",),
    FlagKind.SECOND_SCREEN: ("screen",),
}


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    picture: Picture
    boxes: tuple[Box, ...]
    score: float
    since_ms: int

    def beaten_by(self, at_ms: int, score: float) -> bool:
        settling = at_ms - self.since_ms <= SETTLED_MS and score >= self.score
        return settling or score > self.score + GAIN


class BestPicture:
    """Of one kind. Holds one picture (0.5 MB at 640x480) only while something is going on."""

    def __init__(self, kind: FlagKind) -> None:
        self._labels = LABELS.get(kind, ())
        self._best: Candidate | None = None
        self._made: tuple[int, Evidence] | None = None

    def offer(self, picture: Picture, boxes: tuple[Box, ...], score: float) -> None:
        best = self._best
        if best is None or best.beaten_by(picture.at_ms, score):
            since = picture.at_ms if best is None else best.since_ms
            own = (box for box in boxes if box.label in self._labels)
            shown = tuple(box for box in own if box.label != "phone" or box.score >= SHOWN)
            self._best = Candidate(picture, shown, score, since)

    def begin(self, start_ms: int, picture: Picture, boxes: tuple[Box, ...], score: float) -> None:
        """A flag opens: a picture from before its start shows something else."""
        if self._best is None or self._best.picture.at_ms < start_ms:
            self.forget()
            self.offer(picture, boxes, score)

    def forget(self) -> None:
        self._best = self._made = None

    def evidence(self) -> Evidence | None:
        """Encoded once per picture chosen."""
        best = self._best
        if best is None:
            return None
        at_ms = best.picture.at_ms
        if self._made is None or self._made[0] != at_ms:
            self._made = (at_ms, Evidence(at_ms, bounded_jpeg(best.picture), best.boxes))
        return self._made[1]


def bounded_jpeg(picture: Picture, longest: int = LONGEST_SIDE, most: int = MAX_BYTES) -> bytes:
    """The unaltered picture (regions stand beside it), at most ``most`` bytes."""
    picture = picture.at_most(longest)
    for quality in QUALITIES:
        jpeg = picture.jpeg(longest, quality)
        if len(jpeg) <= most:
            return jpeg
    return picture.jpeg(longest // 4, QUALITIES[-1])
