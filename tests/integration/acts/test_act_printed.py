"""The act as other programs see it: text, pages, pictures, QR code, signature."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from acts.contracts import (
    ChatLine,
    Form1Item,
    NotedBreach,
    Person,
    RecordingGap,
    Student,
)
from acts.form1 import render_act
from acts.labels import FORM1, label
from acts.seal import seal
from acts.typefaces import TICKED, UNTICKED

pytestmark = pytest.mark.integration

LANGUAGES = ("kk", "ru", "en")
SAMPLES = Path(__file__).parents[2] / "unit" / "acts" / "conftest.py"
# Letter for letter as the form has them (domain.md, form 1).
KAZAKH = [
    "АКТ № 2026-000123",
    "емтихандағы тәртіп ережелерін бұзу туралы",
    "Пән",
    "Осы актіні жасаған тұлғалардың тегі, аты, әкесінің аты:",
    "1)",
    "2)",
    "3)",
    "Білім алушының АТӘ",
    "Факультет",
    "Курс",
    "Топ №",
    "Күні",
    "Уақыты",
    "Бұзушылықтың сипаттамасы (керегін белгілеу / немесе астын сызу):",
    "ұялы телефонды пайдалану",
    "шпаргалкаларды пайдалану",
    "электрондық байланыс құралдарын пайдалану (құлаққаптар және т.б.)",
    "басқа компьютер экранынан ақпаратты оқу",
    "өздігінен орын ауыстыру, аудиториядан шығу",
    "студенттер арасындағы әңгімелер",
    "Осы фактіні ескере отырып:",
    "(білім алушының АТӘ)",
    "білім алушының емтихан нәтижелерін жою",
    "Актімен таныстым:",
    "Білім алушының қолы",
    "Факультет деканы",
    "20__ ж.",
]
LETTERS = "ӘәҒғҚқҢңӨөҰұҮүҺһІі ₸ № « » —"
NOT_ON_EACH_FORM = {"form1.replaces", "form1.in_annex", "form1.technical", "form1.year"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_kazakh_label_stands_on_the_form_letter_for_letter(make_act, text_of, language):
    lines = text_of(render_act(make_act(6), language), 1, 1)
    assert [wording for wording in KAZAKH if wording not in lines] == []


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_translation_stands_beside_each_label(make_act, text_of, language):
    words = " ".join(text_of(render_act(make_act(6), language), 1, 1).split())
    keys = [key for key in FORM1 if key not in NOT_ON_EACH_FORM]
    wanted = [label(key, language) for key in keys if key != "form1.number"]
    wanted += [label(f"item.{item.value}", language) for item in Form1Item]
    assert [wording for wording in wanted if wording not in words] == []


def test_the_kazakh_act_holds_no_translation(make_act, text_of):
    text = text_of(render_act(make_act(6), "kk"))
    assert "Дисциплина" not in text
    assert "Discipline" not in text


def test_every_kazakh_letter_survives_the_way_into_a_pdf_and_back(make_act, text_of):
    text = text_of(render_act(make_act(0, discipline=LETTERS), "kk"), 1, 1)
    assert LETTERS in text


def test_the_values_stand_on_the_form(make_act, text_of):
    text = text_of(render_act(make_act(6), "kk"), 1, 1)
    for value in (
        "Деректер қоры теориясы",
        "Сейтқали Айгерім Бауыржанқызы, проктор",
        "Нұрланұлы Әлихан",
        "Ақпараттық технологиялар",
        "ВТ-24-1",
        "22.11.2026",
        "10:01:05",
    ):
        assert value in text


def _boxes(text: str) -> dict[str, str]:
    """The box before each item, by the item's code."""
    found = {}
    for item in Form1Item:
        wording = re.escape(label(f"item.{item.value}"))
        match = re.search(rf"([{TICKED}{UNTICKED}])\s+{wording}", text)
        assert match, item
        found[item.value] = match.group(1)
    return found


