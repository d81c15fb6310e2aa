"""Form 4 as PDF: deterministic, landscape, whatever the cells hold; its text: integration."""

from dataclasses import replace
from datetime import datetime
from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from acts.errors import DocumentInvalid
from acts.form4_pdf import render_form4_pdf

LANGUAGES = ("kk", "ru", "en")


def _pages(pdf: bytes):
    return PdfFileReader(BytesIO(pdf)).root["/Pages"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_list_gives_the_same_bytes(make_list, language):
    assert render_form4_pdf(make_list(40), language) == render_form4_pdf(make_list(40), language)


def test_pages_lie_across(make_list):
    page = _pages(render_form4_pdf(make_list(3), "kk"))["/Kids"][0].get_object()
    _, _, width, height = (float(edge) for edge in page["/MediaBox"])
    assert width > height


def test_all_fonts_are_embedded(make_list):
    for page in _pages(render_form4_pdf(make_list(2), "ru"))["/Kids"]:
        for font in page.get_object()["/Resources"]["/Font"].values():
            assert "/FontFile2" in font.get_object()["/FontDescriptor"]


@pytest.mark.parametrize("rows", [0, 1, 300])
def test_lists_of_any_length(make_list, rows):
    assert int(_pages(render_form4_pdf(make_list(rows), "en"))["/Count"]) >= 1


@pytest.mark.parametrize(
    "change",
    [
        {"student": "Ұ" * 6000},
        {"link": "https://e.kz/" + "x" * 6000},
        {"link": "javascript:alert(1)"},
        {"programme": "<b>&unclosed"},
        {"student": "", "programme": "", "course_group": "", "link": "", "proctor": ""},
    ],
)
def test_a_list_is_made_whatever_a_row_holds(make_list, change):
    made = make_list(2)
    pdf = render_form4_pdf(replace(made, rows=(replace(made.rows[0], **change),)), "ru")
    assert b"/URI (https://" in pdf or "link" in change
    assert b"/URI (javascript" not in pdf


def test_a_time_without_its_zone_is_refused(make_list):
    with pytest.raises(DocumentInvalid):
        render_form4_pdf(make_list(1, made_at=datetime(2026, 1, 1)), "kk")  # noqa: DTZ001


def test_a_draft_is_another_file(make_list):
    assert render_form4_pdf(make_list(1, draft=True), "kk") != render_form4_pdf(make_list(1), "kk")
