"""Papers of tables and fields (statement, protocol, report) as PDF and XLSX, from one description.

Kazakh is official and comes first, the chosen language stands beside it, as in the forms.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, KeepTogether, Spacer

from acts import styles, typefaces, values
from acts.bookmarks import Bookmark
from acts.chart import Distribution, drawn
from acts.contracts import Language
from acts.errors import DocumentInvalid
from acts.form4 import safe_text, saved
from acts.labels import label
from acts.sheet import LANDSCAPE, PORTRAIT, Attachment, Imprint, draft_mark, paged_table, set_pages

_SIZE = 9
_LOOK = [
    ("FONTNAME", (0, 0), (-1, -1), typefaces.REGULAR),  # or Helvetica comes along, not embedded
    ("GRID", (0, 0), (-1, -1), 0.5, styles.RULE),
    ("BACKGROUND", (0, 0), (-1, 0), styles.FAINT),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 2.5),
    ("RIGHTPADDING", (0, 0), (-1, -1), 2.5),
    ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
]
_LINE = Side(style="thin", color="808080")
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_FACE = "Times New Roman"
_SHEET_NAME_MOST = 31  # Excel's own limit


@dataclass(frozen=True, slots=True)
class Coded:
    """A value that the catalogue words: the key of a label."""

    key: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its decimals, written as the language writes it."""

    value: float
    places: int = 2


Cell = str | int | Coded | Number | None