@pytest.mark.parametrize("ticked", [(), ("phone",), ("leaving_seat", "conversation")])
def test_boxes_are_ticked_as_confirmed(make_act, make_evidence, text_of, ticked):
    entry = make_evidence(1)[0]
    evidence = tuple(replace(entry, item=Form1Item(code)) for code in ticked)
    boxes = _boxes(text_of(render_act(make_act(0, evidence=evidence), "kk"), 1, 1))
    assert {code for code, box in boxes.items() if box == TICKED} == set(ticked)


def test_technical_flags_tick_nothing_and_are_named(make_act, make_evidence, text_of):
    technical = tuple(entry for entry in make_evidence(8) if entry.item is None)
    text = text_of(render_act(make_act(0, evidence=technical), "kk"))
    assert set(_boxes(text).values()) == {UNTICKED}
    assert "техникалық белгілер: камера жабық немесе қараңғы" in text
    assert "техникалық белгі, тармаққа жатпайды" in text


def test_the_annex_proves_each_flag(make_act, text_of):
    act = make_act(2)
    words = " ".join(text_of(render_act(act, "kk"), 2).split())
    packed = words.replace(" ", "")
    assert "00:01:05 – 00:01:09 (10:01:05 – 10:01:09)" in words
    assert "Сенімділік" in words
    assert "0,71" in words
    assert "face_detection_full_range 0.10.21" in words
    assert act.recording_digest in packed
    assert act.evidence[1].clip_sha256 in packed
    assert act.evidence[1].clip_url in packed
    assert act.verify_url in packed
    assert "00:59:48 / 01:00:00 (99,6 % емтихан уақытынан)" in words
    assert "Растаған" in words
    assert "Сейтқали Айгерім Бауыржанқызы, 22.11.2026 12:20:05 (UTC+5)" in words
    assert "Екінші адаммен сөйлесті." in words
    assert "00:20:00 – 00:20:12 (10:20:00 – 10:20:12) байланыс" in words


def test_the_annex_says_how_closely_was_looked_and_how_many_phones_are_found(make_act, text_of):
    act = make_act(1, analysed_fps=2.5)
    measured = replace(act, evidence=(replace(act.evidence[0], recall=0.032),))
    words = " ".join(text_of(render_act(measured, "kk"), 2).split())
    assert "секундына орта есеппен 2,5 кадр талданды" in words
    assert "3,2 % көрініп тұрған телефондардан" in words
    unknown = " ".join(text_of(render_act(replace(act, analysed_fps=None), "kk"), 2).split())
    assert "секундына неше кадр талданғаны белгісіз" in unknown


@pytest.mark.parametrize("headings", [("items",), ("noted", "items", "chat")])
def test_no_heading_of_the_annex_stands_alone_at_the_foot_of_a_page(make_act, text_of, headings):
    """Each gap pushes what follows down by a row, over the end of the page and beyond."""
    said = ChatLine(make_act().made_at, by_student=True, author="Әлихан", text="Сөз " * 60)
    noted = NotedBreach(Form1Item.PHONE, None, "үстелдегі телефон " * 9)
    chat, seen = ((said, said), (noted,)) if "chat" in headings else ((), ())
    names = [label(f"annex.{name}") for name in ("about", "timeline", *headings)]
    for rows in range(10, 34):
        gaps = tuple(RecordingGap(at * 1000, at * 1000 + 500, "network") for at in range(rows))
        document = make_act(0 if chat else 1, gaps=gaps, chat=chat, noted=seen)
        pages = text_of(render_act(document, "kk")).split("\f")
        lines = [[line.strip() for line in page.splitlines() if line.strip()] for page in pages]
        for name in names:
            (found,) = [page for page in lines if name in page]
            below = found[found.index(name) + 1 :]
            assert len(below) > 2, (rows, name)  # at least a row; the footer has two lines


def test_the_act_says_that_people_decided(make_act, text_of):
    words = " ".join(text_of(render_act(make_act(1), "en"), 2).split())
    assert (
        "The flags were raised by software; each was reviewed and confirmed by a person." in words
    )
    assert "Белгілерді бағдарлама қойды, әрқайсысын адам қарап, растады." in words


def test_each_page_carries_number_revision_and_place(make_act, text_of):
    pdf = render_act(make_act(6, revision=3), "kk")
    pages = text_of(pdf).rstrip("\f").split("\f")
    for place, page in enumerate(pages, 1):
        words = " ".join(page.split())
        assert "АКТ № 2026-000123 · 3-редакция" in words
        assert re.search(rf"\b{place} ?/ ?{len(pages)}\b", words)


