"""The accessible twin of form 4: the list as one self-contained page."""

from collections.abc import Iterator

from acts import values
from acts.contracts import Form4Document, Form4Row, Language
from acts.errors import DocumentInvalid
from acts.form4 import COLUMNS, act_word, signature
from acts.html_parts import both, join, link, page, table, text
from acts.labels import filled, label
from acts.sheet import draft_mark


def render_form4_html(document: Form4Document, language: Language) -> bytes:
    """UTF-8. Raises DocumentInvalid."""
    if document.made_at.utcoffset() is None:
        raise DocumentInvalid("the time of form 4 carries its zone")
    heading = f"{label('form4.name', language)}, {values.day(document.made_at)}"
    return page(heading, _body(document, language), language)


def _body(document: Form4Document, language: Language) -> Iterator[str]:
    if document.draft:
        yield f'<p class="draft">{text(draft_mark(language))}</p>'
    yield f"<h1>{both('form4.name', language)}</h1>"
    names = (both(f"form4.{column}", language) for column in COLUMNS)
    rows = (_cells(place, row, language) for place, row in enumerate(document.rows, 1))
    yield table(names, rows)
    lines = (
        ("form4.checked", str(document.checked)),
        ("form4.acts_made", str(document.acts_made)),
        ("form4.member", signature(document)),
    )
    for key, given in lines:
        words = [filled(key, code, given) for code in ("kk", language)]
        yield f"<p>{join(words[0], words[1], language)}</p>"
    yield f"<p>{both('form4.date', language)} {values.day(document.made_at)}</p>"


def _cells(number: int, row: Form4Row, language: Language) -> tuple[str, ...]:
    return (
        str(number),
        text(row.student),
        text(row.programme),
        text(row.course_group),
        text(row.discipline),
        values.day(row.exam_date),
        link(row.link),
        join(act_word(row), act_word(row, language), language),
        text(row.proctor),
    )