@dataclass(frozen=True, slots=True)
class Table:
    """``columns``: (label, width in mm). ``caption``: a label; empty where the title says it."""

    columns: tuple[tuple[str, float], ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Paragraphs:
    """A person's own text under a label."""

    caption: str
    text: str


@dataclass(frozen=True, slots=True)
class Paper:
    """``fields``: (label, value); ``signatures``: (label of the office, name)."""

    name: str
    made_at: datetime
    fields: tuple[tuple[str, Cell], ...] = ()
    blocks: tuple[Table | Paragraphs | Distribution, ...] = ()
    signatures: tuple[tuple[str, str], ...] = ()
    number: str = ""
    draft: bool = False
    landscape: bool = False


def render_pdf(paper: Paper, language: Language, attachments: tuple[Attachment, ...] = ()) -> bytes:
    """Deterministic. Raises DocumentInvalid."""
    if paper.made_at.utcoffset() is None:
        raise DocumentInvalid("a document's time carries its zone")
    on = LANDSCAPE if paper.landscape else PORTRAIT
    imprint = replace(_imprint(paper, language), attachments=attachments)
    return set_pages([*_story(paper, language, on.room[0])], imprint, on)


def _imprint(paper: Paper, language: Language) -> Imprint:
    name = " ".join(part for part in (label(paper.name), paper.number) if part)
    return Imprint(
        title=f"{name}, {values.day(paper.made_at)}",
        author="Baqylau",
        subject=label(paper.name, language),
        keywords=label(paper.name),
        language=language,
        made_at=paper.made_at,
        footer=f"{name} · {values.moment(paper.made_at)}",
        draft=draft_mark(language) if paper.draft else "",
    )


def _story(paper: Paper, language: Language, width: float) -> Iterator[Any]:
    yield Bookmark(" № ".join(filter(None, (label(paper.name), paper.number))), "paper", 0)
    title = styles.both(paper.name, language)
    number = f" №\N{NO-BREAK SPACE}{typefaces.markup(paper.number)}" if paper.number else ""
    yield styles.text(f"<b>{title}{number}</b>", 13, centred=True, after=8)
    for key, value in paper.fields:
        words = f"{styles.both(key, language)}: <b>{_written(value, language)}</b>"
        yield styles.text(words, 10.5, after=2)
    yield Spacer(0, 3 * mm)
    ending = [Spacer(0, 6 * mm), *_signatures(paper, language)] if paper.signatures else []
    for place, block in enumerate(paper.blocks, 1):
        last = place == len(paper.blocks)
        yield from _block(block, language, width, ending if last else ())
    if ending and not (paper.blocks and isinstance(paper.blocks[-1], Table)):
        yield KeepTogether(ending)


def _block(
    block: Table | Paragraphs | Distribution,
    language: Language,
    width: float,
    ending: Sequence[Any],
) -> Iterator[Any]:
    """``ending``: what stays with the last rows of a table."""
    if isinstance(block, Paragraphs):
        mark = Bookmark(label(block.caption), block.caption, 1)
        mark.keepWithNext = True
        yield mark
        yield styles.text(f"{styles.both(block.caption, language)}:", 10.5, before=3, keep=True)
        yield styles.text(typefaces.markup(block.text) or "—", 10.5, after=3)
        return
    caption = []
    if block.caption:
        words = f"<b>{styles.both(block.caption, language)}</b>"
        mark = Bookmark(label(block.caption), block.caption, 1)
        caption = [mark, styles.text(words, 11, before=8, after=4)]
    if isinstance(block, Distribution):
        yield KeepTogether([*caption, drawn(block, width, language)])
        return
    if caption:
        yield CondPageBreak(40 * mm)  # not the title alone at the foot of a page
    yield from caption
    rows = [[_title(key, language) for key, _ in block.columns]]
    rows += [[_cell(cell, language) for cell in row] for row in block.rows]
    wanted = sum(share for _, share in block.columns)
    widths = [width * share / wanted for _, share in block.columns]
    # Rows are measured for the lower page, whichever the table is on.
    yield paged_table(rows, widths, _LOOK, LANDSCAPE, ending)


def _title(key: str, language: Language) -> Any:
    words = f"<b>{typefaces.markup(label(key))}</b>"
    if translated := styles.beside(key, language):
        words += f'<br/><font color="#595959"><i>{typefaces.markup(translated)}</i></font>'
    return styles.text(words, 8, centred=True)


def _cell(cell: Cell, language: Language) -> Any:
    return styles.text(_written(cell, language), _SIZE, centred=isinstance(cell, int | Number))


def _written(cell: Cell, language: Language) -> str:
    """As paragraph markup."""
    match cell:
        case None:
            return "—"
        case Coded(key):
            return styles.both(key, language)
        case Number(value, places):
            return values.decimal(value, places, language)
        case _:
            return typefaces.markup(str(cell))


def _signatures(paper: Paper, language: Language) -> Iterator[Any]:
    for key, name in paper.signatures:
        words = f"{styles.both(key, language)} ____________ {typefaces.markup(name)}"
        yield styles.text(words, 10.5, before=6)


def render_xlsx(paper: Paper, language: Language) -> bytes:
    """One worksheet for each table; no text is ever a formula. The same paper, the same bytes."""
    if paper.made_at.utcoffset() is None:
        raise DocumentInvalid("a document's time carries its zone")
    book = Workbook()
    book.remove(book.active)
    tables = [block for block in paper.blocks if isinstance(block, Table)]
    for table in tables:
        name = label(table.caption or paper.name, language)[:_SHEET_NAME_MOST]
        sheet = book.create_sheet(name.replace("/", "-"))
        at = _head(sheet, paper, language) if table is tables[0] else 1
        _fill(sheet, at, table, language)
    made = paper.made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.properties.creator = "Baqylau"
    book.properties.title = label(paper.name)
    book.properties.created = book.properties.modified = made
    return saved(book, paper.made_at)


def _head(sheet: Any, paper: Paper, language: Language) -> int:
    """Title and fields above the first table; the next free row."""
    title = " ".join(dict.fromkeys((label(paper.name), label(paper.name, language), paper.number)))
    mark = f" ({draft_mark(language)})" if paper.draft else ""
    _write(sheet, 1, 1, title.strip() + mark, bold=True)
    for at, (key, value) in enumerate(paper.fields, 2):
        _write(sheet, at, 1, f"{label(key)} / {label(key, language)}")
        _write(sheet, at, 3, _plain(value, language))
    return len(paper.fields) + 3


def _fill(sheet: Any, at: int, table: Table, language: Language) -> None:
    for column, (key, width) in enumerate(table.columns, 1):
        words = "\n".join(dict.fromkeys((label(key), label(key, language))))
        cell = _write(sheet, at, column, words, bold=True)
        cell.fill = PatternFill("solid", fgColor="E8EDF2")
        cell.border = _BOX
        sheet.column_dimensions[get_column_letter(column)].width = max(6, width * 0.55)
    for row, cells in enumerate(table.rows, at + 1):
        for column, value in enumerate(cells, 1):
            _write(sheet, row, column, _plain(value, language)).border = _BOX
    sheet.freeze_panes = sheet.cell(row=at + 1, column=1)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _plain(cell: Cell, language: Language) -> str | int | float | None:
    match cell:
        case Coded(key):
            return label(key, language)
        case Number(value, places):
            return round(value, places)
        case _:
            return cell


def _write(sheet: Any, row: int, column: int, value: object, **look: Any) -> Any:
    cell = sheet.cell(row=row, column=column)
    if not isinstance(value, str):
        cell.value = value
    else:
        cell.value = "\n".join(map(safe_text, value.split("\n")))  # headings have two lines
        cell.data_type = "s"  # never a formula, whatever openpyxl thinks of the text
    cell.font = Font(name=_FACE, size=11, **look)
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    return cell
