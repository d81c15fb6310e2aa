"""Tables that people send: encodings, delimiters, bounds, and nothing that a spreadsheet runs."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from exam_api.adapters.sheets import MOST_BYTES, MOST_ROWS, read_sheet
from exam_api.domain.people_columns import COLUMNS, column_of, roles_of
from exam_api.domain.roles import Role
from exam_api.domain.sheets import Sheet, SheetUnreadable
from exam_api.web.role_names import role_names

NAME = "Әбдіқұл Қайыржан Ғаниұлы Өскенбай Ңгңұүһі"


def read(content: bytes) -> Sheet:
    return read_sheet(content, lambda heading: column_of(heading) is not None)


def texts(content: bytes) -> list[list[str]]:
    return [[cell.text for cell in cells] for _, cells in read(content).rows]


def workbook(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "kz1048"])
def test_kazakh_letters_survive_every_encoding(encoding: str) -> None:
    content = f"login;аты-жөні\nabc;{NAME}\n".encode(encoding)
    assert texts(content) == [["abc", NAME]]


def test_windows_1251_reads_russian() -> None:
    content = "логин;ФИО\nabc;Щёголев Пётр № 5\n".encode("cp1251")
    assert texts(content) == [["abc", "Щёголев Пётр № 5"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    name = f'"Қасымов{delimiter} Ерлан"'
    content = delimiter.join(("login", "full_name")) + "\n" + delimiter.join(("a.b", name))
    assert texts(content.encode()) == [["a.b", f"Қасымов{delimiter} Ерлан"]]


def test_rows_keep_the_number_that_the_person_sees() -> None:
    content = b'login,full_name\n\n"a","b\nc"\nd,e\n'
    assert [number for number, _ in read(content).rows] == [3, 5]
    sheet = read(workbook(["login", "full_name"], [], ["a", "b"]))
    assert [number for number, _ in sheet.rows] == [3]


@pytest.mark.parametrize("text", ["=1+1", "+77001112233", "@SUM(A1)", "-2+3"])
def test_what_a_spreadsheet_would_run_is_refused(text: str) -> None:
    (_, cells), *_ = read(f'login,full_name\n"{text}",b\n'.encode()).rows
    assert (cells[0].text, cells[0].problem) == ("", "cell_formula")


def test_a_formula_in_a_workbook_is_refused() -> None:
    (_, cells), *_ = read(workbook(["login", "full_name"], ["=CMD()", 25])).rows
    assert [cell.problem for cell in cells] == ["cell_formula", ""]
    assert cells[1].text == "25"


def test_numbers_are_as_they_were_typed() -> None:
    (_, cells), *_ = read(workbook(["login", "course"], [1024.0, 2])).rows
    assert [cell.text for cell in cells] == ["1024", "2"]


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in range(3):
            archive.writestr(f"xl/worksheets/sheet{part}.xml", b"0" * (30 * 1024 * 1024))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "sheet_empty"),
        (b"\n \n;;\n", "sheet_empty"),
        (b"\x00\x01\x02\x03", "sheet_not_text"),
        (b"x" * (MOST_BYTES + 1), "sheet_too_large"),
        (b"login,full_name\n" + b"a,b\n" * (MOST_ROWS + 1), "sheet_too_long"),
        (b"login" + b",x" * 100, "sheet_too_wide"),
        (b"login,full_name\n" + b"a," + b"b" * 200_000, "sheet_malformed"),
        (b"PK\x03\x04 and nothing more", "sheet_malformed"),
        (bomb(), "sheet_too_large"),
        (workbook(["login"])[:400], "sheet_malformed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_table_is_refused_with_its_reason(content: bytes, code: str) -> None:
    with pytest.raises(SheetUnreadable) as refused:
        read(content)
    assert refused.value.code == code


ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c t="inlineStr"><is><t>&b;&x;</t></is></c></row></sheetData></worksheet>"""


def test_entities_in_a_workbook_are_refused() -> None:
    packed = io.BytesIO(workbook(["login", "full_name"]))
    out = io.BytesIO()
    with zipfile.ZipFile(packed) as before, zipfile.ZipFile(out, "w") as after:
        for part in before.infolist():
            content = before.read(part)
            after.writestr(part.filename, ENTITIES if "sheet1" in part.filename else content)
    with pytest.raises(SheetUnreadable):
        read(out.getvalue())


@given(
    st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "ignore"))
)
def test_no_bytes_crash_the_reader(content: bytes) -> None:
    try:
        sheet = read(content)
    except SheetUnreadable:
        return
    assert sheet.heading


GOOD = workbook(["login", "full_name"], ["a", "b"])


@settings(max_examples=60)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_damaged_workbook_does_not_crash_the_reader(place: int, byte: int) -> None:
    damaged = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    try:
        read(damaged)
    except SheetUnreadable:
        return


def test_columns_and_roles_are_known_by_their_names() -> None:
    assert column_of("  Аты-Жөні ") == "full_name"
    assert column_of("ИИН") is None
    assert {column_of(name) for names in COLUMNS.values() for name in names} == set(COLUMNS)
    both = frozenset({Role.PROCTOR, Role.MEMBER})
    assert roles_of("Проктор; член рабочей группы", role_names()) == both
    assert roles_of("proctor, member", role_names()) == both
    assert roles_of("proctor, ректор", role_names()) is None
    assert roles_of(" ; ", role_names()) is None
