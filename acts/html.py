"""The accessible twin of form 1: one self-contained HTML page that says what the PDF says.

Read by screen readers, zoomed and reflowed on a phone. It needs nothing but itself and runs no
script; the sealed PDF stays the original, and the page says so.
"""

import hashlib
from collections.abc import Iterator
from html import escape

from acts import typefaces, values
from acts.annex import about_title, noted_at, rate_words
from acts.contracts import ActDocument, EvidenceItem, Form1Item, Language
from acts.form1 import breach_time, check_act
from acts.frames import frame_size
from acts.html_parts import both, form_page, join, link, listed, name, people, picture, table, text
from acts.labels import kind_name, label


def render_act_html(document: ActDocument, language: Language) -> bytes:
    """The page, UTF-8. Kazakh wording stands first, ``language`` beside it. DocumentInvalid."""
    check_act(document)
    body = [*_form(document, language), *_annex(document, language)]
    return form_page(document, body, language)


def _kind(kind: str, language: Language) -> str:
    kazakh = values.sentence(kind_name(kind))
    return join(kazakh, values.sentence(kind_name(kind, language)), language)


def _form(document: ActDocument, language: Language) -> Iterator[str]:
    student = document.student
    yield listed([(both("form1.discipline", language), text(document.discipline))])
    yield f"<p>{both('form1.authors', language)}</p>"
    yield people(document.authors)
    fields = (
        ("form1.student", student.full_name),
        ("form1.faculty", student.faculty),
        ("form1.course", student.course),
        ("form1.group", student.group),
        ("form1.date", values.day(document.exam_date)),
        ("form1.time", breach_time(document)),
    )
    yield listed((both(key, language), text(value)) for key, value in fields)
    yield f"<h2>{both('form1.description', language)}</h2>"
    boxes = "\n".join(_box(document, item, language) for item in Form1Item)
    yield f'<ul class="boxes">\n{boxes}\n</ul>'
    yield listed([(both("form1.resolution", language), text(student.full_name))])
    yield f"<p>{both('form1.resolution_end', language)}</p>"


def _box(document: ActDocument, item: Form1Item, language: Language) -> str:
    """A box whose state is also said in words; a ticked one leads to its flags."""
    numbers = [n for n, entry in enumerate(document.evidence, 1) if entry.item is item]
    ticked = item in document.ticked
    state = "html.ticked" if ticked else "html.unticked"
    sign = typefaces.TICKED if ticked else typefaces.UNTICKED
    box = f'<span role="img" aria-label="{escape(label(state, language))}">{sign}</span>'
    words = both(f"item.{item.value}", language)
    if not ticked:
        return f"<li>{box} {words}</li>"
    if not numbers:
        return f"<li>{box} <strong>{words}</strong></li>"
    links = ", ".join(f'<a href="#flag-{n}">{n}</a>' for n in numbers)
    return f"<li>{box} <strong>{words}</strong> (№ {links})</li>"


def _annex(document: ActDocument, language: Language) -> Iterator[str]:
    yield f"<h2>{both('annex.title', language)}</h2>"
    if document.evidence:
        yield f"<p>{both('annex.human', language)}</p>"
    if document.noted:
        yield f"<p>{both('annex.noted_human', language)}</p>"
    yield f"<h3>{both(about_title(document), language)}</h3>"
    yield listed(_about(document, language))
    if document.noted:
        yield from _noted(document, language)
    if document.recorded:
        yield from _items(document, language)
    if document.chat:
        yield from _chat(document, language)


def _items(document: ActDocument, language: Language) -> Iterator[str]:
    yield f"<h3>{both('annex.items', language)}</h3>"
    if not document.evidence:
        yield f"<p>{both('annex.no_items', language)}</p>"
        return
    yield _table(document, language)
    for number, entry in enumerate(document.evidence, 1):
        yield _article(document, number, entry, language)


def _noted(document: ActDocument, language: Language) -> Iterator[str]:
    yield f"<h3>{both('annex.noted', language)}</h3>"
    keys = ("annex.noted_at", "annex.item", "annex.noted_words")
    rows = (
        (noted_at(document, one), both(f"item.{one.item.value}", language), text(one.words))
        for one in document.noted
    )
    yield table((name(key, language) for key in keys), rows)


def _chat(document: ActDocument, language: Language) -> Iterator[str]:
    yield f"<h3>{both('annex.chat', language)}</h3>"
    rows = []
    for line in document.chat:
        who = "annex.chat_student" if line.by_student else "annex.chat_proctor"
        at = f"{line.at.astimezone(document.made_at.tzinfo):%H:%M:%S}"
        rows.append((f"{at} {both(who, language)}: {text(line.author)}", text(line.text)))
    yield listed(rows)


