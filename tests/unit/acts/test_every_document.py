"""What holds of every document: language, title, outline, faces, a page that says the same."""

from io import BytesIO

import pytest
from fontTools.ttLib import TTFont
from pyhanko.pdf_utils.reader import PdfFileReader

from acts.erasure import render_erasure, render_erasure_html
from acts.form4_html import render_form4_html
from acts.form4_pdf import render_form4_pdf
from acts.forms import render_form, render_form_html
from acts.labels import label
from acts.protocol import render_protocol, render_protocol_html
from acts.session_report import render_report_html, render_report_pdf
from acts.statement import render_statement_html, render_statement_pdf
from tests.unit.acts.test_erasure import CERTIFICATE
from tests.unit.acts.test_twins import PROTOCOL, REPORT, STATEMENT

LANGUAGES = ("kk", "ru", "en")
PARTS = {  # of the outline: title, then what stands below it
    "form 1": ["АКТ № 2026-000123", "Қосымша: дәлелдемелер"],
    "form 2": ["АКТ № 2026-0007"],
    "form 3": ["АКТ № 2026-0003"],
    "form 4": [label("form4.name")],
    "protocol": [f"{label('protocol.name')} № 15-Б/1"],
    "statement": [label("statement.name")],
    "report": [label("report.name")],
    "erasure": [f"{label('erasure.name')} № 2026-0001"],
}
BELOW = {
    "protocol": ["protocol.grounds", "protocol.reasons", "protocol.votes", "protocol.sheet"],
    "erasure": ["erasure.items", "erasure.kept"],
}


@pytest.fixture(params=PARTS)
def made(request, make_act, make_refusal, make_outsider, make_list):
    """(its name, how it is printed, how its page is made), both of a language."""
    documents = {
        "form 1": (render_form, render_form_html, make_act(1)),
        "form 2": (render_form, render_form_html, make_refusal()),
        "form 3": (render_form, render_form_html, make_outsider()),
        "form 4": (render_form4_pdf, render_form4_html, make_list(3)),
        "protocol": (render_protocol, render_protocol_html, PROTOCOL),
        "statement": (render_statement_pdf, render_statement_html, STATEMENT),
        "report": (render_report_pdf, render_report_html, REPORT),
        "erasure": (render_erasure, render_erasure_html, CERTIFICATE),
    }
    pdf, html, document = documents[request.param]
    return request.param, lambda one: pdf(document, one), lambda one: html(document, one)


def entries(of) -> list:
    """An outline's entries below ``of``, in order."""
    found, way = [], "/First"
    while way in of:
        of, way = of[way], "/Next"
        found.append(of)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_says_its_language_and_its_title(made, language):
    _, printed, _ = made
    reader = PdfFileReader(BytesIO(printed(language)))
    info = reader.trailer["/Info"]
    assert reader.root["/Lang"] == language
    assert reader.root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert all(str(info[key]).strip() for key in ("/Title", "/Subject", "/Author", "/Keywords"))
    assert b"<pdfaid:part>3</pdfaid:part>" in reader.root["/Metadata"].data
    assert reader.root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_outline_leads_to_its_parts(made, language):
    name, printed, _ = made
    top = entries(PdfFileReader(BytesIO(printed(language))).root["/Outlines"])
    assert [one["/Title"] for one in top] == PARTS[name]
    below = entries(top[0])
    if name in BELOW:
        assert [one["/Title"] for one in below] == [label(key) for key in BELOW[name]]
    places = [str(one["/Dest"]) for one in [*top, *below]]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_faces_go_along(made, language):
    """A face that is only named may be replaced by one without Kazakh letters."""
    _, printed, _ = made
    for page in PdfFileReader(BytesIO(printed(language))).root["/Pages"]["/Kids"]:
        for font in page.get_object()["/Resources"]["/Font"].values():
            face = font.get_object()["/FontDescriptor"]["/FontFile2"]
            assert TTFont(BytesIO(face.data)).getGlyphOrder()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_stands_beside_it(made, language):
    _, _, page = made
    html = page(language).decode()
    assert f'<html lang="{language}">' in html
    assert "<h1" in html
    assert "<script" not in html
