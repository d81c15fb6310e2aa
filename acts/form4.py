"""Form 4, the proctor's check list, as an Excel file (S-16, S-17)."""

import re
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from acts import typefaces, values
from acts.contracts import Form4Document, Form4Row, Language
from acts.errors import DocumentInvalid
from acts.labels import filled, label
from acts.sheet import draft_mark

COLUMNS = (
    "no",
    "student",
    "programme",
    "course_group",
    "discipline",
    "exam_date",
    "link",
    "act",
    "proctor",
)
_WIDTHS = (5, 30, 26, 14, 28, 14, 30, 24, 30)  # characters
_ACT = COLUMNS.index("act") + 1
_LINE_HEIGHT, _ROW_MOST = 15, 409  # points; more is no row to Excel
_LINK_MOST = 2079  # Excel's own limit for an address
_FORMULA_STARTS = frozenset("=+-@＝＋－＠")
_CORE_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")

_LINE = Side(style="thin", color="808080")
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_FACE = "Times New Roman"


def safe_text(value: str) -> str:
    """Text that no spreadsheet takes for a formula, whatever it is copied into later."""
    text = typefaces.plain(value)
    return f"'{text}" if text[:1] in _FORMULA_STARTS else text


def render_form4_xlsx(document: Form4Document, language: Language = "kk") -> bytes:
    """The list with the form's Kazakh columns and footer; ru and en add the translation.

    The same document and language give the same bytes. Raises DocumentInvalid.
    """
    if document.made_at.utcoffset() is None:
        raise DocumentInvalid("the time of form 4 carries its zone")
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = label("form4.name")
    first = _header(sheet, language)
    for place, row in enumerate(document.rows):
        _row(sheet, first + place, place + 1, row)
    last = first + len(document.rows) - 1
    _offer_choice(sheet, first, max(first, last), language)
    _footer(sheet, max(first, last + 1) + 1, document, language)
    _set_up_print(sheet, first - 1)
    if document.draft:
        sheet.oddHeader.center.text = draft_mark(language)
    _properties(book, document)
    return saved(book, document.made_at)


def _write(sheet: Any, row: int, column: int, value: object, **look: Any) -> Any:
    cell = sheet.cell(row=row, column=column)
    cell.value = safe_text(value) if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "s"  # never a formula, whatever openpyxl thinks of the text
    cell.font = Font(name=_FACE, size=11, **look)
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    return cell


def _make_room(sheet: Any, row: int, widths: Sequence[int] = _WIDTHS) -> None:
    """As high as the row's longest text needs: not every program does so when it opens a file."""
    texts = [str(sheet.cell(row=row, column=column + 1).value) for column in range(len(widths))]
    lines = max(
        len(textwrap.wrap(words, width)) or 1 for words, width in zip(texts, widths, strict=True)
    )
    sheet.row_dimensions[row].height = min(_LINE_HEIGHT * lines + 1, _ROW_MOST)


def _header(sheet: Any, language: Language) -> int:
    """Write the column titles; return the first row for students."""
    languages: Sequence[Language] = ("kk",) if language == "kk" else ("kk", language)
    for row, code in enumerate(languages, 1):
        for column, name in enumerate(COLUMNS, 1):
            official = code == "kk"
            cell = _write(
                sheet, row, column, label(f"form4.{name}", code), bold=official, italic=not official
            )
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
            cell.fill = PatternFill("solid", fgColor="E8EDF2")
            cell.border = _BOX
        _make_room(sheet, row)
    for column, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    return len(languages) + 1


def act_word(row: Form4Row, language: Language = "kk") -> str:
    """Empty where nobody has answered."""
    if row.act_made is None:
        return ""
    return label("form4.made" if row.act_made else "form4.not_made", language)


def signature(document: Form4Document) -> str:
    """The member's name, and when it was signed in the system or the place to sign by hand."""
    at = document.signed_at
    signed = f", {values.moment(at)}" if at else " ____________"
    return f"{typefaces.plain(document.member)}{signed}".lstrip(" ,")


def _row(sheet: Any, at: int, number: int, row: Form4Row) -> None:
    made = act_word(row)
    cells = (number, row.student, row.programme, row.course_group, row.discipline, row.exam_date)
    for column, value in enumerate((*cells, row.link, made, row.proctor), 1):
        cell = _write(sheet, at, column, value)
        cell.border = _BOX
        if column == COLUMNS.index("exam_date") + 1:
            cell.number_format = "dd.mm.yyyy"
        if column == COLUMNS.index("link") + 1:
            _make_link(cell, row.link)
    _make_room(sheet, at)


def _make_link(cell: Any, url: str) -> None:
    if values.web_link(url) is None or len(url) > _LINK_MOST:
        return
    cell.hyperlink = url
    cell.font = Font(name=_FACE, size=11, color="1F4E79", underline="single")


def _offer_choice(sheet: Any, first: int, last: int, language: Language) -> None:
    words = f"{label('form4.made')},{label('form4.not_made')}"
    choice = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True)
    choice.showErrorMessage = True
    choice.errorTitle = label("form4.act")[:32]
    choice.error = label("form4.choose", language)
    letter = get_column_letter(_ACT)
    choice.add(f"{letter}{first}:{letter}{last}")
    sheet.add_data_validation(choice)


def _footer(sheet: Any, at: int, document: Form4Document, language: Language) -> None:
    lines = (
        ("form4.checked", (str(document.checked),)),
        ("form4.acts_made", (str(document.acts_made),)),
        ("form4.member", (signature(document),)),
    )
    for key, given in lines:
        at = _footer_line(sheet, at, filled(key, "kk", *given), filled(key, language, *given))
    dates = [
        f"{label('form4.date', code)} {values.day(document.made_at)}" for code in ("kk", language)
    ]
    _footer_line(sheet, at, dates[0], dates[1])


def _footer_line(sheet: Any, at: int, kazakh: str, translated: str) -> int:
    """One line across the table, the translation under it; returns the next free row."""
    for words, official in ((kazakh, True), (translated, False)):
        if not official and words == kazakh:
            continue
        cell = _write(sheet, at, 1, words, italic=not official)
        cell.alignment = Alignment(vertical="top", wrap_text=True)
        _make_room(sheet, at, (sum(_WIDTHS),))
        sheet.merge_cells(start_row=at, end_row=at, start_column=1, end_column=len(COLUMNS))
        at += 1
    return at


def _set_up_print(sheet: Any, header_rows: int) -> None:
    sheet.freeze_panes = sheet.cell(row=header_rows + 1, column=1)
    sheet.print_title_rows = f"1:{header_rows}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.oddHeader.right.text = label("form4.name")
    sheet.oddFooter.right.text = "&P / &N"


def _properties(book: Workbook, document: Form4Document) -> None:
    made = document.made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.properties.creator = "Baqylau"
    book.properties.title = label("form4.name")
    book.properties.language = "kk"
    book.properties.created = made
    book.properties.modified = made


def saved(book: Workbook, made_at: datetime) -> bytes:
    """The file, with the document's own time where openpyxl stamps the clock."""
    raw, out = BytesIO(), BytesIO()
    book.save(raw)
    made = made_at.astimezone(UTC)
    stamp = (max(made.year, 1980), *made.timetuple()[1:6])
    text = f"{made:%Y-%m-%dT%H:%M:%SZ}".encode()
    with ZipFile(raw) as source, ZipFile(out, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _CORE_MODIFIED.sub(rb"\g<1>" + text, content)
            entry = ZipInfo(name, stamp)
            entry.compress_type = ZIP_DEFLATED
            target.writestr(entry, content)
    return out.getvalue()