def _about(document: ActDocument, language: Language) -> Iterator[tuple[str, str]]:
    yield name("annex.exam_date", language), values.day(document.exam_date)
    if document.recorded:
        yield from _recording(document, language)
    if document.recording_url:
        yield name("annex.recording", language), link(document.recording_url)
    yield name("annex.software", language), _software(document, language)
    yield name("annex.made_at", language), values.moment(document.made_at)
    if document.verify_url:
        yield name("annex.verify", language), link(document.verify_url)


def _recording(document: ActDocument, language: Language) -> Iterator[tuple[str, str]]:
    yield name("annex.zero", language), values.moment(values.clock(document, 0))
    yield name("annex.coverage", language), _coverage(document, language)
    for gap in document.gaps:
        span = values.span(document, gap.start_ms, gap.end_ms)
        yield name("annex.gap", language), f"{span} {_cause(gap.cause, language)}".rstrip()
    digest = text(document.recording_digest) or "—"
    yield name("annex.digest", language), _so_far(digest, language, when=document.ongoing)


def _so_far(words: str, language: Language, *, when: bool) -> str:
    return f"{words}; {both('annex.so_far', language)}" if when else words


def _coverage(document: ActDocument, language: Language) -> str:
    recorded = document.recording_seconds + document.supplied_seconds
    lengths = [values.offset(seconds * 1000) for seconds in (recorded, document.exam_seconds)]
    share = values.share(recorded, document.exam_seconds, language)
    covered = f"{' / '.join(lengths)} ({share} {both('annex.coverage_of', language)})"
    if document.supplied_seconds:
        supplied = values.offset(document.supplied_seconds * 1000)
        covered = f"{covered}; {both('annex.supplied', language)}: {supplied}"
    return _so_far(covered, language, when=document.ongoing)


def _span(document: ActDocument, entry: EvidenceItem, language: Language) -> str:
    span = values.span(document, entry.start_ms, entry.end_ms)
    return _so_far(span, language, when=entry.lasting)


def _cause(cause: str, language: Language) -> str:
    try:
        return both(f"gap.{cause}", language)
    except KeyError:  # of a later version
        return text(cause)


def _software(document: ActDocument, language: Language) -> str:
    if not document.recorded:
        return text(document.software)
    rates = join(rate_words(document, "kk"), rate_words(document, language), language)
    return f"{text(document.software)}; {rates}"


def _table(document: ActDocument, language: Language) -> str:
    """The timeline in words."""
    keys = ("html.flag", "annex.span")
    rows = (
        (
            f'<a href="#flag-{number}">{number}. {_kind(entry.kind, language)}</a>',
            _span(document, entry, language),
        )
        for number, entry in enumerate(document.evidence, 1)
    )
    names = (name(key, language) for key in keys)
    return table(names, rows, both("annex.timeline", language))


def _article(document: ActDocument, number: int, entry: EvidenceItem, language: Language) -> str:
    heading = f"<h3>{number}. {_kind(entry.kind, language)}</h3>"
    figure = picture(entry.frame_jpeg or b"", _alternative(entry, language), entry.regions)
    details = listed(_details(document, entry, language))
    return f'<article id="flag-{number}">{heading}\n{figure}{details}</article>'


def _alternative(entry: EvidenceItem, language: Language) -> str:
    at_ms = entry.start_ms if entry.frame_at_ms is None else entry.frame_at_ms
    kind = typefaces.plain(kind_name(entry.kind, language))
    words = f"{label('annex.frame', language)} {values.offset(at_ms)}: {kind}"
    return f"{words}; {label('html.marked', language)}" if entry.regions else words


def _details(
    document: ActDocument, entry: EvidenceItem, language: Language
) -> Iterator[tuple[str, str]]:
    item = f"item.{entry.item.value}" if entry.item else "item.none"
    yield name("annex.item", language), both(item, language)
    yield name("annex.span", language), _span(document, entry, language)
    yield name("annex.confidence", language), values.decimal(entry.confidence, 2, language)
    yield name("annex.model", language), text(entry.model) or "—"
    if entry.recall is not None:
        found = f"{values.share(entry.recall, 1, language)} {both('annex.recall_of', language)}"
        yield name("annex.recall", language), found
    if entry.frame_jpeg:
        if frame_size(entry.frame_jpeg) is None:
            yield name("annex.frame", language), both("annex.frame_unreadable", language)
        digest = hashlib.sha256(entry.frame_jpeg).hexdigest()
        yield name("annex.frame_digest", language), digest
    if entry.clip_url:
        yield name("annex.clip", language), link(entry.clip_url)
    if entry.clip_sha256:
        yield name("annex.clip_digest", language), text(entry.clip_sha256)
    if entry.decided_by:
        yield name("annex.decided_by", language), _decision(document, entry)
    if entry.comment.strip():
        yield name("annex.comment", language), text(entry.comment)


def _decision(document: ActDocument, entry: EvidenceItem) -> str:
    if entry.decided_at is None:
        return text(entry.decided_by)
    at = values.moment(entry.decided_at.astimezone(document.made_at.tzinfo))
    return f"{text(entry.decided_by)}, {at}"
