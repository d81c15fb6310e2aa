"""The council's report and the commission's protocol: same bytes, three languages, every table."""

from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from openpyxl import load_workbook

from acts.errors import DocumentInvalid
from acts.labels import label
from acts.protocol import ProtocolDocument, ProtocolVote, render_protocol
from acts.session_report import (
    ReportItem,
    ReportLine,
    SessionReport,
    render_report_pdf,
    render_report_xlsx,
)

LANGUAGES = ("kk", "ru", "en")
MADE_AT = datetime(2026, 11, 23, 4, tzinfo=UTC)
LINE = ReportLine("Ақпараттық жүйелер кафедрасы", 20, 18, 71.5, 72.0, 11.25, 16, 2, 1)
EMPTY = ReportLine("", 0, 0, None, None, None, 0, 0, 0)
REPORT = SessionReport(
    made_at=MADE_AT,
    session="2026–2027 күзгі сессия",
    overall=LINE,
    bars=tuple((least, least + 9, least // 10, 1.5) for least in range(0, 100, 10)),
    curve=((0.0, 0.1), (50.0, 4.0), (100.0, 0.2)),
    letters=(("A", 3), ("F", 1)),
    departments=(LINE,),
    disciplines=(LINE, replace(LINE, name="=1+1")),
    groups=(LINE,),
    items=(ReportItem("АКТ", "0a1b2c3d", 18, 0.61, 0.34), ReportItem("АКТ", "ffff", 18, 1.0, None)),
)
PROTOCOL = ProtocolDocument(
    number="15-Б/1",
    made_at=MADE_AT,
    order_number="15-Б",
    order_date=date(2026, 11, 2),
    student="Нұрланова Айгерім",
    group="АЖ-25-1",
    discipline="АКТ",
    lodged_at=MADE_AT,
    visa_at=MADE_AT,
    visa_by="Ибраев Нұржан",
    grounds="<b>7-сұрақ</b>",
    reasons="дәлелді",
    upheld=True,
    points_before=55,
    points_after=61,
    chair="Тұрсынбаева Лаура",
    votes=(ProtocolVote("Тұрсынбаева Лаура", True, ""), ProtocolVote("Ким", False, "жоқ")),
    sheet=tuple((place, place % 2 == 0, 50 * (place % 3)) for place in range(1, 26)),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("render", "document"),
    [(render_report_pdf, REPORT), (render_report_xlsx, REPORT), (render_protocol, PROTOCOL)],
)
def test_the_same_document_gives_the_same_bytes(render, document, language) -> None:
    assert render(document, language) == render(document, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_table_is_a_sheet_and_nothing_a_formula(language) -> None:
    book = load_workbook(BytesIO(render_report_xlsx(REPORT, language)))
    names = ("distribution", "letters", "departments", "disciplines", "groups", "items")
    assert book.sheetnames == [label(f"report.{name}", language)[:31] for name in names]
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    items = [[cell.value for cell in row] for row in book.worksheets[-1].iter_rows()]
    assert items[1] == ["АКТ", "0a1b2c3d", 18, 0.61, 0.34]
    assert items[2][-1] is None


def test_a_session_without_anybody_has_a_report_too() -> None:
    empty = SessionReport(MADE_AT, "", EMPTY, (), (), (), (), (), (), ())
    assert render_report_pdf(empty, "en").startswith(b"%PDF-")
    assert render_report_xlsx(empty, "en").startswith(b"PK")


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(DocumentInvalid):
        render_protocol(replace(PROTOCOL, made_at=datetime(2026, 11, 23)), "kk")  # noqa: DTZ001
