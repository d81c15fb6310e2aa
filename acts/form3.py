"""Form 3, the act on an outsider who sat the exam in the student's place."""

from collections.abc import Iterator
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Spacer

from acts.blanks import OnePage
from acts.contracts import Language, OutsiderDocument
from acts.faces import Faces
from acts.form_parts import (
    acquainted,
    blank,
    check,
    course_and_group,
    heading,
    hint,
    imprint,
    line,
    numbered_people,
)
from acts.sheet import set_pages


def render_outsider(document: OutsiderDocument, language: Language) -> bytes:
    """Form 3 as PDF, one page, with both faces where given; deterministic.

    Raises DocumentInvalid.
    """
    check_outsider(document)
    return set_pages([OnePage([*_form(document, language)])], imprint(document, language))


def check_outsider(document: OutsiderDocument) -> None:
    """Raises DocumentInvalid."""
    pictures = [picture for picture in (document.enrolled, document.seen) if picture]
    check(
        document,
        [picture.taken_at for picture in pictures if picture.taken_at],
        [edge for picture in pictures for edge in picture.region or ()],
    )


def _form(document: OutsiderDocument, language: Language) -> Iterator[Any]:
    yield from heading(document, language)
    yield from _people(document, language)
    yield from _fact(document, language)
    if document.enrolled or document.seen:
        yield Spacer(0, 3 * mm)
        yield Faces(document, language)
    yield from _resolution(document, language)
    yield from acquainted("form3.signature", language)


def _people(document: OutsiderDocument, language: Language) -> Iterator[Any]:
    student = document.student
    yield blank("form1.discipline", document.discipline, language)
    yield Spacer(0, 2 * mm)
    yield from line("form3.authors", language)
    yield from numbered_people(document.authors)
    yield Spacer(0, 2 * mm)
    yield blank("form1.student", student.full_name, language)
    yield blank("form1.faculty", student.faculty, language)
    yield course_and_group(student.course, student.group, "form3.group", language)


def _fact(document: OutsiderDocument, language: Language) -> Iterator[Any]:
    yield Spacer(0, 3 * mm)
    yield blank("form3.instead", document.student.full_name, language)
    yield hint("form3.full_name", language)
    yield blank("form3.citizen", document.outsider, language)
    yield hint("form3.full_name", language)
    yield from line("form3.fact", language)


def _resolution(document: OutsiderDocument, language: Language) -> Iterator[Any]:
    yield Spacer(0, 3 * mm)
    yield from line("form3.resolution", language)
    yield blank("form3.resolution_end", document.student.full_name, language)
    yield hint("form3.full_name", language)
