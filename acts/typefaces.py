"""The faces documents are set in: Tinos, shipped beside, and DejaVu Sans for ☐ ☑ and the rest.

System fonts are never used: common ones print boxes for Kazakh letters and lose them silently.
"""

import threading
import unicodedata
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from acts.errors import FontMissing

REGULAR = "Tinos"
BOLD = "Tinos-Bold"
ITALIC = "Tinos-Italic"
BOLD_ITALIC = "Tinos-BoldItalic"
SYMBOLS = "DejaVuSans"

TICKED = "☑"
UNTICKED = "☐"
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"

FONTS = Path(__file__).parent / "fonts"
_FILES = {
    REGULAR: "Tinos-Regular.ttf",
    BOLD: "Tinos-Bold.ttf",
    ITALIC: "Tinos-Italic.ttf",
    BOLD_ITALIC: "Tinos-BoldItalic.ttf",
}
_lock = threading.Lock()


def _symbols_file() -> Path:
    """DejaVu Sans as it comes inside matplotlib (found, not imported)."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise FontMissing("DejaVu Sans comes with matplotlib, which is not installed")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"


@cache
def _register() -> frozenset[str]:
    files = {**{name: FONTS / file for name, file in _FILES.items()}, SYMBOLS: _symbols_file()}
    for name, path in files.items():
        if not path.is_file():
            raise FontMissing(f"the font file of {name} is missing")
        pdfmetrics.registerFont(TTFont(name, str(path)))
    pdfmetrics.registerFontFamily(
        REGULAR, normal=REGULAR, bold=BOLD, italic=ITALIC, boldItalic=BOLD_ITALIC
    )
    return frozenset(files)


def register() -> None:
    """Make the faces known to reportlab; once per process, from any thread."""
    with _lock:
        _register()


def has_glyph(face: str, letter: str) -> bool:
    register()
    return ord(letter) in pdfmetrics.getFont(face).face.charToGlyph


@lru_cache(maxsize=4096)
def _set(letter: str) -> tuple[str, str]:
    """The face and the letter to print; what no face has prints as �, never as nothing."""
    if has_glyph(REGULAR, letter):
        return REGULAR, letter
    # Beyond U+FFFF reportlab prints the glyph but writes another letter for those who copy it.
    known = ord(letter) <= 0xFFFF and has_glyph(SYMBOLS, letter)
    return SYMBOLS, letter if known else _UNKNOWN


def plain(value: str) -> str:
    """Text as documents store it: composed letters, no control characters, single spaces."""
    composed = unicodedata.normalize("NFC", value)
    kept = (
        " " if letter.isspace() else letter
        for letter in composed
        if letter.isspace() or unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    return " ".join("".join(kept).split())


def markup(value: str) -> str:
    """A person's text as paragraph markup: nothing in it is obeyed, rare letters change face."""
    parts: list[str] = []
    letters = map(_set, plain(value))
    for face, run in groupby(letters, key=itemgetter(0)):
        text = escape("".join(letter for _, letter in run))
        parts.append(text if face == REGULAR else f'<font name="{face}">{text}</font>')
    return "".join(parts)