def test_a_new_revision_names_the_old(make_act, text_of):
    text = text_of(render_act(make_act(1, revision=2), "ru"), 1, 1)
    assert "2-редакция (1-редакцияның орнына)" in text
    assert "редакция 2 (взамен редакции 1)" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_stays_on_one_page_whatever_the_names(make_act, text_of, language):
    long = "Әбдірахманов-Құлмұхаммедұлы Өмірғұмыр " * 12
    act = make_act(
        30,
        frames=False,
        discipline=long,
        student=Student(long, long, long, "2" * 80, "т" * 200),
        authors=tuple(Person(long, "проктор") for _ in range(5)),
    )
    first = text_of(render_act(act, language), 1, 1)
    assert "АКТ № 2026-000123" in first
    assert "Факультет деканы" in first
    assert first.count("Әбдірахманов-Құлмұхаммедұлы") == 12 * 9
    assert "5)" in first


@pytest.mark.parametrize(("scale", "names"), [("short", "Ә"), ("long", "Ұ" * 400)])
def test_the_qr_code_reads_on_paper(make_act, picture_of, scale, names):
    student = Student(names, "ф", "б", "2", "т")
    pdf = render_act(make_act(1, frames=False, student=student), "kk")
    read, _, _ = cv2.QRCodeDetector().detectAndDecode(picture_of(pdf))
    assert read == "https://proctor.example.kz/verify/0192f3c4/9f2c9f2c"


def test_the_region_is_marked_on_the_frame(make_act, make_evidence, picture_of):
    entry = make_evidence(1)[0]
    marked = picture_of(render_act(make_act(0, evidence=(entry,)), "kk"), page=2)
    bare = replace(entry, regions=())
    plain = picture_of(render_act(make_act(0, evidence=(bare,)), "kk"), page=2)
    changed = (cv2.absdiff(marked, plain).max(axis=2) > 40).nonzero()
    assert len(changed[0]) > 500
    height, width = changed[0].ptp() / 150 * 25.4, changed[1].ptp() / 150 * 25.4
    # 64 × 48 mm is the frame on paper; the region spans 0.28 × 0.46 of it.
    assert width == pytest.approx(0.28 * 64, abs=1.5)
    assert height == pytest.approx(0.46 * 48, abs=1.5)


def test_poppler_accepts_the_seal(make_act, seal_key, require, tmp_path):
    act = make_act(1)
    file = tmp_path / "act.pdf"
    file.write_bytes(seal(render_act(act, "kk"), seal_key, act.made_at))
    run = subprocess.run([require("pdfsig"), file], capture_output=True, text=True, check=False)
    assert "Signature is Valid." in run.stdout
    assert "Total document signed" in run.stdout
    assert "ETSI.CAdES.detached" in run.stdout


def test_poppler_refuses_a_flipped_byte(sealed, require, tmp_path):
    file = tmp_path / "act.pdf"
    changed = bytearray(sealed)
    changed[sealed.index(b"/MediaBox") + 14] ^= 1
    file.write_bytes(changed)
    run = subprocess.run([require("pdfsig"), file], capture_output=True, text=True, check=False)
    assert "Signature is Valid." not in run.stdout


def test_another_process_another_day_gives_the_same_bytes():
    """Hash seeds, clocks and time zones of the machine leave no trace."""
    program = (
        "import hashlib, sys, importlib.util as u;"
        f"s = u.spec_from_file_location('samples', {str(SAMPLES)!r});"
        "m = u.module_from_spec(s); s.loader.exec_module(m);"
        "from acts.form1 import render_act;"
        "act = m.act(2);"
        "print(hashlib.sha256(render_act(act, 'ru')).hexdigest())"
    )
    digests = set()
    for seed, zone in (("1", "UTC"), ("2", "Pacific/Auckland")):
        settings = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "SOURCE_DATE_EPOCH": seed}
        made = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env=settings,
        )
        digests.add(made.stdout)
    assert len(digests) == 1
