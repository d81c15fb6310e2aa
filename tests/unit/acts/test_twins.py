"""Accessible twins of form 4, statement, protocol and session report: what any page must keep."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest

from acts.errors import DocumentInvalid
from acts.form4 import COLUMNS
from acts.form4_html import render_form4_html
from acts.labels import LABELS, label
from acts.protocol import (
    ProtocolDocument,
    ProtocolVote,
    protocol_data,
    protocol_of,
    render_protocol,
    render_protocol_html,
)
from acts.session_report import ReportItem, ReportLine, SessionReport, render_report_html
from acts.statement import StatementDocument, StatementRow, render_statement_html

LANGUAGES = ("kk", "ru", "en")
EVIL = '"><script>alert(1)</script><img src=x onerror="a()">'
AT = datetime(2026, 11, 23, 4, tzinfo=UTC)
DAY = date(2026, 11, 22)
STATEMENT = StatementDocument(
    made_at=AT,
    exam_date=DAY,
    code="IKT1105",
    discipline=EVIL,
    department=EVIL,
    rating_share=60,
    rows=(
        StatementRow(f"Нұрланова Әйгерім {EVIL}", EVIL, 74, 80, 76, "B-", 2.67),
        StatementRow("Ким Виктория", "ЕТ-25-2", 70, None, None, "", None, "absent"),
    ),
)
PROTOCOL = ProtocolDocument(
    number="15-Б/1",
    made_at=AT,
    order_number=EVIL,
    order_date=DAY,
    student=f"Нұрланова Әйгерім {EVIL}",
    group=EVIL,
    discipline=EVIL,
    lodged_at=AT,
    visa_at=AT,
    visa_by=EVIL,
    grounds=EVIL,
    reasons=EVIL,
    upheld=True,
    points_before=55,
    points_after=61,
    chair=EVIL,
    votes=(ProtocolVote("Ким", False, EVIL),),
    sheet=((1, True, 50),),
)
LINE = ReportLine(f"Ақпараттық жүйелер {EVIL}", 20, 18, 71.5, None, 11.25, 16, 2, 1)
REPORT = SessionReport(
    made_at=AT,
    session=EVIL,
    overall=LINE,
    bars=((0, 49, 3, 1.5), (50, 100, 15, 16.5)),
    curve=((0.0, 0.1), (100.0, 0.2)),
    letters=(("A", 3),),
    departments=(LINE,),
    disciplines=(LINE,),
    groups=(LINE,),
    items=(ReportItem(EVIL, EVIL, 18, 0.61, None),),
)


class Elements(HTMLParser):
    """Every element with its attributes, and the text outside the style."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found, self.words, self.styled = [], [], False
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag, attrs):
        self.styled = tag == "style"
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        self.styled = False

    def handle_data(self, data):
        if not self.styled:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(params=("form4", "statement", "protocol", "report"))
def twin(request, make_list):
    """(the start of its labels' keys, how it is rendered in a language)."""
    listed = make_list(2, member=EVIL)
    hostile = replace(listed.rows[0], student=EVIL, link="javascript:alert(1)", proctor=EVIL)
    documents = {
        "form4": (render_form4_html, replace(listed, rows=(hostile, listed.rows[1]))),
        "statement": (render_statement_html, STATEMENT),
        "protocol": (render_protocol_html, PROTOCOL),
        "report": (render_report_html, REPORT),
    }
    render, document = documents[request.param]
    return request.param, lambda language: render(document, language)


NOT_ON_THE_PAGE = {
    "form4.choose",  # of the Excel file's choice
    "protocol.rejected",
    "protocol.for",
    "protocol.no",
    "report.histogram",  # a picture: its numbers stand in the table
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_stands_in_kazakh_and_in_the_readers_language(twin, language):
    name, render = twin
    keys = [key for key in LABELS if key.startswith(f"{name}.") and key not in NOT_ON_THE_PAGE]
    text = Elements(render(language)).text
    wanted = [part.strip() for key in keys for code in ("kk", language)
              for part in label(key, code).split("___")]  # fmt: skip
    assert len(keys) > 8
    assert [words for words in wanted if words not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_its_language_and_each_part_its_own(twin, language):
    page = Elements(twin[1](language))
    assert page.all("html")[0]["lang"] == language
    marked = {span.get("lang") for span in page.all("span")} - {None}
    assert marked == (set() if language == "kk" else {"kk", language})


def test_columns_are_named_for_who_hears_the_table(twin):
    heads = Elements(twin[1]("ru")).all("th")
    assert heads
    assert all(head["scope"] == "col" for head in heads)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_persons_text_stays_text(twin, language):
    page = Elements(twin[1](language))
    assert page.text.count("alert(1)") >= 3
    tags = {tag for tag, _ in page.found}
    assert not tags & {"script", "img", "link", "iframe", "object", "form"}
    assert not any(key.startswith("on") or key == "style" for _, at in page.found for key in at)
    assert not any(a["href"].startswith("javascript") for a in page.all("a"))


def test_the_same_document_gives_the_same_bytes(twin):
    assert twin[1]("kk") == twin[1]("kk")


def test_form_4_has_a_row_for_each_student(make_list):
    page = Elements(render_form4_html(make_list(4), "ru"))
    assert len(page.all("tr")) == 5
    assert len(page.all("th")) == len(COLUMNS)
    assert page.text.count("жасалды / составлен") == 2
    assert page.text.count("жасалмады / не составлен") == 2
    assert "Тексерілді 4 академиялық" in page.text
    assert {a["href"] for a in page.all("a")} == {"https://proctor.example.kz/review/1"}


def test_form_4_says_that_it_is_a_draft_or_when_it_was_signed(make_list):
    assert "ЖОБА / ПРОЕКТ" in render_form4_html(make_list(1, draft=True), "ru").decode()
    signed = render_form4_html(make_list(1, signed_at=AT), "kk").decode()
    assert "ЖОБА" not in signed
    assert "Ахметова Гүлнәр, 23.11.2026 04:00" in signed


def test_a_list_that_nobody_has_answered_leaves_the_answer_empty(make_list):
    listed = make_list(1)
    page = render_form4_html(replace(listed, rows=(replace(listed.rows[0], act_made=None),)), "kk")
    assert "<td></td>" in page.decode()


def test_a_protocol_that_was_put_away_comes_back_as_it_was():
    again = protocol_of(json.loads(json.dumps(protocol_data(PROTOCOL))))
    assert again == PROTOCOL
    for render in (render_protocol, render_protocol_html):
        assert render(again, "ru") == render(PROTOCOL, "ru")


@pytest.mark.parametrize(
    ("render", "document"),
    [(render_statement_html, STATEMENT), (render_protocol_html, PROTOCOL)],
    ids=["statement", "protocol"],
)
def test_a_time_without_its_zone_is_refused(render, document):
    with pytest.raises(DocumentInvalid):
        render(replace(document, made_at=datetime(2026, 11, 23)), "kk")  # noqa: DTZ001


def test_form_4_without_its_zone_is_refused(make_list):
    with pytest.raises(DocumentInvalid):
        render_form4_html(make_list(1, made_at=datetime(2026, 11, 23)), "kk")  # noqa: DTZ001
