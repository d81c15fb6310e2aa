"""A form 4 that was sent out, filled by whatever program, and is read back row by row."""

import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from acts.contracts import Form4Document
from acts.form4 import COLUMNS, render_form4_xlsx
from acts.labels import label
from exam_api.adapters.sheets import read_sheet
from exam_api.domain.check_lists import Finding, RowProblem, SittingFacts
from exam_api.domain.errors import InvalidRequest
from exam_api.domain.sheets import SheetUnreadable
from exam_api.domain.states import SittingState
from exam_api.services.act_documents import Place
from exam_api.services.check_list_papers import Form4Makers, Form4Papers
from exam_api.services.check_lists_ports import ListRow, Named
from exam_api.services.check_sheets import SheetCheck, SheetProblem, check_sheet, is_heading
from exam_api.services.review_ports import StudentCard

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PLACE = Place("https://proctor.example.kz", ZoneInfo("Asia/Almaty"))
PAPERS = Form4Papers(None, PLACE, Form4Makers(render_form4_xlsx, None, None, None))
NAMES = ["Әлімов Қайрат", "Ғабитова Өмір", "Ңұрлан Үміт", "Һәкім Ілияс"]
PLAIN = SittingFacts(SittingState.SUBMITTED, "p", flags=0, undecided=0, act_made=False)
REVIEWED = replace(PLAIN, flags=2)
BREACH = replace(PLAIN, flags=2, act_made=True)
LETTER = dict(zip(COLUMNS, "ABCDEFGHI", strict=True))


def listed(*facts: SittingFacts) -> list[ListRow]:
    return [
        ListRow(
            list_id="list",
            sitting_id=f"sitting-{number}",
            student=StudentCard(NAMES[number % 4], "Ф", "6B06102 Бағдарлама", 2, "ВТ-24-1"),
            title={"kk": "Деректер қоры", "ru": "БД", "en": "Databases"},
            day=AT,
            proctor=Named("p", "Сейтқали Айгерім"),
            facts=one,
            acts=(),
            finding=None,
            by_name="",
            from_file=False,
            late=0,
            problem=None,
        )
        for number, one in enumerate(facts)
    ]


ROWS = listed(PLAIN, REVIEWED, BREACH)


def sent(rows=ROWS, language="kk") -> bytes:
    return render_form4_xlsx(PAPERS.document(rows, "Ахметова Гүлнәр", AT), language)


def edited(change, content: bytes | None = None) -> bytes:
    """As a person saves it: ``change`` gets the sheet."""
    book = load_workbook(BytesIO(content or sent()))
    change(book.active)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def filled(*words: str, first: int = 2):
    def fill(sheet) -> None:
        for row, word in enumerate(words, first):
            sheet[f"{LETTER['act']}{row}"] = word

    return fill


def read(content: bytes, rows=ROWS) -> SheetCheck:
    return check_sheet(read_sheet(content, is_heading), rows, PAPERS.form_rows(rows))


def taken(check: SheetCheck) -> dict[str, Finding]:
    return {change.sitting_id: change.after for change in check.changes}


def test_what_was_sent_and_comes_back_unfilled_changes_nothing():
    check = read(sent())
    assert check == SheetCheck((), (), (), (), ())
    assert not check.takes


def test_what_the_record_bears_out_is_taken():
    check = read(edited(filled("жасалмады", "жасалмады", "жасалды")))
    assert taken(check) == {
        "sitting-0": Finding.NOTHING,
        "sitting-1": Finding.NO_ACT,
        "sitting-2": Finding.ACT_MADE,
    }
    assert check.takes
    assert [change.row for change in check.changes] == [2, 3, 4]
    assert (check.contradictions, check.differences, check.missing) == ((), (), ())


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_translated_header_is_no_student(language):
    check = read(
        edited(filled(" Жасалмады ", "not made", "СОСТАВЛЕН", first=3), sent(ROWS, language))
    )
    assert len(check.changes) == 3
    assert check.refusals == ()


def test_an_answer_that_stands_already_is_no_change():
    rows = [replace(ROWS[0], finding=Finding.NO_ACT), *ROWS[1:]]
    assert taken(read(edited(filled("жасалмады")), rows)) == {}


