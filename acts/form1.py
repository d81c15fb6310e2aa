"""Form 1, the act on breach of exam rules (S-17): the form on one A4 page, then the evidence."""

import math
from collections.abc import Iterator
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, PageBreak, Spacer

from acts import record, styles, typefaces, values
from acts.annex import annex_story
from acts.blanks import Blank, OnePage, Row
from acts.contracts import ActDocument, Form1Item, Language, Person
from acts.errors import DocumentInvalid
from acts.labels import filled, kind_name, label
from acts.qr import draw_qr
from acts.sheet import Attachment, Imprint, set_pages

_QR_SIDE = 23 * mm
_HEADING = _QR_SIDE + 3 * mm  # keeps the heading clear of the QR code, and centred
_TEXT = 7 * mm  # right of the boxes
_AUTHORS = 3  # the form numbers three


def render_act(document: ActDocument, language: Language) -> bytes:
    """The act as PDF. Kazakh wording stands first; ``language`` adds the reader's beside it.

    The same document and language give the same bytes. Raises DocumentInvalid.
    """
    _check(document)
    story = [
        OnePage([_Head(document, language), *_form(document, language)]),
        PageBreak(),
        *annex_story(document, language),
    ]
    return set_pages(story, _imprint(document, language))


def _check(document: ActDocument) -> None:
    times = [document.made_at, document.started_at]
    times += [entry.decided_at for entry in document.evidence if entry.decided_at]
    if any(moment.utcoffset() is None for moment in times):
        raise DocumentInvalid("every time in an act carries its zone")
    numbers = [document.recording_seconds, document.exam_seconds, document.analysed_fps or 0.0]
    numbers += [entry.confidence for entry in document.evidence]
    numbers += [edge for entry in document.evidence for box in entry.regions for edge in box]
    if not all(math.isfinite(number) for number in numbers):
        raise DocumentInvalid("every number in an act is finite")
    if not typefaces.plain(document.number) or document.revision < 1:
        raise DocumentInvalid("an act has a number and a revision from 1")


def _imprint(document: ActDocument, language: Language) -> Imprint:
    number = typefaces.plain(document.number)
    revision = str(document.revision)
    title = f"{label('form1.number')} {number}"
    footer = f"{title} · {filled('footer.revision', 'kk', revision)}"
    if language != "kk":
        footer += f" / {filled('footer.revision', language, revision)}"
    return Imprint(
        title=f"{title} — {label('form1.subject')}",
        author=document.software,
        subject=label("form1.subject", language),
        keywords=f"{title}; {filled('footer.revision', 'kk', revision)}",
        language=language,
        made_at=document.made_at,
        footer=footer,
        attachments=(Attachment(record.NAME, record.act_record(document), "application/json"),),
    )


class _Head(Flowable):  # type: ignore[misc] # reportlab carries no types
    """The bookmark of the form, and the QR code in its corner, outside the flow of text."""

    def __init__(self, document: ActDocument, language: Language) -> None:
        super().__init__()
        self.document, self.language = document, language

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self.width, self.height = width, 0
        return width, 0

    def draw(self) -> None:
        title = f"{label('form1.number')} {typefaces.plain(self.document.number)}"
        self.canv.bookmarkPage("form")
        self.canv.addOutlineEntry(title, "form", level=0)
        if not self.document.verify_url:
            return
        left = self.width - _QR_SIDE
        draw_qr(self.canv, self.document.verify_url, left, -_QR_SIDE, _QR_SIDE)
        words = styles.text(styles.both("form1.verify", self.language), 7.5, centred=True)
        words.wrap(_QR_SIDE, 10 * mm)
        words.drawOn(self.canv, left, -_QR_SIDE - words.height - 1)


def _form(document: ActDocument, language: Language) -> Iterator[Any]:
    yield from _heading(document, language)
    yield from _people(document, language)
    yield from _description(document, language)
    yield from _resolution(document, language)
    yield from _signatures(language)


