"""A statement read row by row: every wrong row named, nothing taken by halves, nothing crashes."""

import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from exam_api.adapters.tabular import MOST_ROWS, read_table
from exam_api.domain.statements import Enrolled, RowProblem, TableRow, read_statement
from exam_api.services.admitting import TableUnreadable

ENROLLED = [
    Enrolled("1", "anna", "Анна", None, debt=False),
    Enrolled("2", "berik", "Берік", 40, debt=False),
]


def rows(*lines: str) -> list[TableRow]:
    return [TableRow(number, tuple(line.split(";"))) for number, line in enumerate(lines, start=1)]


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


@pytest.mark.parametrize("table", [[], rows("a;b"), rows("login;name", "anna;1")])
def test_columns_that_are_missing_are_named(table):
    preview = read_statement(table, ENROLLED)
    assert {one.problem for one in preview.errors} == {RowProblem.COLUMN_MISSING}
    assert preview.changes == ()


@given(st.lists(st.lists(st.text(max_size=8), max_size=5), max_size=8))
def test_no_table_breaks_the_reader(cells):
    table = [TableRow(number, tuple(row)) for number, row in enumerate(cells, start=1)]
    preview = read_statement(table, ENROLLED)
    assert all(0 <= change.points <= 100 for change in preview.changes)


def workbook(*lines: list[object]) -> bytes:
    book = Workbook()
    for line in lines:
        book.active.append(line)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_workbooks_and_texts_read_alike():
    wanted = [TableRow(1, ("login", "points")), TableRow(2, ("anna", "74"))]
    assert list(read_table(workbook(["login", "points"], ["anna", 74]))) == wanted
    assert list(read_table(workbook(["login", "points"], ["anna", 74.0]))) == wanted
    for text in (
        "login,points\nanna,74\n",
        "login;points\r\nanna;74\r\n",
        "login\tpoints\nanna\t74",
    ):
        assert list(read_table(text.encode("utf-8-sig"))) == wanted
    russian = read_table("логин;рейтинг\nanna;74".encode("cp1251"))
    assert russian[0].cells == ("логин", "рейтинг")


@given(st.binary(max_size=400))
def test_no_file_breaks_the_reader(data):
    for tried in (data, b"PK\x03\x04" + data):
        with suppress(TableUnreadable):
            assert all(isinstance(row, TableRow) for row in read_table(tried))


def test_a_zip_bomb_and_an_endless_table_are_refused():
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (65 * 1024 * 1024))
    with pytest.raises(TableUnreadable, match="unpacks"):
        read_table(bomb.getvalue())
    with pytest.raises(TableUnreadable, match="rows"):
        read_table(b"a\n" * (MOST_ROWS + 1))
