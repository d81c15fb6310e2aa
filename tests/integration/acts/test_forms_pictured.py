"""All four forms in three languages as pictures: too little known of them, and far too much."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from acts import styles
from acts.contracts import (
    ChatLine,
    ExamSpan,
    Form1Item,
    Form4Document,
    Language,
    Person,
    Student,
)
from acts.form4 import COLUMNS
from acts.form4_pdf import render_form4_pdf
from acts.forms import render_form
from acts.labels import FORM1, label
from acts.labels_form23 import FORM2, FORM3
from acts.seal_mark import PLACE
from acts.sheet import LANDSCAPE, PORTRAIT

pytestmark = pytest.mark.integration

LANGUAGES = ("kk", "ru", "en")
DPI = 40
LONG = "Әбдірахманов-Құлмұхаммедұлы Өмірғұмыр Жәңгірханұлы " * 6
STRANGER = Student(LONG, LONG, LONG, "2" * 40, "т" * 80)
NOBODY = Student("", "", "", "", "")
CROWD = tuple(Person(LONG, "проктор") for _ in range(5))
# Not of every document: of a revision, of technical flags, of a picture that is missing.
NOT_ON_EACH = {
    "form1.replaces", "form1.in_annex", "form1.technical", "form1.year", "form1.number",
    "form2.refused", "form3.no_picture", "form3.picture_unreadable",
}  # fmt: skip


def labels_of(form: int) -> list[str]:
    keys = {1: FORM1, 2: FORM2, 3: FORM3, 4: [f"form4.{column}" for column in COLUMNS]}[form]
    items = [f"item.{item.value}" for item in Form1Item] if form == 1 else []
    return [key for key in [*keys, *items] if key not in NOT_ON_EACH]


def many_flags(make: SimpleNamespace) -> object:
    """With all that an annex may hold, made while the exam ran."""
    flags = make.evidence(30)
    return make.act(
        0,
        evidence=(replace(flags[0], recall=0.62, lasting=True), *flags[1:]),
        exam=ExamSpan(600_000, 4_200_000, ended=False),
        recorded_until_ms=4_100_000,
        supplied_seconds=5.0,
        chat=tuple(
            ChatLine(make.act(0).made_at, bool(place % 2), "Ә. Ө.", "Камераны түзетіңіз. " * 5)
            for place in range(8)
        ),
    )


def little_known(make: SimpleNamespace) -> object:
    flag = replace(
        make.evidence(1, frames=False)[0],
        model="", clip_url="", clip_sha256="", comment="", decided_by="", decided_at=None,
        frame_at_ms=None, regions=(),
    )  # fmt: skip
    return make.act(
        0, evidence=(flag,), student=NOBODY, authors=(), discipline="", recording_digest="",
        recording_seconds=0.0, recording_url="", verify_url="", analysed_fps=None, gaps=(),
    )  # fmt: skip


def long_rows(make: SimpleNamespace) -> Form4Document:
    document = make.list(30, member=LONG)
    rows = [
        replace(row, student=f"{place} {LONG}", discipline=LONG, proctor=LONG, act_made=None)
        for place, row in enumerate(document.rows)
    ]
    return replace(document, rows=tuple(rows))


CASES: dict[str, tuple[int, Callable[[SimpleNamespace], object]]] = {
    "form 1, one flag": (1, lambda make: make.act(1)),
    "form 1, thirty flags": (1, many_flags),
    "form 1, long names": (
        1,
        lambda make: make.act(1, student=STRANGER, discipline=LONG, authors=CROWD),
    ),
    "form 1, little known": (1, little_known),
    "form 2": (2, lambda make: make.refusal()),
    "form 2, long names": (
        2,
        lambda make: make.refusal(student=STRANGER, author=CROWD[0], witnesses=CROWD),
    ),
    "form 2, little known": (
        2,
        lambda make: make.refusal(student=NOBODY, author=Person(""), witnesses=(), verify_url=""),
    ),
    "form 3": (3, lambda make: make.outsider()),
    "form 3, long names": (
        3,
        lambda make: make.outsider(student=STRANGER, authors=CROWD, outsider=LONG, discipline=LONG),
    ),
    "form 3, little known": (
        3,
        lambda make: make.outsider(
            student=NOBODY, authors=(), outsider="", enrolled=None, seen=None, verify_url=""
        ),
    ),
    "form 4, one row": (4, lambda make: make.list(1)),
    "form 4, thirty long rows": (4, long_rows),
    "form 4, little known": (4, lambda make: make.list(0, member="")),
}
# Pages, where the document's size says so; the annex of thirty flags depends on the language.
PAGES = {"form 1, one flag": 2, "form 1, little known": 2, "form 4, one row": 1} | {
    case: 1 for case in (*CASES, "form 4, little known") if case.startswith(("form 2", "form 3"))
}


@pytest.fixture
def make(make_act, make_evidence, make_refusal, make_outsider, make_list) -> SimpleNamespace:
    evidence = cache(make_evidence)
    return SimpleNamespace(
        act=make_act,
        evidence=evidence,
        refusal=make_refusal,
        outsider=make_outsider,
        list=make_list,
    )


@pytest.fixture
def pictures_of(require, tmp_path) -> Callable[[bytes], list[np.ndarray]]:
    """Every page, in colour."""
    program = require("pdftoppm")

    def draw(pdf: bytes) -> list[np.ndarray]:
        file = tmp_path / "form.pdf"
        file.write_bytes(pdf)
        for old in tmp_path.glob("page-*.png"):
            old.unlink()
        subprocess.run([program, "-r", str(DPI), "-png", file, tmp_path / "page"], check=True)
        files = sorted(tmp_path.glob("page-*.png"))
        return [cv2.imread(str(one)) for one in files]

    return draw


def pixels(points: float) -> int:
    return round(points * DPI / 72)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_each_form_fits_its_pages(case, language, make, pictures_of, text_of):
    form, document_of = CASES[case]
    pdf = rendered(document_of(make), language)
    pages, text = pictures_of(pdf), text_of(pdf)
    assert len(pages) == text.count("\f")
    assert len(pages) == PAGES.get(case, len(pages))
    if form == 4 or len(pages) > 1:
        assert re.search(rf"\b{len(pages)} ?/ ?{len(pages)}\b", " ".join(text.split()))
    assert missing(case, form, text, language) == []
    for page in pages:
        assert outside(page, LANDSCAPE if form == 4 else PORTRAIT) == 0
        assert share_of_ink(page) > 0.001  # no page stands empty
    if form != 4:
        x0, y0, x1, y1 = map(pixels, PLACE)
        top = pages[0].shape[0]
        assert (pages[0][top - y1 + 1 : top - y0 - 1, x0 + 1 : x1 - 1] == 255).all()  # the seal's


def rendered(document: object, language: Language) -> bytes:
    if isinstance(document, Form4Document):
        return render_form4_pdf(document, language)
    return render_form(document, language)


def missing(case: str, form: int, text: str, language: Language) -> list[str]:
    """Labels that cannot be read; form 4's stand in narrow columns, so word by word."""
    words = " ".join(text.split())
    wanted = [label(key, code) for key in labels_of(form) for code in ("kk", language)]
    if case.endswith("little known"):
        wanted = [one for one in wanted if one not in with_data(language)]
    if form == 4:
        wanted = [word for wording in wanted for word in wording.split()]
    return [wording for wording in wanted if wording not in words]


