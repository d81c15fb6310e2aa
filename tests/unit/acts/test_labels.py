"""The forms' Kazakh wording, letter for letter (domain.md), and its translations."""

import re

import pytest

from acts.contracts import Form1Item
from acts.labels import LABELS, filled, kind_name, label

FORM1 = [
    ("form1.number", "АКТ №"),
    ("form1.subject", "емтихандағы тәртіп ережелерін бұзу туралы"),
    ("form1.discipline", "Пән"),
    ("form1.authors", "Осы актіні жасаған тұлғалардың тегі, аты, әкесінің аты:"),
    ("form1.student", "Білім алушының АТӘ"),
    ("form1.faculty", "Факультет"),
    ("form1.course", "Курс"),
    ("form1.group", "Топ №"),
    ("form1.date", "Күні"),
    ("form1.time", "Уақыты"),
    (
        "form1.description",
        "Бұзушылықтың сипаттамасы (керегін белгілеу / немесе астын сызу):",
    ),
    ("item.phone", "ұялы телефонды пайдалану"),
    ("item.cheat_sheet", "шпаргалкаларды пайдалану"),
    (
        "item.electronic_means",
        "электрондық байланыс құралдарын пайдалану (құлаққаптар және т.б.)",
    ),
    ("item.other_screen", "басқа компьютер экранынан ақпаратты оқу"),
    ("item.leaving_seat", "өздігінен орын ауыстыру, аудиториядан шығу"),
    ("item.conversation", "студенттер арасындағы әңгімелер"),
    ("form1.resolution", "Осы фактіні ескере отырып:"),
    ("form1.resolution_student", "(білім алушының АТӘ)"),
    ("form1.resolution_end", "білім алушының емтихан нәтижелерін жою"),
    ("form1.acquainted", "Актімен таныстым:"),
    ("form1.student_signature", "Білім алушының қолы"),
    ("form1.dean", "Факультет деканы"),
    ("form1.year", "20__ ж."),
]
FORM2 = [
    ("form2.name", "2 үлгі"),
    (
        "form2.subject",
        "емтихандағы тәртіп ережелерін бұзу туралы актіге қол қоюдан бас тарту туралы",
    ),
    ("form2.me", "Мен,"),
    ("form2.person", "(АТӘ, қызметі)"),
    ("form2.present", "мыналардың қатысуымен:"),
    ("form2.certify", "Куәлік етемін: білім алушы"),
    ("form2.group", "топ №"),
    ("form2.breach", "емтихандағы мінез-құлық ережелерін бұзғаны туралы"),
    ("form2.refused", "___ № ___ АКТ-ге қол қоюдан бас тартты"),
]
FORM3 = [
    ("form3.name", "3 үлгі"),
    ("form3.subject", "емтихан өткізу барысында бөгде адамды анықтау"),
    ("form3.authors", "Осы актіні жасаған тұлғалар"),
    ("form3.group", "топ №"),
    ("form3.instead", "Білім алушының орнына"),
    ("form3.citizen", "азаматтың"),
    ("form3.fact", "емтихан тапсыруға әрекет ету фактісі анықталды"),
    ("form3.resolution", "Осы фактіні ескере отырып, ҚАУЛЫ ЕТТІ:"),
    ("form3.resolution_end", "білім алушының емтихан нәтижелерін жою"),
    ("form3.signature", "білім алушының / жалған тұлғаның қолы"),
]
FORM4 = [
    ("form4.no", "№"),
    ("form4.student", "АЖӘ"),
    ("form4.programme", "Мамандығы/БББ"),
    ("form4.course_group", "Курс, топ"),
    ("form4.discipline", "Пән"),
    ("form4.exam_date", "Емтихан күні"),
    ("form4.link", "Сілтеме"),
    ("form4.act", "АКТ (жасалды/жасалмады)"),
    ("form4.proctor", "Проктордың АЖӘ"),
    ("form4.checked", "Тексерілді ___ академиялық адалдықты бұзғаны үшін емтихан жұмыстары"),
    ("form4.acts_made", "Оның ішінде акт жасалды ___"),
    ("form4.member", "Жұмыс тобы мүшесінің АЖӘ ___ (қолы)"),
    ("form4.date", "Күні"),
]
FLAG_KINDS = [
    "absence",
    "extra_face",
    "identity_mismatch",
    "phone",
    "notes",
    "headphones",
    "second_screen",
    "looking_away",
    "speech",
    "camera_blocked",
    "feed_frozen",
    "feed_looped",
    "virtual_camera",
    "identity_unclear",
    "focus_lost",
    "connection_lost",
    "seat_changed",
    "analysis_lost",
]
KAZAKH_ONLY = re.compile("[ӘәҒғҚқҢңӨөҰұҮүҺһІі]")


@pytest.mark.parametrize(("key", "wording"), [*FORM1, *FORM2, *FORM3, *FORM4])
def test_kazakh_is_the_forms_own_wording(key, wording):
    assert label(key, "kk") == wording


@pytest.mark.parametrize("key", LABELS)
def test_every_label_speaks_three_languages_with_the_same_blanks(key):
    texts = [label(key, language) for language in ("kk", "ru", "en")]
    assert all(text.strip() == text and text for text in texts)
    assert len({text.replace("20__", "").count("___") for text in texts}) == 1


@pytest.mark.parametrize("key", LABELS)
def test_translations_are_translations(key):
    kazakh, russian, english = (label(key, code) for code in ("kk", "ru", "en"))
    if KAZAKH_ONLY.search(kazakh):
        assert russian != kazakh
    assert key == "form4.choose" or not KAZAKH_ONLY.search(russian + english)
    assert key == "form4.choose" or not re.search("[А-Яа-я]", english)


@pytest.mark.parametrize("item", list(Form1Item))
def test_each_box_of_form_1_has_its_label(item):
    assert label(f"item.{item.value}", "kk")


@pytest.mark.parametrize("kind", FLAG_KINDS)
def test_each_kind_of_flag_is_named_in_three_languages(kind):
    names = {kind_name(kind, language) for language in ("kk", "ru", "en")}
    assert len(names) == 3
    assert f"kind.{kind}" in LABELS


def test_a_kind_of_a_later_version_prints_as_its_code():
    assert kind_name("thought_reading", "kk") == "thought_reading"


def test_blanks_are_filled_in_order():
    assert filled("form1.replaces", "kk", "3", "2") == "3-редакция (2-редакцияның орнына)"


def test_a_blank_without_a_value_is_an_error():
    with pytest.raises(ValueError, match="zip"):
        filled("form1.replaces", "kk", "3")
