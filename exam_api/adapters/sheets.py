"""Tables that people send, from CSV and XLSX: bounded, as text, each row with its own number.

Decoding follows what Kazakhstani offices save: UTF-8 (with a byte order mark or without), UTF-16,
and the code page KZ-1048, which agrees with Windows-1251 on every Russian letter.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Final

from openpyxl import load_workbook

from exam_api.domain.sheets import Cell, Sheet, SheetUnreadable

MOST_BYTES: Final = 4 * 1024 * 1024
MOST_ROWS: Final = 20_000
_MOST_COLUMNS: Final = 60
_MOST_LETTERS: Final = 1_000
_MOST_UNPACKED: Final = 64 * 1024 * 1024
_MOST_PARTS: Final = 500
_DELIMITERS: Final = (";", ",", "\t", "|")
_PACKED: Final = b"PK\x03\x04"
# A spreadsheet runs what begins so; a person's data never does. A sign alone is a yes or a no.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_SIGNS: Final = frozenset({"+", "-"})


def read_sheet(content: bytes, known: Callable[[str], bool]) -> Sheet:
    """The first row is the heading; ``known`` tells a column's name. SheetUnreadable."""
    if len(content) > MOST_BYTES:
        raise SheetUnreadable("sheet_too_large")
    rows = _xlsx_rows(content) if content.startswith(_PACKED) else _csv_rows(content, known)
    heading: tuple[str, ...] | None = None
    heading_row = 0
    body: list[tuple[int, tuple[Cell, ...]]] = []
    for number, cells in rows:
        if not any(cell.text for cell in cells):
            continue
        if heading is None:
            heading, heading_row = tuple(cell.text for cell in cells), number
        elif len(body) == MOST_ROWS:
            raise SheetUnreadable("sheet_too_long")
        else:
            body.append((number, cells))
    if heading is None:
        raise SheetUnreadable("sheet_empty")
    return Sheet(heading, tuple(body), heading_row)


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: Sequence[str] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "kz1048")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise SheetUnreadable("sheet_not_text")


def _csv_rows(
    content: bytes, known: Callable[[str], bool]
) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    text = _text(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, known))
    number = 1
    try:
        for fields in reader:
            _require_narrow(len(fields))
            yield number, tuple(_cell(field) for field in fields)
            number = reader.line_num + 1
    except csv.Error:
        raise SheetUnreadable("sheet_malformed", row=number) from None


def _delimiter(text: str, known: Callable[[str], bool]) -> str:
    """The one that makes most of the first line's pieces names of columns."""
    first = next((line for line in text.splitlines() if line.strip()), "")

    def names(delimiter: str) -> int:
        return sum(known(piece.strip().strip('"')) for piece in first.split(delimiter))

    return max(_DELIMITERS, key=names)


def _xlsx_rows(content: bytes) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    _require_small(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # What the file says of its own size is not to be relied on.
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(), start=1):
            _require_short(number)
            _require_narrow(len(row))
            yield number, tuple(_xlsx_cell(one.value, one.data_type) for one in row)
    except SheetUnreadable:
        raise
    except Exception as error:
        raise SheetUnreadable("sheet_malformed") from error


def _require_small(content: bytes) -> None:
    """What a zip unpacks to, as its directory says; more than that Python refuses to read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            encrypted = any(part.flag_bits & 1 for part in parts)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise SheetUnreadable("sheet_malformed") from error
    if encrypted:
        raise SheetUnreadable("sheet_malformed")
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
        raise SheetUnreadable("sheet_too_large")


def _require_short(rows: int) -> None:
    """Empty rows too cost time."""
    if rows > MOST_ROWS * 2:
        raise SheetUnreadable("sheet_too_long")


def _require_narrow(columns: int) -> None:
    if columns > _MOST_COLUMNS:
        raise SheetUnreadable("sheet_too_wide")


def _xlsx_cell(value: object, kind: str) -> Cell:
    if kind == "f":
        return Cell("", "cell_formula")
    match value:
        case None:
            return Cell("")
        case bool():
            return Cell("1" if value else "0")
        case float() if value.is_integer():
            return Cell(str(int(value)))
        case datetime() | date():
            return Cell(value.isoformat()[:10])
        case _:
            return _cell(str(value))


def _cell(text: str) -> Cell:
    text = text.strip(" \u00a0")
    if len(text) > _MOST_LETTERS:
        return Cell("", "cell_too_long")
    if text.startswith(_FORMULA) and text not in _SIGNS:
        return Cell("", "cell_formula")
    return Cell(text)
