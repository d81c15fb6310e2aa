"""Form 4 as PDF: the same list as the Excel file, on landscape pages, for signing and filing."""

from collections.abc import Iterator
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Spacer

from acts import record, styles, typefaces, values
from acts.bookmarks import Bookmark
from acts.contracts import Form4Document, Form4Row, Language
from acts.errors import DocumentInvalid
from acts.form4 import COLUMNS, act_word, signature
from acts.labels import filled, label
from acts.sheet import LANDSCAPE, Attachment, Imprint, draft_mark, paged_table, set_pages

_WIDTHS_MM = (10, 41, 36, 22, 35, 20, 39, 33, 31)  # 267: A4 across, without margins
_SIZE = 9
_LOOK = [
    ("FONTNAME", (0, 0), (-1, -1), typefaces.REGULAR),  # or Helvetica comes along, not embedded
    ("GRID", (0, 0), (-1, -1), 0.5, styles.RULE),
    ("BACKGROUND", (0, 0), (-1, 0), styles.FAINT),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("VALIGN", (0, 0), (-1, 0), "MIDDLE"),
    ("LEFTPADDING", (0, 0), (-1, -1), 2.5),
    ("RIGHTPADDING", (0, 0), (-1, -1), 2.5),
    ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
]


def render_form4_pdf(document: Form4Document, language: Language) -> bytes:
    """The list as PDF; the header stands on each page. Deterministic. Raises DocumentInvalid."""
    if document.made_at.utcoffset() is None:
        raise DocumentInvalid("the time of form 4 carries its zone")
    return set_pages([*_story(document, language)], _imprint(document, language), LANDSCAPE)


def _imprint(document: Form4Document, language: Language) -> Imprint:
    name = label("form4.name")
    return Imprint(
        title=f"{name}, {values.day(document.made_at)}",
        author="Baqylau",
        subject=label("form4.name", language),
        keywords=name,
        language=language,
        made_at=document.made_at,
        footer=f"{name} · {values.moment(document.made_at)}",
        attachments=(
            Attachment(record.FORM_4_NAME, record.form4_record(document), "application/json"),
        ),
        draft=draft_mark(language) if document.draft else "",
    )


def _story(document: Form4Document, language: Language) -> Iterator[Any]:
    yield Bookmark(label("form4.name"), "form", 0)
    yield styles.text(styles.both("form4.name", language), 11, quiet=True, after=4)
    rows = [_titles(language)]
    rows += [_cells(place, row, language) for place, row in enumerate(document.rows, 1)]
    widths = [width * mm for width in _WIDTHS_MM]
    ending = [Spacer(0, 5 * mm), *_footer(document, language)]
    yield paged_table(rows, widths, _LOOK, LANDSCAPE, ending)


def _titles(language: Language) -> list[Any]:
    titles = []
    for column in COLUMNS:
        key = f"form4.{column}"
        words = f"<b>{typefaces.markup(label(key))}</b>"
        if translated := styles.beside(key, language):
            words += f'<br/><font color="#595959"><i>{typefaces.markup(translated)}</i></font>'
        titles.append(styles.text(words, 8, centred=True))
    return titles


def _cells(number: int, row: Form4Row, language: Language) -> list[Any]:
    words = (
        str(number),
        *map(typefaces.markup, (row.student, row.programme, row.course_group, row.discipline)),
        values.day(row.exam_date),
        values.link(row.link),
        styles.join(act_word(row), act_word(row, language)),
        typefaces.markup(row.proctor),
    )
    return [styles.text(cell, _SIZE) for cell in words]


def _footer(document: Form4Document, language: Language) -> Iterator[Any]:
    """The counts, the member's signature and the date, as the form closes."""
    lines = (
        ("form4.checked", str(document.checked)),
        ("form4.acts_made", str(document.acts_made)),
        ("form4.member", signature(document)),
    )
    for key, given in lines:
        words = [filled(key, code, given) for code in ("kk", language)]
        yield styles.text(styles.join(words[0], words[1]), 10.5, after=4)
    day = values.day(document.made_at)
    yield styles.text(f"{styles.both('form4.date', language)} {day}", 10.5)
