"""Parts of a printed form: a label with a ruled blank that holds a value or waits for a pen."""

from collections.abc import Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, Spacer

from acts import styles, typefaces

_GAP = 2 * mm
_SMALL = 0.74  # the translation's size beside the label's


class Blank(Flowable):  # type: ignore[misc] # reportlab carries no types
    """«Пән ______»: the label, its translation beneath, the value on rules to the right edge.

    A value longer than a line gets as many rules as it needs. ``suffix`` closes the last rule
    («20__ ж.»); ``value`` is markup, empty = a rule to write on.
    """

    def __init__(
        self,
        label: str,
        value: str = "",
        *,
        translation: str = "",
        suffix: str = "",
        size: float = 11.5,
    ) -> None:
        super().__init__()
        self.label, self.suffix, self.size = label, suffix, size
        self.translation = translation
        self.words = styles.text(value or "&nbsp;", size)
        self.note = styles.text(typefaces.markup(translation), size * _SMALL, **_NOTE)

    def _label_width(self, available: float) -> float:
        label = stringWidth(self.label, typefaces.REGULAR, self.size)
        note = stringWidth(self.translation, typefaces.ITALIC, self.size * _SMALL)
        return float(max(label, min(note, available * 0.4)) + 1)  # 1: rounding must not wrap it

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self.width = width
        self.left = self._label_width(width) + _GAP if self.label else 0
        self.right = stringWidth(self.suffix, typefaces.REGULAR, self.size)
        room = width - self.left - self.right - (_GAP if self.suffix else 0)
        self.room = room
        _, words = self.words.wrap(room, 1e6)
        _, note = self.note.wrap(self.left - _GAP, 1e6) if self.translation else (0, 0)
        leading = self.words.style.leading
        self.height = max(words, leading + note) + 3
        return width, self.height

    def draw(self) -> None:
        canvas, leading = self.canv, self.words.style.leading
        baseline = self.height - self.size
        canvas.setFont(typefaces.REGULAR, self.size)
        canvas.drawString(0, baseline, self.label)
        if self.translation:
            self.note.drawOn(canvas, 0, self.height - leading - self.note.height)
        self.words.drawOn(canvas, self.left, self.height - self.words.height)
        canvas.setStrokeColor(styles.RULE)
        canvas.setLineWidth(0.5)
        for line in range(max(1, round(self.words.height / leading))):
            rule = baseline - line * leading - 2.4
            canvas.line(self.left, rule, self.left + self.room, rule)
        if self.suffix:
            canvas.drawRightString(self.width, baseline, self.suffix)


_NOTE = {"face": typefaces.ITALIC, "quiet": True}


class Row(Flowable):  # type: ignore[misc] # reportlab carries no types
    """Blanks side by side, by shares of the width."""

    def __init__(self, parts: Sequence[tuple[float, Any]], gap: float = 5 * mm) -> None:
        super().__init__()
        self.parts, self.gap = parts, gap

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        room = width - self.gap * (len(self.parts) - 1)
        self.widths = [room * part for part, _ in self.parts]
        heights = [
            blank.wrap(own, 1e6)[1] for own, (_, blank) in zip(self.widths, self.parts, strict=True)
        ]
        self.height = max(heights)
        return width, self.height

    def draw(self) -> None:
        x = 0.0
        for own, (_, blank) in zip(self.widths, self.parts, strict=True):
            blank.drawOn(self.canv, x, self.height - blank.height)
            x += own + self.gap


class FullSize(Flowable):  # type: ignore[misc] # reportlab carries no types
    """Parts that stay as large as they are where ``OnePage`` sets the others smaller.

    The heading keeps clear of the seal and the QR code, whose places on the page are fixed.
    """

    def __init__(self, parts: Sequence[Any]) -> None:
        super().__init__()
        self.parts, self.scale = parts, 1.0

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self.width = width
        self.height = _stack(self.parts, width * self.scale) / self.scale
        return width, self.height

    def draw(self) -> None:
        self.canv.saveState()
        self.canv.scale(1 / self.scale, 1 / self.scale)
        _draw(self.canv, self.parts, self.height * self.scale)
        self.canv.restoreState()


def _stack(parts: Sequence[Any], width: float) -> float:
    return float(
        sum(
            part.wrap(width, 1e6)[1] + part.getSpaceBefore() + part.getSpaceAfter()
            for part in parts
        )
    )


def _draw(canvas: Any, parts: Sequence[Any], y: float, stretch: float = 1) -> None:
    """From ``y`` downwards; ``stretch``: of the spaces between."""
    for part in parts:
        airy = stretch if isinstance(part, Spacer) else 1
        y -= part.getSpaceBefore() + part.height * airy
        part.drawOn(canvas, 0, y)
        y -= part.getSpaceAfter()


class OnePage(Flowable):  # type: ignore[misc] # reportlab carries no types
    """Sets its parts on exactly one page: what is too long is set smaller, never cut off.

    Where there is room to spare, the spaces between the parts take some of it.
    """

    _STEPS = tuple(0.95**power for power in range(40))  # down to 13 %
    _MOST_STRETCH = 2.2

    def __init__(self, parts: Sequence[Any]) -> None:
        super().__init__()
        self.parts = parts

    def _set(self, scale: float) -> None:
        self.scale = scale
        for part in self.parts:
            if isinstance(part, FullSize):
                part.scale = scale

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width, self.height = width, height
        for scale in self._STEPS:
            self._set(scale)
            spare = height / scale - _stack(self.parts, width / scale)
            if spare >= 0:
                break
        spaces = sum(part.height for part in self.parts if isinstance(part, Spacer))
        self.stretch = 1 + min(self._MOST_STRETCH - 1, max(spare, 0) / (spaces or 1))
        return width, height

    def draw(self) -> None:
        self.canv.saveState()
        self.canv.scale(self.scale, self.scale)
        _draw(self.canv, self.parts, self.height / self.scale, self.stretch)
        self.canv.restoreState()