def _heading(document: ActDocument, language: Language) -> Iterator[Any]:
    number = f"{label('form1.number')} {typefaces.markup(document.number)}"
    yield styles.text(styles.both("form1.name", language), 9, quiet=True)
    yield Spacer(0, 5 * mm)
    yield styles.text(number, 16, face=typefaces.BOLD, centred=True, indent=_HEADING)
    yield styles.text(
        label("form1.subject"), 13, face=typefaces.BOLD, centred=True, indent=_HEADING
    )
    yield from _note(styles.beside("form1.subject", language), 10)
    if document.revision > 1:
        revisions = str(document.revision), str(document.revision - 1)
        words = [filled("form1.replaces", code, *revisions) for code in ("kk", language)]
        yield styles.text(styles.join(words[0], words[1]), 9.5, centred=True)
    yield Spacer(0, 6 * mm)


def _note(
    translation: str, size: float, *, centred: bool = True, indent: float = 0
) -> Iterator[Any]:
    if translation:
        look = {"face": typefaces.ITALIC, "quiet": True, "centred": centred, "indent": indent}
        yield styles.text(typefaces.markup(translation), size, **look)


def _blank(key: str, value: str, language: Language) -> Blank:
    return Blank(label(key), typefaces.markup(value), translation=styles.beside(key, language))


def _people(document: ActDocument, language: Language) -> Iterator[Any]:
    student = document.student
    yield _blank("form1.discipline", document.discipline, language)
    yield Spacer(0, 2 * mm)
    yield styles.text(label("form1.authors"), 11.5)
    yield from _note(styles.beside("form1.authors", language), 8.5, centred=False)
    yield Spacer(0, 0.5 * mm)
    for place in range(max(_AUTHORS, len(document.authors))):
        author = document.authors[place] if place < len(document.authors) else None
        yield Blank(f"{place + 1})", _author(author))
    yield Spacer(0, 2 * mm)
    yield _blank("form1.student", student.full_name, language)
    yield _blank("form1.faculty", student.faculty, language)
    yield Row(
        [
            (0.4, _blank("form1.course", student.course, language)),
            (0.6, _blank("form1.group", student.group, language)),
        ]
    )
    yield Row(
        [
            (0.4, _blank("form1.date", values.day(document.exam_date), language)),
            (0.6, _blank("form1.time", _time(document), language)),
        ]
    )


def _author(author: Person | None) -> str:
    if author is None:
        return ""
    return typefaces.markup(
        ", ".join(part for part in (author.full_name, author.position) if part.strip())
    )


def _time(document: ActDocument) -> str:
    """When the breach was: the first ticked item, else the first flag, else the exam's start."""
    ticked = [entry.start_ms for entry in document.evidence if entry.item]
    starts = ticked or [entry.start_ms for entry in document.evidence] or [0]
    return f"{values.clock(document, min(starts)):%H:%M:%S}"


def _description(document: ActDocument, language: Language) -> Iterator[Any]:
    yield Spacer(0, 3 * mm)
    yield styles.text(label("form1.description"), 11.5)
    yield from _note(styles.beside("form1.description", language), 8.5, centred=False)
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
    box = typefaces.TICKED if numbers else typefaces.UNTICKED
    words = typefaces.markup(label(key))
    if numbers:
        words = f"<b>{words}</b>{_places(numbers, 'kk')}"
    yield styles.text(f"<bullet>{box}</bullet>{words}", 11.5, indent=_TEXT, after=1)
    yield from _note(styles.beside(key, language), 8.5, centred=False, indent=_TEXT)
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
    yield _blank("form1.resolution", document.student.full_name, language)
    yield styles.text(styles.both("form1.resolution_student", language), 8.5, centred=True)
    yield Spacer(0, 1.5 * mm)
    yield styles.text(label("form1.resolution_end"), 11.5)
    yield from _note(styles.beside("form1.resolution_end", language), 8.5, centred=False)


def _signatures(language: Language) -> Iterator[Any]:
    yield Spacer(0, 6 * mm)
    yield styles.text(label("form1.acquainted"), 11.5)
    yield from _note(styles.beside("form1.acquainted", language), 8.5, centred=False)
    for key in ("form1.student_signature", "form1.dean"):
        yield Spacer(0, 4 * mm)
        yield Blank(
            label(key), translation=styles.beside(key, language), suffix=label("form1.year")
        )
