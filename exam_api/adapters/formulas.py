"""TeX formulas as SVG pictures, drawn by matplotlib's mathtext when an item is saved.

Letters become outlines: the picture needs no font, and the same formula gives the same bytes.
"""

import io
import threading
from typing import Final

from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser

from exam_api.domain.items import Formula

LENGTH_LIMIT: Final = 500
_DEPTH_LIMIT: Final = 12
_FONT_PX: Final = 18  # beside text of 16 px
_DPI: Final = 72  # one point = one CSS pixel of the picture
_PAD: Final = 1.0
_LOCK: Final = threading.Lock()  # matplotlib's parser and settings are of the whole process


def draw_formula(tex: str) -> Formula:
    """ValueError where mathtext cannot draw it."""
    if len(tex) > LENGTH_LIMIT or "$" in tex or _nesting(tex) > _DEPTH_LIMIT:
        raise ValueError("the formula is too long, too deep, or holds a dollar sign")
    math = f"${tex}$"
    with _LOCK, rc_context({"svg.fonttype": "path", "svg.hashsalt": "baqylau"}):
        try:
            return _drawn(math)
        except (ValueError, RecursionError, KeyError, IndexError, TypeError) as error:
            raise ValueError("the formula cannot be drawn") from error


def _drawn(math: str) -> Formula:
    font = FontProperties(size=_FONT_PX)
    width, height, depth, _, _ = MathTextParser("path").parse(math, dpi=_DPI, prop=font)
    # As much above the middle line of small letters as below it: "vertical-align: middle" fits.
    middle = 0.27 * _FONT_PX
    half = max(height - depth - middle, depth + middle, 1.0) + _PAD
    across = max(width, 1.0) + 2 * _PAD
    figure = Figure(figsize=(across / _DPI, 2 * half / _DPI), dpi=_DPI)
    FigureCanvasSVG(figure)
    figure.patch.set_alpha(0)
    baseline = (half - middle) / (2 * half)
    figure.text(_PAD / across, baseline, math, fontproperties=font, va="baseline")
    out = io.StringIO()
    # No date: the same formula gives the same picture.
    figure.savefig(out, format="svg", metadata={"Date": None})
    return Formula(out.getvalue(), round(across, 1), round(2 * half, 1))


def _nesting(tex: str) -> int:
    depth = most = 0
    for letter in tex:
        depth += (letter == "{") - (letter == "}")
        most = max(most, depth)
    return most
