"""Forms 2 and 3 as files, and what a draft of any form is; their text: integration."""

import hashlib
import json
import math
from dataclasses import replace
from datetime import datetime
from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from acts.contracts import FacePicture
from acts.errors import DocumentInvalid
from acts.form1 import render_act
from acts.form2 import render_refusal
from acts.form3 import render_outsider
from acts.record import act_record
from acts.seal import seal
from acts.values import act_day, written_day
from acts.verify import verify_act

LANGUAGES = ("kk", "ru", "en")


@pytest.fixture(params=["refusal", "outsider"])
def form(request, make_refusal, make_outsider):
    """(make the document, set it as PDF, the form's number)."""
    if request.param == "refusal":
        return make_refusal, render_refusal, 2
    return make_outsider, render_outsider, 3


def _root(pdf: bytes):
    return PdfFileReader(BytesIO(pdf)).root


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_document_gives_the_same_bytes_on_one_page(form, language):
    make, render, _ = form
    pdf = render(make(), language)
    assert pdf == render(make(), language)
    assert int(_root(pdf)["/Pages"]["/Count"]) == 1
    assert _root(pdf)["/Lang"] == language


def test_a_sealed_form_is_an_act_of_this_system(form, seal_key):
    make, render, number = form
    document = make()
    found = verify_act(seal(render(document, "kk"), seal_key, document.made_at))
    assert found.intact
    assert (found.form, found.number, found.revision) == (number, document.number, 1)


def test_form_1_says_that_it_is_form_1(sealed):
    assert verify_act(sealed).form == 1


def test_a_sealed_draft_is_no_act(form, seal_key):
    make, render, _ = form
    draft = make(draft=True, number="")
    found = verify_act(seal(render(draft, "kk"), seal_key, draft.made_at))
    assert found.codes == ("draft",)


def test_a_draft_is_another_file(form):
    make, render, _ = form
    assert render(make(draft=True), "ru") != render(make(), "ru")


@pytest.mark.parametrize(
    "change",
    [{"number": " "}, {"revision": 0}, {"made_at": datetime(2026, 1, 1)}],  # noqa: DTZ001
)
def test_data_that_makes_no_form_is_refused(form, change):
    make, render, _ = form
    with pytest.raises(DocumentInvalid):
        render(make(**change), "kk")


def test_a_draft_of_form_1_may_lack_its_number_but_not_its_revision(make_act):
    assert render_act(make_act(0, draft=True, number=""), "kk")
    with pytest.raises(DocumentInvalid):
        render_act(make_act(0, draft=True, revision=0), "kk")


def test_form_2_names_the_act_that_was_not_signed(make_refusal):
    with pytest.raises(DocumentInvalid):
        render_refusal(make_refusal(act_number=" \x00"), "kk")
    assert render_refusal(make_refusal(act_number="", draft=True), "kk")


def test_the_record_names_the_form_and_the_faces_by_digest(make_outsider):
    document = make_outsider()
    record = json.loads(act_record(document))
    assert record["form"] == 3
    assert record["seen"]["sha256"] == hashlib.sha256(document.seen.jpeg).hexdigest()
    assert "jpeg" not in record["seen"]


def test_both_faces_are_kept_as_they_were(make_outsider):
    document = make_outsider()
    pdf = render_outsider(document, "kk")
    assert document.seen.jpeg in pdf
    assert document.enrolled.jpeg in pdf


@pytest.mark.parametrize("size", [(640, 480), (100, 900), (1600, 100), (1, 1)])
@pytest.mark.parametrize("which", ["enrolled", "seen"])
def test_form_3_takes_faces_of_any_shape(make_outsider, jpeg, which, size):
    picture = FacePicture(jpeg(1, size), (-1.0, 0.2, 3.0, 0.4))
    pdf = render_outsider(make_outsider(**{which: picture}), "en")
    assert int(_root(pdf)["/Pages"]["/Count"]) == 1


@pytest.mark.parametrize("broken", [b"", b"no picture"])
def test_form_3_is_made_without_a_readable_face(make_outsider, broken):
    document = make_outsider(enrolled=FacePicture(broken), seen=None)
    assert b"/DCTDecode" not in render_outsider(document, "kk")


@pytest.mark.parametrize(
    "change",
    [
        {"region": (0.0, math.nan, 1.0, 1.0)},
        {"taken_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the fault under test
    ],
)
def test_a_face_that_makes_no_form_is_refused(make_outsider, change):
    document = make_outsider()
    with pytest.raises(DocumentInvalid):
        render_outsider(replace(document, seen=replace(document.seen, **change)), "kk")


def test_days_are_written_as_the_forms_write_them():
    at = datetime(2026, 1, 2)  # noqa: DTZ001 - a day has no zone
    assert written_day(at, "kk") == "«02» қаңтар 2026 ж."
    assert written_day(at, "ru") == "«02» января 2026 г."
    assert written_day(at, "en") == "2 January 2026"
    assert act_day(at, "kk") == "2026 ж. «02» қаңтар"
