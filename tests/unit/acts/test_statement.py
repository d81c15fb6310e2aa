"""The grade statement: three languages, the same bytes again, and no cell that is a formula."""

from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from openpyxl import load_workbook

from acts.errors import DocumentInvalid
from acts.labels import label
from acts.statement import (
    StatementDocument,
    StatementRow,
    render_statement_pdf,
    render_statement_xlsx,
)

LANGUAGES = ("kk", "ru", "en")
DOCUMENT = StatementDocument(
    made_at=datetime(2026, 11, 23, 4, tzinfo=UTC),
    exam_date=date(2026, 11, 22),
    code="IKT1105",
    discipline="Ақпараттық-коммуникациялық технологиялар",
    department="Ақпараттық жүйелер кафедрасы",
    rating_share=60,
    rows=(
        StatementRow("Нұрланова Айгерім", "АЖ-25-1", 74, 80, 76, "B-", 2.67),
        StatementRow('=HYPERLINK("http://x")', "АЖ-25-1", 60, 0, 0, "F", 0.0, "removed"),
        StatementRow("Ким Виктория", "ЕТ-25-2", 70, None, None, "", None, "absent"),
    ),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("render", [render_statement_pdf, render_statement_xlsx])
def test_the_same_statement_gives_the_same_bytes(render, language) -> None:
    assert render(DOCUMENT, language) == render(DOCUMENT, language)


def cells(language: str) -> list[list[object]]:
    sheet = load_workbook(BytesIO(render_statement_xlsx(DOCUMENT, language))).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheet_holds_numbers_and_words(language) -> None:
    found = cells(language)
    first = next(row for row in found if row[1] == "Нұрланова Айгерім")
    assert first[2:8] == ["АЖ-25-1", 74, 80, 76, "B-", 2.67]
    absent = next(row for row in found if row[1] == "Ким Виктория")
    assert absent[8] == label("remark.absent", language)


def test_a_name_is_never_a_formula() -> None:
    sheet = load_workbook(BytesIO(render_statement_xlsx(DOCUMENT, "kk"))).active
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert any(str(row[1]).startswith("'=HYPERLINK") for row in cells("kk"))


def test_each_line_of_a_cell_is_guarded() -> None:
    row = replace(DOCUMENT.rows[0], student="Айгерім\x01\n=HYPERLINK(1)\n\n+7")
    book = load_workbook(BytesIO(render_statement_xlsx(replace(DOCUMENT, rows=(row,)), "kk")))
    names = [str(cell.value) for cell in book.active["B"]]
    assert "Айгерім\n'=HYPERLINK(1)\n\n'+7" in names


def test_a_draft_says_so() -> None:
    draft = replace(DOCUMENT, draft=True)
    assert render_statement_pdf(draft, "kk") != render_statement_pdf(DOCUMENT, "kk")
    sheet = load_workbook(BytesIO(render_statement_xlsx(draft, "ru"))).active
    assert "ЖОБА / ПРОЕКТ" in sheet["A1"].value


@pytest.mark.parametrize("render", [render_statement_pdf, render_statement_xlsx])
def test_a_time_without_its_zone_is_refused(render) -> None:
    with pytest.raises(DocumentInvalid):
        render(replace(DOCUMENT, made_at=datetime(2026, 11, 23)), "kk")  # noqa: DTZ001
