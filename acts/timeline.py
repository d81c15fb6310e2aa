"""Flags and the recording's gaps on one axis, to scale."""

from math import ceil
from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable

from acts import styles, typefaces, values
from acts.contracts import ActDocument, ExamSpan, Language
from acts.labels import kind_name, label

_LANE = 7.2 * mm
_NAMES = 44 * mm
_AXIS = 8 * mm
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_LEAST = 1.0  # points: a flag of a second in an hour is still seen


def length_ms(document: ActDocument) -> float:
    """What the axis spans: recording and exam, or further if something lies beyond them."""
    ends = [entry.end_ms for entry in document.evidence] + [gap.end_ms for gap in document.gaps]
    if document.recorded_until_ms is None:  # acts of earlier versions
        seconds = max(document.exam_seconds, document.recording_seconds)
    else:
        exam_until_ms = document.exam.until_ms if document.exam else 0
        seconds = max(document.recorded_until_ms, exam_until_ms) / 1000
    return float(max([seconds * 1000, 1000, *ends]))


def recorded_until_ms(document: ActDocument) -> float:
    """Where the recording's bar ends; of acts that do not tell, its length from the zero on."""
    if document.recorded_until_ms is not None:
        return document.recorded_until_ms
    gaps = sum(gap.end_ms - gap.start_ms for gap in document.gaps)
    return document.recording_seconds * 1000 + gaps


def tick_step_ms(total_ms: float, most: int = 8) -> int:
    """The shortest usual step that gives at most ``most`` ticks."""
    fits = (step for step in _STEPS_S if total_ms / (step * 1000) <= most)
    longest = _STEPS_S[-1]
    return next(fits, longest * ceil(total_ms / 1000 / longest / most)) * 1000


class Timeline(Flowable):  # type: ignore[misc] # reportlab carries no types
    """A lane for the exam, where the act tells when it ran, one for the recording, then one for
    each kind of flag in order of first appearance.

    The number over a mark is the flag's number in the annex.
    """  # noqa: D205 - one thought

    def __init__(self, document: ActDocument, language: Language) -> None:
        super().__init__()
        self.document, self.language = document, language
        self.kinds = list(dict.fromkeys(entry.kind for entry in document.evidence))
        self.total = length_ms(document)

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self.width = width
        lanes = len(self.kinds) + (2 if self.document.exam else 1)
        self.height = _LANE * lanes + _AXIS
        return width, self.height

    def _x(self, at_ms: float) -> float:
        inside = min(max(at_ms, 0.0), self.total)
        return float(_NAMES + (self.width - _NAMES - 6 * mm) * inside / self.total)

    def draw(self) -> None:
        self._axis()
        y = self.height - _LANE
        if self.document.exam is not None:
            self._exam(self.document.exam, y)
            y -= _LANE
        self._recording(y)
        for row, kind in enumerate(self.kinds, 1):
            self._flags(kind, y - _LANE * row)

    def _axis(self) -> None:
        canvas, step = self.canv, tick_step_ms(self.total)
        canvas.setLineWidth(0.4)
        for at_ms in range(0, int(self.total) + 1, step):
            x = self._x(at_ms)
            canvas.setStrokeColor(styles.FAINT)
            canvas.line(x, _AXIS - 2 * mm, x, self.height)
            canvas.setFillColor(styles.QUIET)
            canvas.setFont(typefaces.REGULAR, 7.5)
            canvas.drawCentredString(x, _AXIS - 5 * mm, values.offset(at_ms))

    def _name(self, kazakh: str, translated: str, y: float) -> None:
        words = styles.text(styles.join(kazakh, translated), 8)
        _, height = words.wrap(_NAMES - 3 * mm, _LANE)
        words.drawOn(self.canv, 0, y + (_LANE - height) / 2)

    def _bar(self, start_ms: float, end_ms: float, y: float, colour: Any) -> tuple[float, float]:
        left, right = self._x(start_ms), self._x(end_ms)
        right = max(right, left + _LEAST)
        self.canv.setFillColor(colour)
        self.canv.rect(left, y, right - left, 2.6 * mm, stroke=0, fill=1)
        return left, right

    def _lane_name(self, key: str, y: float) -> None:
        self._name(label(key), styles.beside(key, self.language), y)

    def _exam(self, exam: ExamSpan, y: float) -> None:
        self._lane_name("annex.exam", y)
        self._bar(exam.began_ms, exam.until_ms, y + 1.5 * mm, styles.RULE)

    def _recording(self, y: float) -> None:
        self._lane_name("annex.recorded", y)
        bottom = y + 1.5 * mm
        self._bar(0, recorded_until_ms(self.document), bottom, styles.RECORDED)
        for gap in self.document.gaps:
            left, right = self._bar(gap.start_ms, gap.end_ms, bottom, styles.PAPER)
            self.canv.setStrokeColor(styles.MARK)
            self.canv.setLineWidth(0.6)
            self.canv.rect(left, bottom, right - left, 2.6 * mm, stroke=1, fill=0)

    def _flags(self, kind: str, y: float) -> None:
        self._name(kind_name(kind), self._translated(kind), y)
        taken = 0.0
        for number, entry in enumerate(self.document.evidence, 1):
            if entry.kind != kind:
                continue
            left, right = self._bar(entry.start_ms, entry.end_ms, y + 0.6 * mm, styles.MARK)
            taken = self._number(number, (left + right) / 2, y + 3.8 * mm, taken)

    def _number(self, number: int, centre: float, y: float, taken: float) -> float:
        """Write the number if the last one leaves room; return the right edge in use."""
        width = stringWidth(str(number), typefaces.REGULAR, 7)
        if centre - width / 2 < taken:
            return taken
        self.canv.setFillColor(styles.INK)
        self.canv.setFont(typefaces.REGULAR, 7)
        self.canv.drawCentredString(centre, y, str(number))
        return float(centre + width / 2 + 1)

    def _translated(self, kind: str) -> str:
        return "" if self.language == "kk" else kind_name(kind, self.language)