def with_data(language: Language) -> set[str]:
    """What stands beside a QR code and under faces only."""
    keys = ("form1.verify", "form3.enrolled", "form3.seen")
    return {label(key, code) for key in keys for code in ("kk", language)}


def outside(page: np.ndarray, paper) -> int:
    """Pixels that are not white, left and right of what may be printed on, above and below it."""
    height, width = page.shape[:2]
    left, right = pixels(paper.left) - 2, width - pixels(paper.right) + 2
    top, bottom = pixels(styles.MARGIN_TOP) - 2, height - pixels(styles.MARGIN_BOTTOM / 3)
    edges = (page[:, :left], page[:, right:], page[:top], page[bottom:])
    return sum(int((edge < 250).any(axis=2).sum()) for edge in edges)


def share_of_ink(page: np.ndarray) -> float:
    return float((page < 128).all(axis=2).mean())


def test_flags_and_faces_are_seen_on_paper(make, pictures_of):
    """Red marks on the timeline's lanes of thirty flags; two coloured pictures on form 3."""
    annex = pictures_of(rendered(many_flags(make), "kk"))[1]
    blue, green, red = (annex[:, :, channel].astype(int) for channel in range(3))
    lanes = ((red - green > 60) & (red - blue > 60)).sum(axis=1) > 0
    assert lanes.sum() >= 7  # a lane for each kind, at least a pixel high
    both = pictures_of(rendered(make.outsider(), "kk"))[0]
    none = pictures_of(rendered(make.outsider(enrolled=None, seen=None), "kk"))[0]
    coloured = [int((np.ptp(page.astype(int), axis=2) > 25).sum()) for page in (both, none)]
    assert coloured[1] == 0
    assert coloured[0] > 1000
