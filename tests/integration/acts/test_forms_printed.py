"""Forms 2 and 3 and drafts as poppler reads them."""

from dataclasses import replace

import pytest

from acts.contracts import Person, Student
from acts.form1 import render_act
from acts.form2 import render_refusal
from acts.form3 import render_outsider
from acts.labels_form23 import FORM2, FORM3
from acts.seal_mark import PLACE
from acts.sheet import PORTRAIT

pytestmark = pytest.mark.integration

LANGUAGES = ("kk", "ru", "en")
NOT_ON_A_FULL_FORM = {"form3.no_picture", "form3.picture_unreadable", "form2.refused"}
LONG = "Әбдірахманов-Құлмұхаммедұлы Өмірғұмыр " * 12


def _missing(labels, text, language) -> list[str]:
    """Labels that do not stand on the page, in Kazakh or in the reader's language."""
    words = " ".join(text.split())
    wanted = {
        wording.in_(code)
        for key, wording in labels.items()
        for code in ("kk", language)
        if key not in NOT_ON_A_FULL_FORM
    }
    return sorted(wording for wording in wanted if wording not in words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_form_2_stands_letter_for_letter(make_refusal, text_of, language):
    text = text_of(render_refusal(make_refusal(), language))
    assert _missing(FORM2, text, language) == []
    assert "АКТ № 2026-0007" in text
    assert "«22» қараша 2026 ж." in text
    assert "2026 ж. «21» қараша № 2026-000123 АКТ-ге қол қоюдан бас тартты" in text
    assert text.count("Қуанышева Ұлбосын Жақсылыққызы") == 2  # as witness, beside the signature
    if language == "en":
        assert text.count("(student's full name)") == 1  # not under three other people's hands


@pytest.mark.parametrize("language", LANGUAGES)
def test_form_3_stands_letter_for_letter(make_outsider, text_of, language):
    text = text_of(render_outsider(make_outsider(), language))
    assert _missing(FORM3, text, language) == []
    assert text.count("Нұрланұлы Әлихан") == 3
    assert "Сәрсенов Ілияс Ғабитұлы" in text
    assert text.count("SHA-256") == 2
    assert "22.11.2026 10:30:05 (UTC+5)" in text


def test_form_3_tells_a_missing_face_from_a_broken_one(make_outsider, text_of):
    seen = make_outsider().seen
    text = text_of(render_outsider(make_outsider(enrolled=None, seen=seen), "ru"))
    assert "сурет жоқ / фото нет" in text
    assert "сурет оқылмайды" not in text


def test_absurdly_long_names_stay_whole_on_one_page(make_refusal, make_outsider, text_of):
    student = Student(LONG, LONG, LONG, "2" * 80, "т" * 200)
    people = tuple(Person(LONG, "проктор") for _ in range(5))
    refusal = make_refusal(student=student, author=people[0], witnesses=people)
    outsider = make_outsider(student=student, authors=people, outsider=LONG, discipline=LONG)
    name = "Әбдірахманов-Құлмұхаммедұлы"
    second, third = (
        text_of(render_refusal(refusal, "en")),
        text_of(render_outsider(outsider, "en")),
    )
    assert second.count(name) == 12 * (6 + 2 + 6)
    assert third.count(name) == 12 * (1 + 5 + 2 + 3)
    assert second.count("\f") == third.count("\f") == 1


def test_every_page_of_a_draft_says_so(make_act, text_of):
    pages = text_of(render_act(make_act(6, draft=True, number=""), "ru")).rstrip("\f").split("\f")
    assert len(pages) >= 3
    assert all("ЖОБА / ПРОЕКТ" in page for page in pages)
    assert "АКТ № ___" in pages[0]


@pytest.mark.parametrize("page", [1, 2])
def test_the_mark_lies_across_each_page_under_the_text(make_act, picture_of, page):
    draft = picture_of(render_act(make_act(2, draft=True), "kk"), page)
    final = picture_of(render_act(make_act(2), "kk"), page)
    body = slice(0, int(draft.shape[0] * 0.92))  # without the footer
    changed = (draft[body] != final[body]).any(axis=2)
    assert changed.mean() > 0.01
    assert draft[body][changed].mean() > 200  # pale: what stands over it is read


def test_a_final_act_never_says_draft(make_act, text_of):
    assert "ЖОБА" not in text_of(render_act(make_act(1), "kk"))


@pytest.mark.parametrize("make", ["make_refusal", "make_outsider"])
def test_a_form_set_smaller_keeps_its_heading_clear_of_the_seal(request, make, picture_of):
    plain = request.getfixturevalue(make)()
    people = {"authors": (Person(LONG),)} if make == "make_outsider" else {"author": Person(LONG)}
    long = replace(plain, student=Student(LONG, LONG, LONG, "2", "т"), **people)
    dpi, height = 100, PORTRAIT.height
    x0, y0, x1, y1 = (round(edge * dpi / 72) for edge in PLACE)
    top = round(height * dpi / 72)
    for document in (plain, long):
        page = picture_of(_render(document), 1, dpi)
        assert (page[top - y1 : top - y0, x0 : x1 + 3] == 255).all()  # the seal's own place


def _render(document) -> bytes:
    render = render_outsider if document.form == 3 else render_refusal
    return render(document, "en")
