"""What the seal shows on the page: a box that says who sealed the file and when.

The box is only a picture of the seal: whether it holds is told by a reader of signatures or by
``baqylau verify``. Its bytes follow from the certificate, the time and the language alone.
"""

from datetime import datetime
from io import BytesIO
from typing import Any, get_args

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import KeepInFrame

from acts import styles, typefaces, values
from acts.contracts import Language
from acts.sheet import LANDSCAPE, PORTRAIT, FixedTime

_WIDTH, _HEIGHT = 25 * mm, 17 * mm
Box = tuple[int, int, int, int]
"""Left, bottom, right, top; points."""
# Beneath «1 үлгі» of forms 1 to 3, across from the QR code.
PLACE: Box = (
    round(PORTRAIT.left),
    round(PORTRAIT.height - styles.MARGIN_TOP - 6 * mm - _HEIGHT),
    round(PORTRAIT.left + _WIDTH),
    round(PORTRAIT.height - styles.MARGIN_TOP - 6 * mm),
)

# Protocols: in the upper margin.
PLACE_ON_PAPER: Box = (
    round(PORTRAIT.width - PORTRAIT.right - 75 * mm),
    round(PORTRAIT.height - styles.MARGIN_TOP - 1 * mm),
    round(PORTRAIT.width - PORTRAIT.right),
    round(PORTRAIT.height - 5 * mm),
)

# Form 4: in the upper margin, across from the form's name.
PLACE_ABOVE: Box = (
    round(LANDSCAPE.width - LANDSCAPE.right - 75 * mm),
    round(LANDSCAPE.height - styles.MARGIN_TOP - 1 * mm),
    round(LANDSCAPE.width - LANDSCAPE.right),
    round(LANDSCAPE.height - 5 * mm),
)


def language_of(code: object) -> Language:
    known: tuple[Language, ...] = get_args(Language)
    return next((one for one in known if one == str(code)), "kk")


def draw_mark(signer: str, at: datetime, language: Language, place: Box = PLACE) -> bytes:
    """A PDF of one page of the size of ``place``."""
    typefaces.register()
    width, height = float(place[2] - place[0]), float(place[3] - place[1])
    out = BytesIO()
    canvas: Any = Canvas(out, pagesize=(width, height), invariant=1, pageCompression=1)
    canvas._doc._timeStamp = FixedTime(at)  # noqa: SLF001 - no public way
    canvas.setStrokeColor(styles.RULE)
    canvas.setLineWidth(0.6)
    canvas.rect(0.5, 0.5, width - 1, height - 1)
    words = [
        styles.text(styles.both("seal.mark", language), 6.5, face=typefaces.BOLD),
        styles.text(typefaces.markup(signer), 6),
        styles.text(typefaces.markup(values.moment(at)), 6, quiet=True),
    ]
    inside = KeepInFrame(width - 6, height - 4, words, mode="shrink")
    inside.wrapOn(canvas, width - 6, height - 4)
    inside.drawOn(canvas, 3, height - 2 - inside.height)
    canvas.save()
    return out.getvalue()
