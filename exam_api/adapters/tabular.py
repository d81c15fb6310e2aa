"""CSV and XLSX files as rows of text. Bounded: neither a zip bomb nor an endless row gets far."""

import csv
import io
import zipfile
from collections.abc import Iterator
from typing import Final

from openpyxl import load_workbook

from exam_api.domain.statements import TableRow
from exam_api.services.admitting import TableUnreadable

MOST_ROWS: Final = 20_000
_MOST_CELLS: Final = 60
_MOST_TEXT: Final = 500
_MOST_UNPACKED: Final = 64 * 1024 * 1024
_ZIP: Final = b"PK\x03\x04"


def read_table(data: bytes) -> tuple[TableRow, ...]:
    """The first sheet of a workbook, or a CSV by commas, semicolons or tabs. TableUnreadable."""
    cells = _workbook(data) if data.startswith(_ZIP) else _csv(data)
    rows: list[TableRow] = []
    for number, row in enumerate(cells, start=1):
        if number > MOST_ROWS:
            raise TableUnreadable(f"more than {MOST_ROWS} rows")
        rows.append(TableRow(number, tuple(cell[:_MOST_TEXT] for cell in row[:_MOST_CELLS])))
    return tuple(rows)


def _csv(data: bytes) -> Iterator[list[str]]:
    text = _decoded(data)
    if "\0" in text:
        raise TableUnreadable("neither a workbook nor a text")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise TableUnreadable("a row cannot be read") from error


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableUnreadable("neither UTF-8 nor Windows-1251")


def _workbook(data: bytes) -> Iterator[list[str]]:
    try:
        _require_small(data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        for row in sheet.iter_rows(max_row=MOST_ROWS + 1, max_col=_MOST_CELLS, values_only=True):
            cells = [_text(cell) for cell in row]
            while cells and not cells[-1]:  # it fills every row up to the limit
                cells.pop()
            yield cells
        book.close()
    except TableUnreadable:
        raise
    except Exception as error:  # whatever openpyxl makes of a broken file
        raise TableUnreadable("the workbook is damaged") from error


def _require_small(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _MOST_UNPACKED:
            raise TableUnreadable("the workbook unpacks to too much")


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
