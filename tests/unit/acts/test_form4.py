"""Form 4 read back with openpyxl: titles and footer letter for letter, print set-up, guards."""

import time
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from acts.errors import DocumentInvalid
from acts.form4 import render_form4_xlsx, safe_text

TITLES = [
    "№",
    "АЖӘ",
    "Мамандығы/БББ",
    "Курс, топ",
    "Пән",
    "Емтихан күні",
    "Сілтеме",
    "АКТ (жасалды/жасалмады)",
    "Проктордың АЖӘ",
]
INJECTIONS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    "\t=1+1",
    "\r\n=1+1",
    " =1+1",
    "\u200b=1+1",
    "＝1+1",
    '=HYPERLINK("http://evil","x")',
]


def _sheet(content: bytes) -> Worksheet:
    sheet = load_workbook(BytesIO(content)).active
    assert isinstance(sheet, Worksheet)
    return sheet


def _column(sheet: Worksheet, number: int) -> list[object]:
    return [cell.value for cell in next(sheet.iter_cols(number, number))]


def test_the_column_titles_are_the_forms_own(make_list):
    sheet = _sheet(render_form4_xlsx(make_list()))
    assert [cell.value for cell in sheet[1]] == TITLES


def test_each_student_has_a_row(make_list):
    sheet = _sheet(render_form4_xlsx(make_list(4)))
    assert [cell.value for cell in sheet[2]] == [
        1,
        "Нұрланұлы Әлихан 0",
        "6B06103 Есептеу техникасы",
        "2, ВТ-24-1",
        "Деректер қоры теориясы",
        datetime(2026, 11, 22),  # noqa: DTZ001 - a date, as Excel stores it
        "https://proctor.example.kz/review/1",
        "жасалды",
        "Сейтқали Айгерім Бауыржанқызы",
    ]
    assert _column(sheet, 8)[1:5] == ["жасалды", "жасалмады", "жасалмады", "жасалды"]
    assert sheet["F2"].number_format == "dd.mm.yyyy"


def test_the_footer_counts(make_list):
    footer = [text for text in _column(_sheet(render_form4_xlsx(make_list(7))), 1)[8:] if text]
    assert footer == [
        "Тексерілді 7 академиялық адалдықты бұзғаны үшін емтихан жұмыстары",
        "Оның ішінде акт жасалды 3",
        "Жұмыс тобы мүшесінің АЖӘ Ахметова Гүлнәр ____________ (қолы)",
        "Күні 22.11.2026",
    ]


def test_a_list_without_students_has_titles_and_footer(make_list):
    sheet = _sheet(render_form4_xlsx(make_list(0, member="")))
    assert [cell.value for cell in sheet[1]] == TITLES
    footer = [text for text in _column(sheet, 1)[1:] if text]
    assert footer[0].startswith("Тексерілді 0 ")
    assert footer[2] == "Жұмыс тобы мүшесінің АЖӘ ____________ (қолы)"


@pytest.mark.parametrize(
    ("language", "title", "checked"),
    [
        ("ru", "ФИО", "Проверено 5 экзаменационных работ"),
        ("en", "Full name", "Checked 5 exam papers"),
    ],
)
def test_a_translation_stands_under_the_kazakh(make_list, language, title, checked):
    sheet = _sheet(render_form4_xlsx(make_list(5), language))
    assert [cell.value for cell in sheet[1]] == TITLES
    assert sheet["B2"].value == title
    texts = [str(text) for text in _column(sheet, 1)]
    official = next(n for n, text in enumerate(texts) if text.startswith("Тексерілді 5 "))
    assert texts[official + 1].startswith(checked)
    assert sheet.freeze_panes == "A3"
    assert sheet.print_title_rows == "$1:$2"


def test_it_prints_across_and_repeats_its_titles(make_list):
    sheet = _sheet(render_form4_xlsx(make_list(80)))
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.page_setup.paperSize == 9  # A4
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.freeze_panes == "A2"


def test_the_act_column_offers_the_two_answers(make_list):
    (choice,) = _sheet(render_form4_xlsx(make_list(5))).data_validations.dataValidation
    assert choice.type == "list"
    assert choice.formula1 == '"жасалды,жасалмады"'
    assert str(choice.sqref) == "H2:H6"
    assert choice.showErrorMessage


def test_rows_are_as_high_as_their_longest_text(make_list):
    few = make_list(2)
    long = replace(few.rows[0], student="Әбдірахманов-Құлмұхаммедұлы " * 8)
    sheet = _sheet(render_form4_xlsx(replace(few, rows=(long, few.rows[1]))))
    title, tall, plain = (sheet.row_dimensions[row].height for row in (1, 2, 3))
    assert tall > 8 * 15
    assert plain < tall / 2
    assert title > 15


def test_links_open(make_list):
    link = _sheet(render_form4_xlsx(make_list(1)))["G2"].hyperlink
    assert link.target == "https://proctor.example.kz/review/1"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "https://e.kz/" + "x" * 3000, ""]
)
def test_what_is_no_usable_web_address_stays_text(make_list, address):
    document = make_list(1)
    changed = replace(document, rows=(replace(document.rows[0], link=address),))
    cell = _sheet(render_form4_xlsx(changed))["G2"]
    assert cell.hyperlink is None
    assert (cell.value or "") == address


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_field_becomes_a_formula(make_list, text):
    document = make_list(1)
    row = replace(
        document.rows[0],
        student=text,
        programme=text,
        course_group=text,
        discipline=text,
        link=text,
        proctor=text,
    )
    content = render_form4_xlsx(replace(document, rows=(row,), member=text))
    for cells in _sheet(content).iter_rows():
        for cell in cells:
            assert cell.data_type != "f"
            assert not str(cell.value or "").lstrip().startswith(tuple("=+-@＝"))
    with ZipFile(BytesIO(content)) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("text", INJECTIONS)
def test_the_guard_keeps_the_text_readable(text):
    assert safe_text(text).startswith("'")
    assert safe_text(text)[1:] == text.strip().strip("\u200b")


def test_ordinary_text_is_left_alone():
    assert safe_text("Әбдірахман-Ұлы О'Нил") == "Әбдірахман-Ұлы О'Нил"


def test_control_characters_do_not_break_the_file(make_list):
    document = make_list(1)
    row = replace(document.rows[0], student="Ән\x00ұ\x0bар\ud800")
    assert _sheet(render_form4_xlsx(replace(document, rows=(row,))))["B2"].value == "Әнұ ар"


def test_the_same_list_gives_the_same_bytes(make_list):
    first = render_form4_xlsx(make_list(5))
    time.sleep(2.1)  # zip times count in steps of two seconds
    assert render_form4_xlsx(make_list(5)) == first


def test_the_file_carries_the_documents_time(make_list):
    content = render_form4_xlsx(make_list(1))
    book = load_workbook(BytesIO(content))
    made = datetime(2026, 11, 22, 7, 30, 5)  # noqa: DTZ001 - UTC without zone, as openpyxl reads it
    assert book.properties.created == book.properties.modified == made
    with ZipFile(BytesIO(content)) as archive:
        # zip counts time in steps of two seconds
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 11, 22, 7, 30, 4)}


def test_a_time_without_zone_is_refused(make_list):
    with pytest.raises(DocumentInvalid):
        render_form4_xlsx(make_list(1, made_at=datetime(2026, 1, 1)))  # noqa: DTZ001 - the fault
