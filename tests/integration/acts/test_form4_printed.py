"""Form 4's pages as poppler reads them."""

from dataclasses import replace

import pytest

from acts.form4_pdf import render_form4_pdf
from acts.labels import label

pytestmark = pytest.mark.integration

COLUMNS = ("no", "student", "programme", "course_group", "discipline", "exam_date", "link", "act")


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_header_stands_on_each_page_in_both_languages(make_list, text_of, language):
    pages = text_of(render_form4_pdf(make_list(60), language)).rstrip("\f").split("\f")
    assert len(pages) > 2
    for page in pages[:-1]:
        words = " ".join(page.split())
        for column in COLUMNS:
            for code in ("kk", language):
                assert set(label(f"form4.{column}", code).split()) <= set(words.split())


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_footer_counts(make_list, text_of, language):
    words = " ".join(text_of(render_form4_pdf(make_list(40), language)).split())
    assert "Тексерілді 40 академиялық адалдықты бұзғаны үшін емтихан жұмыстары" in words
    assert "Оның ішінде акт жасалды 14" in words
    assert "Жұмыс тобы мүшесінің АЖӘ Ахметова Гүлнәр ____________ (қолы)" in words
    if language == "ru":
        assert "Из них составлен акт 14" in words
        assert "Проверено 40 экзаменационных работ" in words


def test_every_student_stands_in_the_list_once(make_list, text_of):
    packed = "".join(text_of(render_form4_pdf(make_list(120), "kk")).split())
    assert packed.count("НұрланұлыӘлихан") == 120
    assert packed.count("жасалмады") >= 80


def test_rows_of_long_names_stay_whole_under_one_header_a_page(make_list, text_of):
    name = "Әбдірахманов-Құлмұхаммедұлы Өмірғұмыр Жәңгірханұлы " * 4
    few = make_list(12)
    rows = tuple(replace(row, student=name) for row in few.rows)
    pages = text_of(render_form4_pdf(replace(few, rows=rows), "kk")).rstrip("\f").split("\f")
    assert len(pages) > 2
    assert {page.count("Мамандығы") for page in pages if "Сейтқали" in page} == {1}
    assert {"".join(page.split()).count("Жәңгірханұлы") % 4 for page in pages} == {0}


def test_a_draft_says_so_on_every_page(make_list, text_of):
    pages = text_of(render_form4_pdf(make_list(60, draft=True), "en")).rstrip("\f").split("\f")
    assert all("ЖОБА / DRAFT" in page for page in pages)
