"""A statement read row by row: every wrong row named, nothing taken by halves, nothing crashes."""

import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from exam_api.adapters.sheets import MOST_ROWS, read_sheet
from exam_api.domain.sheets import Cell, Sheet, SheetUnreadable
from exam_api.domain.statements import (
    Enrolled,
    RowProblem,
    StatementPreview,
    column_of,
    read_statement,
)

ENROLLED = [
    Enrolled("1", "anna", "Анна", None, debt=False),
    Enrolled("2", "berik", "Берік", 40, debt=False),
]


def rows(*lines: str) -> Sheet:
    """As the reader gives them: numbered from 1, empty ones passed over."""
    heading, *body = (tuple(line.split(";")) for line in lines)
    numbered = enumerate((tuple(map(Cell, cells)) for cells in body), start=2)
    return Sheet(heading, [(number, cells) for number, cells in numbered if any(map(_said, cells))])


def _said(cell: Cell) -> bool:
    return bool(cell.text)


def read(content: bytes) -> StatementPreview:
    return read_statement(
        read_sheet(content, lambda heading: column_of(heading) is not None), ENROLLED
    )


def test_good_rows_say_what_they_would_change():
    preview = read_statement(rows("Логин;Рейтинг;Долг", "Anna;74;", ";;", "berik;40;да"), ENROLLED)
    assert preview.errors == ()
    assert [
        (one.row, one.full_name, one.before, one.points, one.debt) for one in preview.changes
    ] == [
        (2, "Анна", None, 74, False),
        (4, "Берік", 40, 40, True),
    ]
    assert [one.changes for one in preview.changes] == [True, False]
    assert preview.left_out == ()


@pytest.mark.parametrize(
    ("line", "problem", "value"),
    [
        ("ghost;74;", RowProblem.STUDENT_UNKNOWN, "ghost"),
        ("anna;101;", RowProblem.POINTS_WRONG, "101"),
        ("anna;-1;", RowProblem.POINTS_WRONG, "-1"),
        ("anna;74.5;", RowProblem.POINTS_WRONG, "74.5"),
        ("anna;;", RowProblem.POINTS_WRONG, ""),
        ("anna;٧;", RowProblem.POINTS_WRONG, "٧"),
        ("anna;74;maybe", RowProblem.DEBT_WRONG, "maybe"),
    ],
)
def test_a_wrong_row_is_named_by_its_number(line, problem, value):
    preview = read_statement(rows("login;points;debt", "berik;50;", line), ENROLLED)
    assert [(one.row, one.problem, one.value) for one in preview.errors] == [(3, problem, value)]


def test_a_student_named_twice_is_wrong():
    preview = read_statement(rows("login;points", "anna;1", "anna;2"), ENROLLED)
    assert [(one.row, one.problem) for one in preview.errors] == [(3, RowProblem.STUDENT_TWICE)]
    assert preview.left_out == ("Берік",)


@pytest.mark.parametrize("table", [rows("a;b"), rows("login;name", "anna;1")])
def test_columns_that_are_missing_are_named(table):
    preview = read_statement(table, ENROLLED)
    assert {one.problem for one in preview.errors} == {RowProblem.COLUMN_MISSING}
    assert preview.changes == ()


CELLS = st.builds(Cell, st.text(max_size=8)) | st.sampled_from(
    [Cell("anna"), Cell("74"), Cell("", "cell_formula"), Cell("", "cell_too_long")]
)
HEADINGS = st.lists(st.sampled_from(["login", "points", "debt", "x"]) | st.text(), max_size=5)


@given(HEADINGS, st.lists(st.lists(CELLS, max_size=5), max_size=8))
def test_no_table_breaks_the_reader(heading, body):
    table = [(number, tuple(cells)) for number, cells in enumerate(body, start=2)]
    preview = read_statement(Sheet(tuple(heading), table), ENROLLED)
    assert all(0 <= change.points <= 100 for change in preview.changes)
    told = {error.row for error in preview.errors} | {change.row for change in preview.changes}
    if RowProblem.COLUMN_MISSING not in {error.problem for error in preview.errors}:
        assert told == {number for number, _ in table}, "no row is passed over"


def workbook(*lines: list[object]) -> bytes:
    book = Workbook()
    for line in lines:
        book.active.append(line)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_workbooks_and_texts_read_alike():
    wanted = read_statement(rows("login;points", "anna;74"), ENROLLED)
    assert [change.points for change in wanted.changes] == [74]
    assert read(workbook(["login", "points"], ["anna", 74])) == wanted
    assert read(workbook(["login", "points"], ["anna", 74.0])) == wanted
    for text in (
        "login,points\nanna,74\n",
        "login;points\r\nanna;74\r\n",
        "login\tpoints\nanna\t74",
    ):
        assert read(text.encode("utf-8-sig")) == wanted
    for encoding in ("utf-8", "utf-16", "cp1251", "kz1048"):
        assert read("логин;рейтинг\nanna;74".encode(encoding)) == wanted


def test_rows_are_numbered_as_the_file_shows_them():
    preview = read("\n\nлогин;ұпай\n\nghost;1\n".encode())
    assert [one.row for one in preview.errors] == [5]
    assert [one.row for one in read(b"\n\nname;grade\nanna;1").errors] == [3, 3]


def test_what_a_spreadsheet_would_run_is_no_rating():
    """Formula injection; a value that only seems to be there."""
    for content in (
        b"login;points;debt\nanna;=1+73;\n",
        b"login;points;debt\nanna;-1;\n",
        workbook(["login", "points", "debt"], ["anna", "=CMD()"]),
    ):
        preview = read(content)
        assert preview.changes == ()
        assert [(one.row, one.problem, one.value) for one in preview.errors] == [
            (2, RowProblem.CELL_FORMULA, "points")
        ]
    long = read(f"login;points\nanna;{'7' * 1001}\n".encode())
    assert [one.problem for one in long.errors] == [RowProblem.CELL_TOO_LONG]


@pytest.mark.parametrize(("sign", "debt"), [("+", True), ("-", False)])
def test_a_sign_alone_tells_a_debt(sign, debt):
    preview = read(f"login;points;debt\nanna;74;{sign}\n".encode())
    assert [change.debt for change in preview.changes] == [debt]


@given(st.binary(max_size=400))
def test_no_file_breaks_the_reader(data):
    for tried in (data, b"PK\x03\x04" + data):
        with suppress(SheetUnreadable):
            assert isinstance(read(tried), StatementPreview)


def test_a_zip_bomb_and_an_endless_table_are_refused():
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (65 * 1024 * 1024))
    for content, code in (
        (bomb.getvalue(), "sheet_too_large"),
        (b"login;points\n" + b"a;1\n" * (MOST_ROWS + 1), "sheet_too_long"),
        (b"", "sheet_empty"),
    ):
        with pytest.raises(SheetUnreadable) as refused:
            read(content)
        assert refused.value.code == code
