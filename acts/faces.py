"""The two faces of form 3 side by side: who was enrolled, and who sat the exam."""

import hashlib
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from acts import styles, typefaces, values
from acts.contracts import FacePicture, Language, OutsiderDocument
from acts.frames import MarkedFrame, frame_size

_GAP = 6 * mm
_HEIGHT = 46 * mm


class Faces(Flowable):  # type: ignore[misc] # reportlab carries no types
    """Each with its caption, when it was taken and the digest of the file shown."""

    def __init__(self, document: OutsiderDocument, language: Language) -> None:
        super().__init__()
        pictures = (("form3.enrolled", document.enrolled), ("form3.seen", document.seen))
        self.columns = [_Face(key, picture, document, language) for key, picture in pictures]

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self.width = width
        self.column = (width - _GAP) / 2
        self.height = max(face.wrap(self.column) for face in self.columns)
        return width, self.height

    def draw(self) -> None:
        for place, face in enumerate(self.columns):
            face.draw(self.canv, place * (self.column + _GAP), self.height)


class _Face:
    def __init__(
        self, key: str, picture: FacePicture | None, document: OutsiderDocument, language: Language
    ) -> None:
        self.caption = styles.text(styles.both(key, language), 9)
        size = frame_size(picture.jpeg) if picture else None
        self.picture, self.size = picture, size
        missing = "form3.picture_unreadable" if picture else "form3.no_picture"
        self.missing = styles.text(styles.both(missing, language), 9, quiet=True, centred=True)
        self.below = styles.text(_below(picture, document), 7, quiet=True)

    def wrap(self, width: float) -> float:
        self.width = width
        self.above = self.caption.wrap(width, 1e6)[1] + 1.5 * mm
        self.under = self.below.wrap(width, 1e6)[1]
        self.missing.wrap(width, 1e6)
        return float(self.above + _HEIGHT + 1 * mm + self.under)

    def draw(self, canvas: Any, x: float, top: float) -> None:
        self.caption.drawOn(canvas, x, top - self.caption.height)
        bottom = top - self.above - _HEIGHT
        if self.picture is None or self.size is None:
            self._draw_missing(canvas, x, bottom)
        else:
            regions = [self.picture.region] if self.picture.region else []
            frame = MarkedFrame(self.picture.jpeg, regions, self.size, (self.width, _HEIGHT))
            bottom = top - self.above - frame.height
            frame.drawOn(canvas, x, bottom)
        self.below.drawOn(canvas, x, bottom - 1 * mm - self.under)

    def _draw_missing(self, canvas: Any, x: float, bottom: float) -> None:
        canvas.setStrokeColor(styles.RULE)
        canvas.setLineWidth(0.4)
        canvas.rect(x, bottom, self.width, _HEIGHT)
        self.missing.drawOn(canvas, x, bottom + (_HEIGHT - self.missing.height) / 2)


def _below(picture: FacePicture | None, document: OutsiderDocument) -> str:
    if picture is None:
        return "&nbsp;"
    digest = f"SHA-256 {hashlib.sha256(picture.jpeg).hexdigest()}"
    if picture.taken_at is None:
        return digest
    taken = picture.taken_at.astimezone(document.made_at.tzinfo)
    return f"{typefaces.markup(values.moment(taken))}<br/>{digest}"