def test_the_act_column_never_overrules_the_record():
    running = replace(ROWS[1], facts=replace(REVIEWED, undecided=1))
    rows = [ROWS[0], running, ROWS[2]]
    check = read(edited(filled("жасалды", "жасалмады", "жасалмады")), rows)
    assert check.changes == ()
    assert [(one.row, one.problem) for one in check.contradictions] == [
        (2, RowProblem.ACT_MISSING),
        (3, RowProblem.FLAGS_UNDECIDED),
        (4, RowProblem.ACT_STANDS),
    ]


def test_changed_names_and_dates_are_shown_and_not_taken():
    def change(sheet) -> None:
        filled("жасалмады")(sheet)
        sheet["B2"] = "Басқа Адам"
        sheet["F3"] = datetime(2026, 11, 23)  # noqa: DTZ001 - a date, as Excel stores it
        sheet["I4"] = "Басқа проктор"
        sheet["G4"] = "https://elsewhere.example/review/sitting-2"

    check = read(edited(change))
    assert [(one.row, one.column, one.known, one.given) for one in check.differences] == [
        (2, "student", NAMES[0], "Басқа Адам"),
        (3, "exam_date", "22.11.2026", "2026-11-23"),
        (4, "link", PLACE.review_url("sitting-2"), "https://elsewhere.example/review/sitting-2"),
        (4, "proctor", "Сейтқали Айгерім", "Басқа проктор"),
    ]
    assert taken(check) == {"sitting-0": Finding.NOTHING}


def test_a_row_that_is_gone_is_missed_and_stays_open():
    check = read(edited(lambda sheet: sheet.delete_rows(3)))
    assert check.missing == (NAMES[1],)
    assert check.refusals == ()


@pytest.mark.parametrize(
    ("cell", "value", "row", "problem"),
    [
        ("G2", "https://proctor.example.kz/review/another", 2, SheetProblem.ROW_UNKNOWN),
        ("G3", PLACE.review_url("sitting-0"), 3, SheetProblem.ROW_TWICE),
        ("G4", None, 4, SheetProblem.ROW_UNKNOWN),
        ("H3", "мүмкін", 3, SheetProblem.ACT_UNCLEAR),
        ("H2", '=IF(1,"жасалды")', 2, SheetProblem.CELL_FORMULA),
        ("B4", '=HYPERLINK("http://evil","x")', 4, SheetProblem.CELL_FORMULA),
        ("B2", "+7 701", 2, SheetProblem.CELL_FORMULA),
        ("C2", "ә" * 1001, 2, SheetProblem.CELL_TOO_LONG),
    ],
)
def test_a_row_that_is_not_certain_refuses_the_file_and_is_named(cell, value, row, problem):
    def change(sheet) -> None:
        filled("жасалмады", "жасалмады", "жасалды")(sheet)
        sheet[cell] = value

    check = read(edited(change))
    assert [(one.row, one.problem) for one in check.refusals] == [(row, problem)]
    assert not check.takes


# --- other programs -------------------------------------------------------------------------------


def test_inline_strings_serial_dates_and_blank_rows_as_other_programs_save_them():
    """LibreOffice and web editors: no shared strings, dates without their format, room around."""
    rows = [["", ""], [], ["Тізім, қараша"], *([[]] * 3)]
    titles = ["№", " АЖӘ", "Мамандығы/БББ", "Курс, топ", "ПӘН", "Емтихан күні", "Сілтеме"]
    rows.append([*titles, "АКТ  (жасалды/жасалмады)", "Проктордың АЖӘ", "", ""])
    for number, row in enumerate(ROWS):
        form = PAPERS.form_rows(ROWS)[row.sitting_id]
        days = [(form.exam_date - date(1899, 12, 30)).days, "22.11.2026", "2026-11-22"]
        word = "Жасалды" if row.facts.act_made else "жасалмады "
        shown = (form.student, form.programme, form.course_group, form.discipline)
        rows += [[number + 1, *shown, days[number], form.link, word, form.proctor], [], ["", " "]]
    rows.append(
        ["Тексерілді 3 академиялық адалдықты бұзғаны үшін емтихан жұмыстары", "", "", "", "x"]
    )
    check = read(_inline(rows))
    assert check.differences == ()
    assert check.refusals == ()
    assert [change.row for change in check.changes] == [8, 11, 14]


def _inline(rows: list[list[object]]) -> bytes:
    def cell(value: object) -> str:
        if isinstance(value, int):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'

    body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    sheet_type = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{sheet_type}.sheet.main+xml"/>'
        f'<Override PartName="/xl/s.xml" ContentType="{sheet_type}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="a" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="4" sheetId="1" r:id="b"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="b" Type="{office}/worksheet" Target="s.xml"/></Relationships>',
        "xl/s.xml": f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, text in parts.items():
            packed.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return out.getvalue()


