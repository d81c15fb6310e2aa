"""What forms 1–3 share: checks, the file's imprint, the head with its QR code, people's lines."""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from acts import record, styles, typefaces
from acts.blanks import Blank, FullSize, Row
from acts.contracts import Language, Numbered, Person
from acts.errors import DocumentInvalid
from acts.labels import filled, label
from acts.qr import draw_qr
from acts.record import AnyAct
from acts.sheet import Attachment, Imprint, draft_mark

_QR_SIDE = 23 * mm
_HEADING = _QR_SIDE + 3 * mm  # keeps the heading clear of the QR code, and centred
_AUTHORS = 3  # the forms number three


def check(document: Numbered, times: Iterable[datetime], numbers: Iterable[float] = ()) -> None:
    """Raises DocumentInvalid."""
    if any(moment.utcoffset() is None for moment in (document.made_at, *times)):
        raise DocumentInvalid("every time in an act carries its zone")
    if not all(math.isfinite(number) for number in numbers):
        raise DocumentInvalid("every number in an act is finite")
    if document.revision < 1 or not (document.draft or typefaces.plain(document.number)):
        raise DocumentInvalid("an act has a number and a revision from 1")


def title(document: Numbered) -> str:
    return f"{label('form1.number')} {typefaces.plain(document.number) or '___'}"


def imprint(document: AnyAct, language: Language) -> Imprint:
    subject = f"form{document.form}.subject"
    revision = str(document.revision)
    footer = f"{title(document)} · {filled('footer.revision', 'kk', revision)}"
    if language != "kk":
        footer += f" / {filled('footer.revision', language, revision)}"
    mark = draft_mark(language) if document.draft else ""
    return Imprint(
        title=f"{title(document)} — {label(subject)}",
        author=document.software,
        subject=label(subject, language),
        keywords=f"{title(document)}; {filled('footer.revision', 'kk', revision)}",
        language=language,
        made_at=document.made_at,
        footer=footer,
        attachments=(Attachment(record.NAME, record.act_record(document), "application/json"),),
        draft=mark,
    )


class Head(Flowable):  # type: ignore[misc] # reportlab carries no types
    """The bookmark of the form, and the QR code in its corner, outside the flow of text."""

    def __init__(self, document: Numbered, language: Language) -> None:
        super().__init__()
        self.document, self.language = document, language

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self.width, self.height = width, 0
        return width, 0

    def draw(self) -> None:
        self.canv.bookmarkPage("form")
        self.canv.addOutlineEntry(title(self.document), "form", level=0)
        if not self.document.verify_url:
            return
        left = self.width - _QR_SIDE
        draw_qr(self.canv, self.document.verify_url, left, -_QR_SIDE, _QR_SIDE)
        words = styles.text(styles.both("form1.verify", self.language), 7.5, centred=True)
        words.wrap(_QR_SIDE, 10 * mm)
        words.drawOn(self.canv, left, -_QR_SIDE - words.height - 1)


def heading(document: Numbered, language: Language, *more: Any) -> Iterator[Any]:
    """«1 үлгі», «АКТ № …», what the act is about, which revision it replaces; then ``more``."""
    yield FullSize([*_heading(document, language), *more])
    yield Spacer(0, 6 * mm)


def _heading(document: Numbered, language: Language) -> Iterator[Any]:
    name, subject = f"form{document.form}.name", f"form{document.form}.subject"
    number = typefaces.markup(title(document))
    yield Head(document, language)
    yield styles.text(styles.both(name, language), 9, quiet=True)
    yield Spacer(0, 5 * mm)
    yield styles.text(number, 16, face=typefaces.BOLD, centred=True, indent=_HEADING)
    yield styles.text(label(subject), 13, face=typefaces.BOLD, centred=True, indent=_HEADING)
    yield from note(subject, language, 10, centred=True, indent=_HEADING)
    if document.revision > 1:
        revisions = str(document.revision), str(document.revision - 1)
        words = [filled("form1.replaces", code, *revisions) for code in ("kk", language)]
        yield styles.text(styles.join(words[0], words[1]), 9.5, centred=True)


def note(
    key: str, language: Language, size: float = 8.5, *, centred: bool = False, indent: float = 0
) -> Iterator[Any]:
    """The label's translation on a line of its own, where there is one."""
    if translation := styles.beside(key, language):
        look = {"face": typefaces.ITALIC, "quiet": True, "centred": centred, "indent": indent}
        yield styles.text(typefaces.markup(translation), size, **look)


def line(key: str, language: Language, size: float = 11.5) -> Iterator[Any]:
    """Words of the form, the translation beneath."""
    yield styles.text(label(key), size)
    yield from note(key, language)


def hint(key: str, language: Language) -> Any:
    """«(АТӘ)» under a blank."""
    return styles.text(styles.both(key, language), 8.5, centred=True)


def blank(key: str, value: str, language: Language) -> Blank:
    return Blank(label(key), typefaces.markup(value), translation=styles.beside(key, language))


def person(someone: Person | None) -> str:
    """«АТӘ, қызметі» as markup."""
    if someone is None:
        return ""
    parts = (someone.full_name, someone.position)
    return typefaces.markup(", ".join(part for part in parts if part.strip()))


def numbered_people(people: tuple[Person, ...], least: int = _AUTHORS) -> Iterator[Any]:
    for place in range(max(least, len(people))):
        yield Blank(f"{place + 1})", person(people[place] if place < len(people) else None))


def course_and_group(course: str, group: str, key: str, language: Language) -> Row:
    return Row([(0.4, blank("form1.course", course, language)), (0.6, blank(key, group, language))])


def acquainted(student_key: str, language: Language) -> Iterator[Any]:
    """«Актімен таныстым»: the lines for the student's and the dean's hand."""
    yield Spacer(0, 6 * mm)
    yield from line("form1.acquainted", language)
    for key in (student_key, "form1.dean"):
        yield Spacer(0, 4 * mm)
        yield Blank(
            label(key), translation=styles.beside(key, language), suffix=label("form1.year")
        )
