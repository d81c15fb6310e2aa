"""Form 2, the act on a student's refusal to sign the act on breach of exam rules (S-19)."""

from collections.abc import Iterator
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Spacer

from acts import styles, typefaces, values
from acts.blanks import Blank, OnePage, Row
from acts.contracts import Language, Person, RefusalDocument
from acts.errors import DocumentInvalid
from acts.form_parts import (
    blank,
    check,
    course_and_group,
    heading,
    hint,
    imprint,
    line,
    person,
)
from acts.labels import filled, label
from acts.sheet import set_pages

_WITNESSES = 2  # the form has lines for two


def render_refusal(document: RefusalDocument, language: Language) -> bytes:
    """Form 2 as PDF, one page; the same document and language give the same bytes.

    Raises DocumentInvalid.
    """
    check_refusal(document)
    return set_pages([OnePage([*_form(document, language)])], imprint(document, language))


def check_refusal(document: RefusalDocument) -> None:
    """Raises DocumentInvalid."""
    check(document, ())
    if not (document.draft or typefaces.plain(document.act_number)):
        raise DocumentInvalid("form 2 names the act that was not signed")


def _form(document: RefusalDocument, language: Language) -> Iterator[Any]:
    yield from heading(document, language, _date(document, language))
    yield from _people(document, language)
    yield from _student(document, language)
    yield from _refusal(document, language)
    yield from _signatures(document, language)


def _date(document: RefusalDocument, language: Language) -> Any:
    dates = [values.written_day(document.made_at, code) for code in ("kk", language)]
    return styles.text(styles.join(dates[0], dates[1]), 11, centred=True, before=3)


def _people(document: RefusalDocument, language: Language) -> Iterator[Any]:
    yield Blank(
        label("form2.me"),
        person(document.author),
        translation=styles.beside("form2.me", language),
    )
    yield hint("form2.person", language)
    yield Spacer(0, 2 * mm)
    yield from line("form2.present", language)
    for place in range(max(_WITNESSES, len(document.witnesses))):
        yield Blank(f"{place + 1})", person(_witness(document, place)))
        yield hint("form2.person", language)


def _witness(document: RefusalDocument, place: int) -> Person | None:
    return document.witnesses[place] if place < len(document.witnesses) else None


def _student(document: RefusalDocument, language: Language) -> Iterator[Any]:
    student = document.student
    yield Spacer(0, 4 * mm)
    yield blank("form2.certify", student.full_name, language)
    yield hint("form2.student", language)
    yield blank("form1.faculty", student.faculty, language)
    yield course_and_group(student.course, student.group, "form2.group", language)


def _refusal(document: RefusalDocument, language: Language) -> Iterator[Any]:
    number = typefaces.plain(document.act_number) or "___"
    yield Spacer(0, 2 * mm)
    yield from line("form2.breach", language)
    sentences = [
        filled("form2.refused", code, values.act_day(document.act_date, code), number)
        for code in ("kk", language)
    ]
    yield styles.text(typefaces.markup(sentences[0]), 11.5, before=4)
    if language != "kk":
        look = {"face": typefaces.ITALIC, "quiet": True}
        yield styles.text(typefaces.markup(sentences[1]), 8.5, **look)


def _signatures(document: RefusalDocument, language: Language) -> Iterator[Any]:
    """A line for each hand: the author's, then the witnesses'."""
    count = max(_WITNESSES, len(document.witnesses))
    people = [document.author, *(_witness(document, place) for place in range(count))]
    yield Spacer(0, 8 * mm)
    for someone in people:
        yield Spacer(0, 3 * mm)
        name = typefaces.markup(someone.full_name) if someone else ""
        yield Row([(0.4, Blank("", "")), (0.6, Blank("", name))])
        hints = [(0.4, hint("form2.signature", language)), (0.6, hint("form3.full_name", language))]
        yield Row(hints)
