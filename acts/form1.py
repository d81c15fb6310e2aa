"""Form 1, the act on breach of exam rules (S-17): the form on one A4 page, then the evidence."""

from collections.abc import Iterator
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import PageBreak, Spacer

from acts import styles, typefaces, values
from acts.annex import annex_story
from acts.blanks import OnePage, Row
from acts.contracts import ActDocument, Form1Item, Language
from acts.form_parts import (
    acquainted,
    blank,
    check,
    course_and_group,
    heading,
    hint,
    imprint,
    line,
    note,
    numbered_people,
)
from acts.labels import filled, kind_name, label
from acts.sheet import set_pages

_TEXT = 7 * mm  # right of the boxes


def render_act(document: ActDocument, language: Language) -> bytes:
    """The act as PDF. Kazakh wording stands first; ``language`` adds the reader's beside it.

    The same document and language give the same bytes. Raises DocumentInvalid.
    """
    check_act(document)
    story = [
        OnePage([*_form(document, language)]),
        PageBreak(),
        *annex_story(document, language),
    ]
    return set_pages(story, imprint(document, language))


def check_act(document: ActDocument) -> None:
    """Raises DocumentInvalid."""
    times = [document.started_at]
    times += [entry.decided_at for entry in document.evidence if entry.decided_at]
    times += [one.at for one in document.noted if one.at]
    times += [line.at for line in document.chat]
    numbers = [
        document.recording_seconds,
        document.exam_seconds,
        document.analysed_fps or 0.0,
        document.supplied_seconds,
    ]
    numbers += [entry.confidence for entry in document.evidence]
    numbers += [entry.recall or 0.0 for entry in document.evidence]
    numbers += [edge for entry in document.evidence for box in entry.regions for edge in box]
    check(document, times, numbers)


def _form(document: ActDocument, language: Language) -> Iterator[Any]:
    yield from heading(document, language)
    yield from _people(document, language)
    yield from _description(document, language)
    yield from _resolution(document, language)
    yield from acquainted("form1.student_signature", language)


def _people(document: ActDocument, language: Language) -> Iterator[Any]:
    student = document.student
    yield blank("form1.discipline", document.discipline, language)
    yield Spacer(0, 2 * mm)
    yield from line("form1.authors", language)
    yield Spacer(0, 0.5 * mm)
    yield from numbered_people(document.authors)
    yield Spacer(0, 2 * mm)
    yield blank("form1.student", student.full_name, language)
    yield blank("form1.faculty", student.faculty, language)
    yield course_and_group(student.course, student.group, "form1.group", language)
    yield Row(
        [
            (0.4, blank("form1.date", values.day(document.exam_date), language)),
            (0.6, blank("form1.time", breach_time(document), language)),
        ]
    )


def breach_time(document: ActDocument) -> str:
    """When the breach was: as noted, else the first ticked item's, flag's or the exam's start."""
    if noted := [one.at for one in document.noted if one.at]:
        return f"{min(noted).astimezone(document.made_at.tzinfo):%H:%M:%S}"
    ticked = [entry.start_ms for entry in document.evidence if entry.item]
    starts = ticked or [entry.start_ms for entry in document.evidence] or [0]
    return f"{values.clock(document, min(starts)):%H:%M:%S}"


def _description(document: ActDocument, language: Language) -> Iterator[Any]:
    yield Spacer(0, 3 * mm)
    yield from line("form1.description", language)
    yield Spacer(0, 1 * mm)
    for item in Form1Item:
        yield from _item(document, item, language)
    technical = [n for n, entry in enumerate(document.evidence, 1) if entry.item is None]
    if technical:
        yield _technical(document, technical, language)


def _places(numbers: list[int], language: Language) -> str:
    written = values.ranges(numbers)
    words = styles.join(
        filled("form1.in_annex", "kk", written), filled("form1.in_annex", language, written)
    )
    return f' <font size="8.5" color="#595959">({words})</font>'


def _item(document: ActDocument, item: Form1Item, language: Language) -> Iterator[Any]:
    key = f"item.{item.value}"
    numbers = [n for n, entry in enumerate(document.evidence, 1) if entry.item is item]
    ticked = item in document.ticked
    box = typefaces.TICKED if ticked else typefaces.UNTICKED
    words = typefaces.markup(label(key))
    if ticked:
        words = f"<b>{words}</b>{_places(numbers, 'kk') if numbers else ''}"
    yield styles.text(f"<bullet>{box}</bullet>{words}", 11.5, indent=_TEXT, after=1)
    yield from note(key, language, indent=_TEXT)
    yield Spacer(0, 0.5 * mm)


def _technical(document: ActDocument, numbers: list[int], language: Language) -> Any:
    kinds = list(dict.fromkeys(document.evidence[n - 1].kind for n in numbers))
    words = [
        f"{label('form1.technical', code)}: {', '.join(kind_name(kind, code) for kind in kinds)}"
        for code in ("kk", language)
    ]
    line = styles.join(words[0], words[1]) + _places(numbers, "kk")
    return styles.text(line, 9.5, indent=_TEXT, after=1.5)


def _resolution(document: ActDocument, language: Language) -> Iterator[Any]:
    yield Spacer(0, 4 * mm)
    yield blank("form1.resolution", document.student.full_name, language)
    yield hint("form1.resolution_student", language)
    yield Spacer(0, 1.5 * mm)
    yield from line("form1.resolution_end", language)