def test_columns_may_be_moved_and_joined_by_others():
    def change(sheet) -> None:
        filled("жасалмады", "жасалмады", "жасалды")(sheet)
        sheet.insert_cols(1, 2)
        sheet["A1"], sheet["A2"] = "Ескерту", "көрдім"

    check = read(edited(change))
    assert len(check.changes) == 3
    assert check.differences == ()


def test_a_csv_of_the_sheet_reads_as_well():
    forms = PAPERS.form_rows(ROWS).values()
    head = ";".join(label(f"form4.{column}") for column in COLUMNS)
    lines = [
        f"{n};{one.student};{one.programme};{one.course_group};{one.discipline};22.11.2026;"
        f"{one.link};жасалмады;{one.proctor}"
        for n, one in enumerate(forms, 1)
    ]
    check = read("\r\n".join([head, *lines]).encode("utf-8-sig"))
    assert len(check.changes) == 2
    assert len(check.contradictions) == 1


def test_a_name_that_begins_like_a_formula_comes_back_as_it_went():
    row = replace(ROWS[0], student=replace(ROWS[0].student, full_name="=1+1", programme="-x"))
    check = read(edited(filled("жасалмады"), sent([row])), [row])
    assert (check.differences, check.refusals) == ((), ())
    assert len(check.changes) == 1


# --- what is no form 4 ----------------------------------------------------------------------------


def bomb() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (65 * 1024 * 1024))
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\x02",
        b"%PDF-1.7 not a sheet",
        b"PK\x03\x04 and then nothing",
        sent()[:500],
        b"PK\x03\x04" + b"0" * (5 * 1024 * 1024),
        "АЖӘ;Сілтеме\nx;y\n".encode(),
        edited(lambda sheet: sheet.delete_cols(8)),
        edited(lambda sheet: sheet.delete_rows(1)),
    ],
    ids=["empty", "zeros", "pdf", "half", "cut", "large", "other", "no act", "no header"],
)
def test_what_is_no_form_4_is_refused_in_words(content):
    with pytest.raises(SheetUnreadable) as refused:
        read(content)
    assert refused.value.code.startswith(("sheet_", "check_sheet_"))


def test_a_bomb_is_not_unpacked():
    with pytest.raises(SheetUnreadable, match="sheet_too_large"):
        read(bomb())


ANY = st.one_of(
    st.text(max_size=40), st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False),
    st.sampled_from(["жасалды", "жасалмады", PLACE.review_url("sitting-0"), "№", "АЖӘ", "45983"]),
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABCDEFGHI"), st.integers(1, 9), ANY), max_size=12))
def test_whatever_is_typed_into_it_nothing_is_taken_that_the_record_refuses(typed):
    def change(sheet) -> None:
        for letter, row, value in typed:
            cell = sheet[f"{letter}{row}"]  # a merged one takes no value
            typable = not isinstance(value, str) or value.isprintable()
            if typable and type(cell).__name__ == "Cell":
                cell.value = value

    try:
        check = read(edited(change))
    except InvalidRequest:
        return
    facts = {row.sitting_id: row.facts for row in ROWS}
    for sitting, finding in taken(check).items():
        assert (finding is Finding.ACT_MADE) == facts[sitting].act_made
    assert len(taken(check)) == len(check.changes)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 6000))
def test_a_damaged_file_is_refused_or_read_and_never_breaks(noise, place):
    good = sent()
    for content in (noise, good[:place] + noise + good[place + len(noise) :]):
        try:
            read(content)
        except InvalidRequest:
            continue


def test_the_document_of_a_list_counts_what_is_answered():
    rows = [
        replace(ROWS[0], finding=Finding.NOTHING),
        ROWS[1],
        replace(ROWS[2], finding=Finding.ACT_MADE),
    ]
    document = PAPERS.document(rows, "Ахметова Гүлнәр", AT)
    assert isinstance(document, Form4Document)
    assert (document.checked, document.acts_made) == (2, 1)
    sheet = load_workbook(BytesIO(sent(rows))).active
    assert [sheet[f"H{row}"].value for row in (2, 3, 4)] == ["жасалмады", None, "жасалды"]
    assert sheet["A6"].value.startswith("Тексерілді 2 ")
    assert sheet["A7"].value == "Оның ішінде акт жасалды 1"
