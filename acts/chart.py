"""A histogram of points with the normal curve over it, as a drawing of the PDF (T-6.7)."""

from dataclasses import dataclass
from typing import Any

from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect, String
from reportlab.lib.units import mm

from acts import styles, typefaces, values
from acts.contracts import Language

_HEIGHT = 62 * mm
_LEFT, _BOTTOM, _TOP = 10 * mm, 9 * mm, 4 * mm


@dataclass(frozen=True, slots=True)
class Distribution:
    """``bars``: (from points, to points, students); ``curve``: (points, students expected)."""

    caption: str
    bars: tuple[tuple[int, int, int], ...]
    curve: tuple[tuple[float, float], ...] = ()


def drawn(chart: Distribution, width: float, language: Language) -> Any:
    """Points from 0 to 100 across, students up."""
    typefaces.register()
    # Else a drawing names Helvetica, which is not embedded.
    drawing = Drawing(width, _HEIGHT, initialFontName=typefaces.REGULAR)
    tallest = max(
        [1.0, *(count for _, _, count in chart.bars), *(height for _, height in chart.curve)]
    )
    across = (width - _LEFT) / 100
    up = (_HEIGHT - _BOTTOM - _TOP) / tallest
    for least, most, count in chart.bars:
        left, wide = _LEFT + least * across, (most - least) * across
        bar = Rect(left, _BOTTOM, wide - 1, count * up)
        bar.fillColor, bar.strokeColor = styles.RECORDED, None
        drawing.add(bar)
        drawing.add(_words(left + wide / 2, _BOTTOM - 4 * mm, f"{least}–{most}"))
        if count:
            drawing.add(_words(left + wide / 2, _BOTTOM + count * up + 1, str(count)))
    if chart.curve:
        points = [(_LEFT + x * across, _BOTTOM + y * up) for x, y in chart.curve]
        line = PolyLine([part for point in points for part in point])
        line.strokeColor, line.strokeWidth = styles.MARK, 1.4
        drawing.add(line)
    drawing.add(Line(_LEFT, _BOTTOM, width, _BOTTOM, strokeColor=styles.RULE))
    drawing.add(_words(_LEFT / 2, _HEIGHT - _TOP - 6, values.decimal(tallest, 0, language)))
    return drawing


def _words(x: float, y: float, text: str) -> Any:
    return String(x, y, text, fontName=typefaces.REGULAR, fontSize=7, textAnchor="middle")
