"""Form 1 as a file: deterministic, described, one page for the form; its text: integration."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from acts.contracts import EvidenceItem, Form1Item
from acts.errors import DocumentInvalid
from acts.form1 import render_act
from acts.record import act_record

LANGUAGES = ("kk", "ru", "en")


def _reader(pdf: bytes) -> PdfFileReader:
    return PdfFileReader(BytesIO(pdf))


def _pages(pdf: bytes) -> int:
    return int(_reader(pdf).root["/Pages"]["/Count"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_document_gives_the_same_bytes(make_act, language):
    assert render_act(make_act(6), language) == render_act(make_act(6), language)


def test_threads_do_not_disturb_each_other(make_act):
    act = make_act(2)
    alone = [render_act(act, language) for language in LANGUAGES]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda language: render_act(act, language), LANGUAGES * 3))
    assert together == alone * 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_says_what_it_is(make_act, language):
    reader = _reader(render_act(make_act(1), language))
    info = reader.trailer["/Info"]
    assert reader.root["/Lang"] == language
    assert info["/Title"] == "АКТ № 2026-000123 — емтихандағы тәртіп ережелерін бұзу туралы"
    assert info["/Creator"] == "Baqylau 0.1.0"
    assert info["/CreationDate"] == info["/ModDate"] == "D:20261122073005+00'00'"


def test_bookmarks_lead_to_the_form_the_annex_and_each_flag(make_act):
    outline = _reader(render_act(make_act(3), "kk")).root["/Outlines"]
    form, annex = outline["/First"], outline["/First"]["/Next"]
    assert form["/Title"] == "АКТ № 2026-000123"
    assert annex["/Title"] == "Қосымша: дәлелдемелер"
    flags = annex["/Last"]
    assert flags["/Title"] == "Расталған белгілер"
    assert flags["/First"]["/Title"] == "1. Камера алдында адам жоқ, 00:01:05"
    assert abs(int(flags["/Count"])) == 3


def test_the_record_is_attached(make_act):
    act = make_act(2)
    tree = _reader(render_act(act, "kk")).root["/Names"]["/EmbeddedFiles"]["/Names"]
    assert tree[0] == "act.json"
    stream = tree[1]["/EF"]["/F"]
    assert stream.data == act_record(act)
    assert stream["/Subtype"] == "/application/json"


def test_all_fonts_are_embedded(make_act):
    """A face that is only named may be replaced by one without Kazakh letters."""
    reader = _reader(render_act(make_act(2), "ru"))
    for page in reader.root["/Pages"]["/Kids"]:
        for font in page.get_object()["/Resources"]["/Font"].values():
            assert "/FontFile2" in font.get_object()["/FontDescriptor"]


def test_frames_are_kept_as_they_were_recorded(make_act, jpeg):
    assert jpeg(0) in render_act(make_act(1), "kk")


def test_the_annex_follows_the_form_on_its_own_page(make_act):
    assert _pages(render_act(make_act(0), "kk")) == 2


def test_thirty_flags_make_more_pages(make_act):
    assert 8 <= _pages(render_act(make_act(30), "en")) <= 13


@pytest.mark.parametrize(
    "change",
    [
        {"comment": "Ұзақ сөз. " * 2000},
        {"clip_url": "https://e.kz/" + "x" * 8000},
        {"model": "m" * 5000},
        {"decided_by": "Ә" * 3000},
        {"regions": ((-1.0, 2.0, 5.0, -3.0),)},
        {"start_ms": 9_000_000, "end_ms": 1_000},
        {"kind": "<b>unknown</b>"},
        {"decided_at": None, "decided_by": "", "comment": "", "clip_url": "", "clip_sha256": ""},
    ],
)
def test_an_act_is_made_whatever_a_flag_holds(make_act, change):
    act = make_act(1)
    changed = replace(act, evidence=(replace(act.evidence[0], **change),))
    assert _pages(render_act(changed, "ru")) >= 2


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
@pytest.mark.parametrize("size", [(640, 480), (120, 900), (1920, 240), (1, 1)])
def test_frames_of_any_shape_and_colour(make_act, jpeg, mode, size):
    act = make_act(1)
    entry = replace(act.evidence[0], frame_jpeg=jpeg(1, size, mode))
    assert b"/DCTDecode" in render_act(replace(act, evidence=(entry,)), "kk")


@pytest.mark.parametrize("frame", [b"", b"no picture", "truncated"])
def test_a_broken_frame_loses_nothing_else(make_act, jpeg, frame):
    broken = jpeg(0)[:2000] if frame == "truncated" else frame
    act = make_act(1)
    entry = replace(act.evidence[0], frame_jpeg=broken)
    pdf = render_act(replace(act, evidence=(entry,)), "kk")
    assert b"/DCTDecode" not in pdf
    assert _pages(pdf) == 2


def test_missing_optional_data(make_act):
    act = make_act(
        0, authors=(), recording_url="", verify_url="", recording_digest="", analysed_fps=None
    )
    bare = EvidenceItem(Form1Item.PHONE, "phone", 0, 0, 0.0, "")
    assert _pages(render_act(replace(act, evidence=(bare,), gaps=()), "en")) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"made_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the fault under test
        {"started_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the fault under test
        {"recording_seconds": math.nan},
        {"supplied_seconds": math.inf},
        {"exam_seconds": math.inf},
        {"analysed_fps": math.nan},
        {"number": " \x00 "},
        {"revision": 0},
        {"verify_url": "https://e.kz/" + "x" * 4000},
    ],
)
def test_data_that_makes_no_act_is_refused(make_act, change):
    with pytest.raises(DocumentInvalid) as refused:
        render_act(make_act(0, **change), "kk")
    assert refused.value.code == "document_invalid"
    assert refused.value.status == 422


@pytest.mark.parametrize(
    "change",
    [
        {"confidence": math.nan},
        {"recall": math.inf},
        {"regions": ((0.0, 0.0, math.inf, 1.0),)},
        {"decided_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the fault under test
    ],
)
def test_a_flag_that_makes_no_act_is_refused(make_act, change):
    act = make_act(1, frames=False)
    with pytest.raises(DocumentInvalid):
        render_act(replace(act, evidence=(replace(act.evidence[0], **change),)), "kk")


def test_times_are_printed_in_the_zone_of_the_act(make_act):
    local = render_act(make_act(1), "kk")
    utc = render_act(make_act(1, made_at=make_act().made_at.astimezone(UTC)), "kk")
    assert local != utc
