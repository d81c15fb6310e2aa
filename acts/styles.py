"""Paragraph styles, colours and the bilingual wording of documents."""

from functools import cache
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph

from acts import typefaces
from acts.contracts import Language
from acts.labels import label

INK = HexColor(0x000000)
QUIET = HexColor(0x595959)  # 7:1 on white
RULE = HexColor(0x7A7A7A)
PAPER = HexColor(0xFFFFFF)
FAINT = HexColor(0xE4E4E4)
MARK = HexColor(0xB3261E)  # regions, flags on the timeline
RECORDED = HexColor(0x5B6F86)

MARGIN_LEFT, MARGIN_RIGHT = 25 * mm, 15 * mm  # the left one is wide for binding
MARGIN_TOP, MARGIN_BOTTOM = 15 * mm, 18 * mm


@cache
def style(
    size: float,
    *,
    face: str = typefaces.REGULAR,
    quiet: bool = False,
    centred: bool = False,
    before: float = 0,
    after: float = 0,
    keep: bool = False,
    indent: float = 0,
) -> Any:
    typefaces.register()
    options: dict[str, Any] = {"alignment": TA_CENTER} if centred else {}
    return ParagraphStyle(
        name=f"{face}-{size}",
        fontName=face,
        fontSize=size,
        leading=size * 1.22,
        textColor=QUIET if quiet else INK,
        spaceBefore=before,
        spaceAfter=after,
        keepWithNext=keep,
        leftIndent=indent,
        rightIndent=indent if centred else 0,
        bulletFontName=typefaces.SYMBOLS,
        bulletFontSize=12,
        **options,
    )


def text(markup: str, size: float, **options: Any) -> Any:
    return Paragraph(markup, style(size, **options))


def beside(key: str, language: Language) -> str:
    """The translation that stands beside the Kazakh wording; empty where there is none to give."""
    translated = label(key, language)
    return "" if translated == label(key) else translated


def join(kazakh: str, translated: str) -> str:
    """Markup «қазақша / перевод», the translation quiet and in italics."""
    official = typefaces.markup(kazakh)
    if not translated or translated == kazakh:
        return official
    return f'{official} <font color="#595959"><i>/ {typefaces.markup(translated)}</i></font>'


def both(key: str, language: Language) -> str:
    return join(label(key), beside(key, language))
