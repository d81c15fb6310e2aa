"""The accessible twin of papers of tables and fields (statement, protocol, report, certificate)."""

from collections.abc import Iterator

from acts import values
from acts.chart import Distribution
from acts.contracts import Language
from acts.errors import DocumentInvalid
from acts.html_parts import both, listed, page, table, text
from acts.labels import label
from acts.paper import Cell, Coded, Number, Paper, Paragraphs, Table
from acts.sheet import draft_mark


def render_html(paper: Paper, language: Language) -> bytes:
    """One self-contained page, UTF-8. Raises DocumentInvalid."""
    if paper.made_at.utcoffset() is None:
        raise DocumentInvalid("a document's time carries its zone")
    heading = " ".join(part for part in (label(paper.name, language), paper.number) if part)
    return page(heading, _body(paper, language), language)


def _body(paper: Paper, language: Language) -> Iterator[str]:
    if paper.draft:
        yield f'<p class="draft">{text(draft_mark(language))}</p>'
    number = f" № {text(paper.number)}" if paper.number else ""
    yield f"<h1>{both(paper.name, language)}{number}</h1>"
    yield f"<p>{values.moment(paper.made_at)}</p>"
    yield listed((both(key, language), _written(value, language)) for key, value in paper.fields)
    for block in paper.blocks:
        yield from _block(block, language)
    if paper.signatures:
        yield listed((both(key, language), text(name) or "—") for key, name in paper.signatures)


def _block(block: Table | Paragraphs | Distribution, language: Language) -> Iterator[str]:
    """A histogram stands in the table after it: its picture is for the eye alone."""
    if isinstance(block, Distribution):
        return
    if isinstance(block, Paragraphs):
        yield f"<h2>{both(block.caption, language)}</h2>"
        yield f"<p>{text(block.text) or '—'}</p>"
        return
    caption = both(block.caption, language) if block.caption else ""
    names = (both(key, language) for key, _ in block.columns)
    yield table(names, ([_written(cell, language) for cell in row] for row in block.rows), caption)


def _written(cell: Cell, language: Language) -> str:
    match cell:
        case None:
            return "—"
        case Coded(key):
            return both(key, language)
        case Number(value, places):
            return values.decimal(value, places, language)
        case _:
            return text(str(cell))
