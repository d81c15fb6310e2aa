"""What makes the act evidence: the recording's proof, the timeline, each confirmed flag."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Spacer, Table

from acts import styles, typefaces, values
from acts.bookmarks import Bookmark
from acts.contracts import ActDocument, ChatLine, EvidenceItem, Language, NotedBreach
from acts.frames import WIDTH as FRAME_WIDTH
from acts.frames import MarkedFrame, frame_size
from acts.labels import LABELS, filled, kind_name, label
from acts.sheet import FRAME_HEIGHT as PAGE_HEIGHT
from acts.sheet import FRAME_WIDTH as PAGE_WIDTH
from acts.timeline import Timeline

Rows = list[tuple[str, str]]  # (label markup, value markup)

_PLAIN = [
    ("FONTNAME", (0, 0), (-1, -1), typefaces.REGULAR),  # or Helvetica comes along, not embedded
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ("TOPPADDING", (0, 0), (-1, -1), 1.2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.2),
]


def annex_story(document: ActDocument, language: Language) -> Iterator[Any]:
    yield Bookmark(label("annex.title"), "annex", 0)
    yield styles.text(styles.both("annex.title", language), 14, face=typefaces.BOLD, after=4)
    if document.evidence:
        yield styles.text(styles.both("annex.human", language), 10, after=6)
    if document.noted:
        yield styles.text(styles.both("annex.noted_human", language), 10, after=6)
    yield from _rows(about_title(document), _about(document, language), 58 * mm, language)
    if document.recorded:
        legend = styles.text(styles.both("annex.legend", language), 8, quiet=True)
        yield _section("annex.timeline", [Timeline(document, language), legend], language)
    if document.noted:
        yield from _rows("annex.noted", _noted(document, language), 22 * mm, language)
    if document.recorded:
        yield from _items(document, language)
    if document.chat:
        said = [chat_line(document, line, language) for line in document.chat]
        yield from _rows("annex.chat", said, 62 * mm, language)


def about_title(document: ActDocument) -> str:
    return "annex.about" if document.recorded else "annex.about_act"


def _items(document: ActDocument, language: Language) -> Iterator[Any]:
    if not document.evidence:
        nothing = styles.text(styles.both("annex.no_items", language), 10)
        yield _section("annex.items", [nothing], language)
    for number, entry in enumerate(document.evidence, 1):
        parts = _item(document, number, entry, language)
        yield _section("annex.items", parts, language) if number == 1 else KeepTogether(parts)
        yield Spacer(0, 4 * mm)


def _noted(document: ActDocument, language: Language) -> Rows:
    rows = []
    for one in document.noted:
        item = styles.both(f"item.{one.item.value}", language)
        rows.append((noted_at(document, one), f"{item}<br/>{typefaces.markup(one.words)}"))
    return rows


def noted_at(document: ActDocument, one: NotedBreach) -> str:
    if one.at is None:
        return "—"
    return f"{one.at.astimezone(document.made_at.tzinfo):%H:%M:%S}"


def chat_line(document: ActDocument, line: ChatLine, language: Language) -> tuple[str, str]:
    """Markup: who and when; what."""
    who = "annex.chat_student" if line.by_student else "annex.chat_proctor"
    at = f"{line.at.astimezone(document.made_at.tzinfo):%H:%M:%S}"
    name = f"{at} {styles.both(who, language)}: {typefaces.markup(line.author)}"
    return name, typefaces.markup(line.text)


def _section(key: str, first: Sequence[Any], language: Language) -> Any:
    """A heading on one page with what comes first below it: neither stands alone."""
    heading = styles.text(styles.both(key, language), 11.5, face=typefaces.BOLD, after=2)
    return KeepTogether([Spacer(0, 3 * mm), Bookmark(label(key), key, 1), heading, *first])


def _rows(key: str, rows: Rows, names: float, language: Language) -> Iterator[Any]:
    """A section that is a table: its first row stays with the heading."""
    yield _section(key, [_table(rows[:1], PAGE_WIDTH, names)], language)
    if rest := rows[1:]:
        yield _table(rest, PAGE_WIDTH, names)


def _table(rows: Rows, width: float, names: float) -> Any:
    cells = [[styles.text(name, 9), styles.text(value, 9)] for name, value in rows]
    widths = [names, width - names]
    return Table(cells, colWidths=widths, style=_PLAIN, hAlign="LEFT", splitInRow=1)


def _row(key: str, value: str, language: Language) -> tuple[str, str]:
    kazakh = values.sentence(label(key))
    return styles.join(kazakh, values.sentence(styles.beside(key, language))), value


def _about(document: ActDocument, language: Language) -> Rows:
    rows = [_row("annex.exam_date", values.day(document.exam_date), language)]
    if document.recorded:
        rows += _recording(document, language)
    if document.recording_url:
        rows.append(_row("annex.recording", values.link(document.recording_url), language))
    rows.append(_row("annex.software", _software(document, language), language))
    rows.append(_row("annex.made_at", values.moment(document.made_at), language))
    if document.verify_url:
        rows.append(_row("annex.verify", values.link(document.verify_url), language))
    return rows


def _recording(document: ActDocument, language: Language) -> Rows:
    digest = typefaces.markup(document.recording_digest) or "—"
    gaps = [
        _row("annex.gap", _gap(document, place, language), language)
        for place in range(len(document.gaps))
    ]
    return [
        _row("annex.zero", values.moment(values.clock(document, 0)), language),
        _row("annex.coverage", _coverage(document, language), language),
        *gaps,
        _row("annex.digest", _so_far(digest, language, when=document.ongoing), language),
    ]


def _so_far(words: str, language: Language, *, when: bool) -> str:
    return f"{words}; {styles.both('annex.so_far', language)}" if when else words


def _coverage(document: ActDocument, language: Language) -> str:
    supplied, exam = document.supplied_seconds, document.exam_seconds
    recorded = document.recording_seconds + supplied
    words = f"{values.offset(recorded * 1000)} / {values.offset(exam * 1000)}"
    of = styles.both("annex.coverage_of", language)
    covered = f"{words} ({values.share(recorded, exam, language)} {of})"
    if supplied:
        of_it = styles.both("annex.supplied", language)
        covered = f"{covered}; {of_it}: {values.offset(supplied * 1000)}"
    return _so_far(covered, language, when=document.ongoing)


def _gap(document: ActDocument, place: int, language: Language) -> str:
    gap = document.gaps[place]
    words = values.span(document, gap.start_ms, gap.end_ms)
    return f"{words} {cause_name(gap.cause, language)}".rstrip()


def cause_name(cause: str, language: Language) -> str:
    known = f"gap.{cause}" in LABELS
    return styles.both(f"gap.{cause}", language) if known else typefaces.markup(cause)


def _software(document: ActDocument, language: Language) -> str:
    words = typefaces.markup(document.software)
    if not document.recorded:
        return words
    return f"{words}; {styles.join(rate_words(document, 'kk'), rate_words(document, language))}"


def rate_words(document: ActDocument, language: Language) -> str:
    """How closely the recording was looked at; that it is unknown where nobody counted."""
    if document.analysed_fps is None:
        return label("annex.fps_unknown", language)
    return filled("annex.fps", language, values.decimal(document.analysed_fps, 1, language))


def _item(document: ActDocument, number: int, entry: EvidenceItem, language: Language) -> list[Any]:
    kazakh = values.sentence(kind_name(entry.kind))
    translated = "" if language == "kk" else kind_name(entry.kind, language)
    heading = styles.text(
        f"{number}. {styles.join(kazakh, translated)}", 10.5, face=typefaces.BOLD, after=2
    )
    title = f"{number}. {kazakh}, {values.offset(entry.start_ms)}"
    parts = [Bookmark(title, f"flag-{number}", 2), heading, *_body(document, entry, language)]
    if entry.comment.strip():
        comment = f"{styles.both('annex.comment', language)}: {typefaces.markup(entry.comment)}"
        parts.append(styles.text(comment, 9, before=2))
    return parts


def _body(document: ActDocument, entry: EvidenceItem, language: Language) -> list[Any]:
    """The details beside the frame; under it where they are too long to stand on one page."""
    size = frame_size(entry.frame_jpeg) if entry.frame_jpeg else None
    rows = _details(document, entry, language, readable=size is not None)
    if size is None or entry.frame_jpeg is None:
        return [_table(rows, PAGE_WIDTH, 45 * mm)]
    right = PAGE_WIDTH - FRAME_WIDTH - 5 * mm
    frame = MarkedFrame(entry.frame_jpeg, entry.regions, size)
    details = _table(rows, right, 33 * mm)
    if details.wrap(right, PAGE_HEIGHT)[1] > PAGE_HEIGHT * 0.8:
        return [frame, _table(rows, PAGE_WIDTH, 45 * mm)]
    widths = [FRAME_WIDTH + 5 * mm, right]
    return [Table([[frame, details]], colWidths=widths, style=_PLAIN, hAlign="LEFT")]


def _details(
    document: ActDocument, entry: EvidenceItem, language: Language, *, readable: bool
) -> Rows:
    item = f"item.{entry.item.value}" if entry.item else "item.none"
    span = values.span(document, entry.start_ms, entry.end_ms)
    rows = [
        _row("annex.item", styles.both(item, language), language),
        _row("annex.span", _so_far(span, language, when=entry.lasting), language),
        _row("annex.confidence", values.decimal(entry.confidence, 2, language), language),
        _row("annex.model", typefaces.markup(entry.model) or "—", language),
    ]
    if entry.recall is not None:
        of = styles.both("annex.recall_of", language)
        found = f"{values.share(entry.recall, 1, language)} {of}"
        rows.append(_row("annex.recall", found, language))
    rows += _frame_rows(entry, language, readable=readable)
    if entry.clip_url:
        rows.append(_row("annex.clip", values.link(entry.clip_url), language))
    if entry.clip_sha256:
        rows.append(_row("annex.clip_digest", typefaces.markup(entry.clip_sha256), language))
    if entry.decided_by:
        rows.append(_row("annex.decided_by", _decision(document, entry), language))
    return rows


def _frame_rows(entry: EvidenceItem, language: Language, *, readable: bool) -> Rows:
    if not entry.frame_jpeg:
        return []
    digest = hashlib.sha256(entry.frame_jpeg).hexdigest()
    rows = [_row("annex.frame_digest", digest, language)]
    if not readable:
        unreadable = styles.both("annex.frame_unreadable", language)
        return [_row("annex.frame", unreadable, language), *rows]
    if entry.frame_at_ms is not None:
        rows.insert(0, _row("annex.frame", values.offset(entry.frame_at_ms), language))
    return rows


def _decision(document: ActDocument, entry: EvidenceItem) -> str:
    who = typefaces.markup(entry.decided_by)
    if entry.decided_at is None:
        return who
    return f"{who}, {values.moment(entry.decided_at.astimezone(document.made_at.tzinfo))}"
