from datetime import UTC, datetime
from io import BytesIO

from openpyxl import load_workbook

from acts.plain_sheet import render_rows

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
ROWS = [("student", "points"), ("=HYPERLINK(1)", 88), ("+7", None), ("Әлия", 0)]


def test_no_text_is_a_formula_and_numbers_stay_numbers() -> None:
    sheet = load_workbook(BytesIO(render_rows("journal", ROWS, AT)))["journal"]
    assert [cell.value for cell in sheet["A"]] == ["student", "'=HYPERLINK(1)", "'+7", "Әлия"]
    assert {cell.data_type for cell in sheet["A"]} == {"s"}
    assert [cell.value for cell in sheet["B"]] == ["points", 88, None, 0]


def test_the_same_rows_are_the_same_bytes() -> None:
    assert render_rows("journal", ROWS, AT) == render_rows("journal", ROWS, AT)
