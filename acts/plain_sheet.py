"""Rows as an Excel file that programs read: codes in the first row, no text is ever a formula."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from openpyxl import Workbook

from acts.form4 import safe_text, saved

Plain = str | int | float | None


def render_rows(name: str, rows: Iterable[Sequence[Plain]], made_at: datetime) -> bytes:
    """The same rows and time give the same bytes."""
    book = Workbook()
    book.remove(book.active)
    sheet = book.create_sheet(name)
    for at, cells in enumerate(rows, 1):
        for column, value in enumerate(cells, 1):
            cell = sheet.cell(row=at, column=column)
            cell.value = safe_text(value) if isinstance(value, str) else value
            if isinstance(value, str):
                cell.data_type = "s"  # never a formula, whatever openpyxl thinks of the text
    sheet.freeze_panes = "A2"
    made = made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.properties.created = book.properties.modified = made
    return saved(book, made_at)
