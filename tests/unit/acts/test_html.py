"""The accessible twin of form 1: it says what the PDF says, and obeys nobody's text."""

import base64
import hashlib
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest

from acts.contracts import EvidenceItem, ExamSpan, Form1Item, NotedBreach, Student
from acts.errors import DocumentInvalid
from acts.forms import render_form_html
from acts.html import render_act_html
from acts.html_parts import STYLE, STYLE_SHA256
from acts.labels import FORM1, label

LANGUAGES = ("kk", "ru", "en")
VOID = {"meta", "img", "rect"}
NOT_ON_EACH_PAGE = {
    "form1.number",  # stands with its value
    "form1.replaces",
    "form1.in_annex",
    "form1.technical",
    "form1.verify",
    "form1.resolution_student",
    # The page is for reading; what is signed by hand is the printed form.
    "form1.acquainted",
    "form1.student_signature",
    "form1.dean",
    "form1.year",
}


class Page(HTMLParser):
    """Elements with attributes, the text, and whether every element is closed in its place."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements, self.open, self.words = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def _page(act, language="kk") -> Page:
    page = Page(render_act_html(act, language).decode())
    assert page.open == []
    return page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_stands_in_kazakh_and_in_the_readers_language(make_act, language):
    text = _page(make_act(6), language).text
    wanted = [label(key, code) for key in FORM1 for code in ("kk", language)
              if key not in NOT_ON_EACH_PAGE]  # fmt: skip
    wanted += [label(f"item.{item}", code) for item in Form1Item for code in ("kk", language)]
    assert [words for words in wanted if words not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_its_language_and_each_part_its_own(make_act, language):
    page = _page(make_act(1), language)
    assert page.all("html")[0]["lang"] == language
    marked = {span.get("lang") for span in page.all("span")} - {None}
    assert marked == (set() if language == "kk" else {"kk", language})


def test_it_says_what_the_pdf_says(make_act):
    act = make_act(6)
    text = _page(act, "ru").text
    for value in (
        "АКТ № 2026-000123",
        "Нұрланұлы Әлихан",
        "22.11.2026",
        "10:01:05",
        "99,6 %",
        act.recording_digest,
        act.evidence[2].clip_sha256,
        hashlib.sha256(act.evidence[0].frame_jpeg).hexdigest(),
        "Екінші адаммен сөйлесті.",
        "00:20:00 – 00:20:12 (10:20:00 – 10:20:12) байланыс / связь",
        "мөр басылған PDF файлы",
    ):
        assert value in text


@pytest.mark.parametrize(
    ("fps", "words"),
    [
        (2.5, "в среднем анализировалось 2,5 кадра в секунду"),
        (None, "секундына неше кадр талданғаны белгісіз / сколько кадров"),
    ],
)
def test_it_says_how_closely_was_looked(make_act, fps, words):
    assert words in _page(make_act(1, analysed_fps=fps), "ru").text


def test_nothing_was_analysed_where_nothing_was_recorded(make_act):
    noted = (NotedBreach(Form1Item.PHONE),)
    act = make_act(0, noted=noted, recording_digest="", exam_seconds=0.0, analysed_fps=None)
    assert label("annex.fps_unknown") not in _page(act).text


def test_how_many_phones_the_model_finds_stands_beside_it(make_act):
    act = make_act(1)
    measured = replace(act, evidence=(replace(act.evidence[0], recall=0.032),))
    words = label("annex.recall", "en")
    assert "3.2 % көрініп тұрған телефондардан / of visible phones" in _page(measured, "en").text
    assert words in _page(measured, "en").text
    assert words not in _page(act, "en").text


def test_frames_are_inside_untouched_and_described(make_act):
    act = make_act(3)
    pictures = _page(act, "en").all("img")
    kept = [base64.b64decode(picture["src"].split(",")[1]) for picture in pictures]
    assert kept == [entry.frame_jpeg for entry in act.evidence]
    assert pictures[0]["alt"] == (
        "Frame 00:01:06: no person in the picture; the detected region is marked"
    )


def test_nothing_is_fetched_and_nothing_runs(make_act):
    page = _page(make_act(6))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "iframe", "object", "form"}
    assert all(src["src"].startswith("data:image/jpeg;base64,") for src in page.all("img"))
    assert not any(key.startswith("on") or key == "style" for _, at in page.elements for key in at)


def test_boxes_say_their_state_in_words(make_act):
    signs = [span for span in _page(make_act(1), "ru").all("span") if span.get("role") == "img"]
    assert [sign["aria-label"] for sign in signs].count("отмечено") == 1
    assert len(signs) == 6


def test_links_inside_the_page_lead_somewhere(make_act):
    page = _page(make_act(6), "en")
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    inner = [a["href"][1:] for a in page.all("a") if a["href"].startswith("#")]
    assert set(inner) == ids == {f"flag-{n}" for n in range(1, 7)}


EVIL = '"><script>alert(1)</script><img src=x onerror="a()">'


def test_a_persons_text_stays_text(make_act):
    act = make_act(1)
    entry = replace(
        act.evidence[0], kind=EVIL, model=EVIL, comment=EVIL, decided_by=EVIL, clip_url=EVIL,
        clip_sha256=EVIL,
    )  # fmt: skip
    hostile = replace(
        act, evidence=(entry,), number=EVIL, discipline=EVIL, software=EVIL,
        student=Student(EVIL, EVIL, EVIL, EVIL, EVIL), recording_url="javascript:alert(1)",
        gaps=(replace(act.gaps[0], cause=EVIL),),
    )  # fmt: skip
    page = _page(hostile, "en")
    assert page.all("script") == []
    assert len(page.all("img")) == 1
    assert not any(a["href"].startswith("javascript") for a in page.all("a"))
    assert page.text.count("alert(1)") > 10


@pytest.mark.parametrize("frame", [None, b"", b"no picture"])
def test_a_flag_without_a_readable_frame(make_act, frame):
    bare = EvidenceItem(None, "of_a_later_version", 0, 0, 0.0, "", frame_jpeg=frame)
    page = _page(make_act(0, evidence=(bare,), gaps=(), authors=(), verify_url=""), "ru")
    assert page.all("img") == []
    assert ("кадр не читается" in page.text) == bool(frame)


def test_an_act_without_flags_says_so(make_act):
    assert "There are no confirmed flags." in _page(make_act(0), "en").text


def test_drafts_and_revisions_are_told(make_act):
    text = _page(make_act(0, draft=True, revision=3), "ru").text
    assert "ЖОБА / ПРОЕКТ" in text
    assert "редакция 3 (взамен редакции 2)" in text
    assert "ЖОБА" not in _page(make_act(0), "ru").text


def test_the_same_document_gives_the_same_bytes(make_act):
    assert render_act_html(make_act(2), "kk") == render_act_html(make_act(2), "kk")


def test_the_style_is_the_one_the_server_allows(make_act):
    html = render_act_html(make_act(0), "kk").decode()
    style = unescape(re.search("<style>(.*)</style>", html, re.DOTALL).group(1))
    assert style == STYLE
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert digest == STYLE_SHA256


def test_data_that_makes_no_act_is_refused(make_act):
    with pytest.raises(DocumentInvalid):
        render_act_html(make_act(0, number=""), "kk")


def test_a_digest_in_a_paragraph_wraps_on_a_phone(make_outsider):
    page = render_form_html(make_outsider(), "en").decode()
    assert re.search(r"<p>[^<]*SHA-256 [0-9a-f]{64}</p>", page)
    assert re.search(r"[}\n]p,[^{}]*\{[^}]*overflow-wrap:anywhere", page)


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_an_act_made_while_the_exam_runs_says_so_far(make_act, language):
    words = label("annex.so_far", language)
    ran = make_act(1, frames=False, exam=ExamSpan(0, 3_600_000, ended=True))
    assert words not in _page(ran, language).text
    lasting = replace(ran.evidence[0], lasting=True)
    running = replace(ran, exam=ExamSpan(0, 3_600_000, ended=False), evidence=(lasting,))
    text = _page(running, language).text
    assert text.count(words) == 4  # coverage, digest, the flag in the table and by itself
