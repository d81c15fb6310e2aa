"""The accessible twin of form 1: one self-contained HTML page that says what the PDF says.

Read by screen readers, zoomed and reflowed on a phone. It needs nothing but itself and runs no
script; the sealed PDF stays the original, and the page says so.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from html import escape

from acts import typefaces, values
from acts.contracts import ActDocument, EvidenceItem, Form1Item, Language, Person, Region
from acts.form1 import breach_time, check_act
from acts.form_parts import title
from acts.frames import frame_size
from acts.labels import filled, kind_name, label
from acts.sheet import draft_mark

STYLE = """
:root{color-scheme:light}
body{margin:0;background:#fff;color:#111;font:1rem/1.5 'Times New Roman',Tinos,serif}
main{max-width:48rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1,h2,h3{line-height:1.25}h1{font-size:1.6rem;margin:.5rem 0 0}h2{font-size:1.25rem;margin-top:2rem}
.t{color:#555;font-style:italic}.subject{font-weight:bold;margin:0}
.note{border-left:.3rem solid #5b6f86;padding:.4rem .8rem;background:#f2f4f6}
.draft{border:.2rem solid #b3261e;color:#b3261e;font-weight:bold;text-align:center;padding:.3rem}
dl{display:grid;grid-template-columns:minmax(9rem,2fr) 3fr;gap:.35rem 1rem}
dt,dd{margin:0;overflow-wrap:anywhere}dd{border-bottom:1px solid #ccc}
ul.boxes{list-style:none;padding:0}ul.boxes li{margin:.4rem 0}
figure{margin:0 0 1rem}.frame{position:relative;display:inline-block;max-width:100%}
.frame img{display:block;max-width:100%;height:auto}
.frame svg{position:absolute;inset:0;width:100%;height:100%}
.frame rect{fill:none;stroke:#b3261e;stroke-width:3;vector-effect:non-scaling-stroke}
table{border-collapse:collapse;width:100%}
th,td{border:1px solid #999;padding:.3rem .5rem;text-align:left}
a{color:#1f4e79;overflow-wrap:anywhere}article{border-top:1px solid #999;margin-top:1.5rem}
@media(max-width:32rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}
@media print{article{break-inside:avoid}}
"""
# For the server's Content-Security-Policy: this style and no other.
STYLE_SHA256 = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

Rows = Iterable[tuple[str, str]]  # (label as HTML, value as HTML)


def render_act_html(document: ActDocument, language: Language) -> bytes:
    """The page, UTF-8. Kazakh wording stands first, ``language`` beside it. DocumentInvalid."""
    check_act(document)
    name = _text(f"{title(document)} — {label('form1.subject')}")
    body = [*_head(document, language), *_form(document, language), *_annex(document, language)]
    page = (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}</title><style>{STYLE}</style></head>\n"
        f"<body><main>\n{chr(10).join(body)}\n</main></body></html>\n"
    )
    return page.encode()


def _text(value: str) -> str:
    return escape(typefaces.plain(value))


def _join(kazakh: str, translated: str, language: Language) -> str:
    """Each part says in which language it is, so that it is read aloud rightly."""
    if language == "kk":
        return _text(kazakh)
    official = f'<span lang="kk">{_text(kazakh)}</span>'
    if not translated or translated == kazakh:
        return official
    return f'{official} <span class="t" lang="{language}">/ {_text(translated)}</span>'


def _both(key: str, language: Language) -> str:
    return _join(label(key), label(key, language), language)


def _name(key: str, language: Language) -> str:
    kazakh, translated = values.sentence(label(key)), values.sentence(label(key, language))
    return _join(kazakh, translated, language)


def _kind(kind: str, language: Language) -> str:
    kazakh = values.sentence(kind_name(kind))
    return _join(kazakh, values.sentence(kind_name(kind, language)), language)


def _list(rows: Rows) -> str:
    pairs = "\n".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    return f"<dl>\n{pairs}\n</dl>"


def _link(url: str) -> str:
    words = _text(url)
    if values.web_link(url) is None:
        return words
    return f'<a href="{escape(url, quote=True)}" rel="noreferrer">{words}</a>'


def _head(document: ActDocument, language: Language) -> Iterator[str]:
    if document.draft:
        yield f'<p class="draft">{_text(draft_mark(language))}</p>'
    yield f'<p class="t">{_both("form1.name", language)}</p>'
    yield f"<h1>{_text(title(document))}</h1>"
    yield f'<p class="subject">{_both("form1.subject", language)}</p>'
    if document.revision > 1:
        numbers = str(document.revision), str(document.revision - 1)
        words = [filled("form1.replaces", code, *numbers) for code in ("kk", language)]
        yield f"<p>{_join(words[0], words[1], language)}</p>"
    yield f'<p class="note">{_both("html.copy", language)}</p>'


def _form(document: ActDocument, language: Language) -> Iterator[str]:
    student = document.student
    yield _list([(_both("form1.discipline", language), _text(document.discipline))])
    yield f"<p>{_both('form1.authors', language)}</p>"
    authors = "".join(f"<li>{_person(author)}</li>" for author in document.authors)
    yield f"<ol>{authors}</ol>" if authors else "<p>—</p>"
    fields = (
        ("form1.student", student.full_name),
        ("form1.faculty", student.faculty),
        ("form1.course", student.course),
        ("form1.group", student.group),
        ("form1.date", values.day(document.exam_date)),
        ("form1.time", breach_time(document)),
    )
    yield _list((_both(key, language), _text(value)) for key, value in fields)
    yield f"<h2>{_both('form1.description', language)}</h2>"
    boxes = "\n".join(_box(document, item, language) for item in Form1Item)
    yield f'<ul class="boxes">\n{boxes}\n</ul>'
    yield _list([(_both("form1.resolution", language), _text(student.full_name))])
    yield f"<p>{_both('form1.resolution_end', language)}</p>"


def _person(person: Person) -> str:
    return _text(", ".join(part for part in (person.full_name, person.position) if part.strip()))


def _box(document: ActDocument, item: Form1Item, language: Language) -> str:
    """A box whose state is also said in words; a ticked one leads to its flags."""
    numbers = [n for n, entry in enumerate(document.evidence, 1) if entry.item is item]
    state = "html.ticked" if numbers else "html.unticked"
    sign = typefaces.TICKED if numbers else typefaces.UNTICKED
    box = f'<span role="img" aria-label="{escape(label(state, language))}">{sign}</span>'
    words = _both(f"item.{item.value}", language)
    if not numbers:
        return f"<li>{box} {words}</li>"
    links = ", ".join(f'<a href="#flag-{n}">{n}</a>' for n in numbers)
    return f"<li>{box} <strong>{words}</strong> (№ {links})</li>"


def _annex(document: ActDocument, language: Language) -> Iterator[str]:
    yield f"<h2>{_both('annex.title', language)}</h2>"
    if document.evidence:
        yield f"<p>{_both('annex.human', language)}</p>"
    yield f"<h3>{_both('annex.about', language)}</h3>"
    yield _list(_about(document, language))
    yield f"<h3>{_both('annex.items', language)}</h3>"
    if not document.evidence:
        yield f"<p>{_both('annex.no_items', language)}</p>"
        return
    yield _table(document, language)
    for number, entry in enumerate(document.evidence, 1):
        yield _article(document, number, entry, language)


def _about(document: ActDocument, language: Language) -> Iterator[tuple[str, str]]:
    yield _name("annex.exam_date", language), values.day(document.exam_date)
    yield _name("annex.zero", language), values.moment(values.clock(document, 0))
    yield _name("annex.coverage", language), _coverage(document, language)
    for gap in document.gaps:
        span = values.span(document, gap.start_ms, gap.end_ms)
        yield _name("annex.gap", language), f"{span} {_cause(gap.cause, language)}".rstrip()
    yield _name("annex.digest", language), _text(document.recording_digest) or "—"
    if document.recording_url:
        yield _name("annex.recording", language), _link(document.recording_url)
    yield _name("annex.software", language), _software(document, language)
    yield _name("annex.made_at", language), values.moment(document.made_at)
    if document.verify_url:
        yield _name("annex.verify", language), _link(document.verify_url)


def _coverage(document: ActDocument, language: Language) -> str:
    recorded = document.recording_seconds + document.supplied_seconds
    lengths = [values.offset(seconds * 1000) for seconds in (recorded, document.exam_seconds)]
    share = values.share(recorded, document.exam_seconds, language)
    covered = f"{' / '.join(lengths)} ({share} {_both('annex.coverage_of', language)})"
    if not document.supplied_seconds:
        return covered
    supplied = values.offset(document.supplied_seconds * 1000)
    return f"{covered}; {_both('annex.supplied', language)}: {supplied}"


def _cause(cause: str, language: Language) -> str:
    try:
        return _both(f"gap.{cause}", language)
    except KeyError:  # of a later version
        return _text(cause)


def _software(document: ActDocument, language: Language) -> str:
    if document.analysed_fps is None:
        return _text(document.software)
    rate = f"{document.analysed_fps:.1f}".removesuffix(".0")
    rates = [filled("annex.fps", code, rate) for code in ("kk", language)]
    return f"{_text(document.software)}; {_join(rates[0], rates[1], language)}"


def _table(document: ActDocument, language: Language) -> str:
    """The timeline in words."""
    names = "".join(
        f'<th scope="col">{_name(key, language)}</th>' for key in ("html.flag", "annex.span")
    )
    rows = "\n".join(
        f'<tr><td><a href="#flag-{number}">{number}. {_kind(entry.kind, language)}</a></td>'
        f"<td>{values.span(document, entry.start_ms, entry.end_ms)}</td></tr>"
        for number, entry in enumerate(document.evidence, 1)
    )
    caption = f"<caption>{_both('annex.timeline', language)}</caption>"
    return f"<table>{caption}<thead><tr>{names}</tr></thead><tbody>\n{rows}\n</tbody></table>"


def _article(document: ActDocument, number: int, entry: EvidenceItem, language: Language) -> str:
    heading = f"<h3>{number}. {_kind(entry.kind, language)}</h3>"
    figure = _figure(entry, language)
    details = _list(_details(document, entry, language))
    return f'<article id="flag-{number}">{heading}\n{figure}{details}</article>'


def _figure(entry: EvidenceItem, language: Language) -> str:
    if not entry.frame_jpeg or not (size := frame_size(entry.frame_jpeg)):
        return ""
    picture = b64encode(entry.frame_jpeg).decode()
    img = (
        f'<img src="data:image/jpeg;base64,{picture}" width="{size[0]}" height="{size[1]}" '
        f'alt="{escape(_alternative(entry, language))}">'
    )
    return f'<figure><div class="frame">{img}{_marks(entry.regions)}</div></figure>\n'


def _alternative(entry: EvidenceItem, language: Language) -> str:
    at_ms = entry.start_ms if entry.frame_at_ms is None else entry.frame_at_ms
    kind = typefaces.plain(kind_name(entry.kind, language))
    words = f"{label('annex.frame', language)} {values.offset(at_ms)}: {kind}"
    return f"{words}; {label('html.marked', language)}" if entry.regions else words


def _marks(regions: tuple[Region, ...]) -> str:
    """Over the untouched picture, as in print; what it shows stands in the picture's text."""
    boxes = "".join(map(_mark, regions))
    if not boxes:
        return ""
    look = 'viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true"'
    return f"<svg {look}>{boxes}</svg>"


def _mark(region: Region) -> str:
    x0, x1 = sorted(min(max(edge, 0.0), 1.0) for edge in region[::2])
    y0, y1 = sorted(min(max(edge, 0.0), 1.0) for edge in region[1::2])
    size = f'width="{x1 - x0:.4f}" height="{y1 - y0:.4f}"'
    return f'<rect x="{x0:.4f}" y="{y0:.4f}" {size}/>'


def _details(
    document: ActDocument, entry: EvidenceItem, language: Language
) -> Iterator[tuple[str, str]]:
    item = f"item.{entry.item.value}" if entry.item else "item.none"
    yield _name("annex.item", language), _both(item, language)
    yield _name("annex.span", language), values.span(document, entry.start_ms, entry.end_ms)
    yield _name("annex.confidence", language), values.decimal(entry.confidence, 2, language)
    yield _name("annex.model", language), _text(entry.model) or "—"
    if entry.frame_jpeg:
        if frame_size(entry.frame_jpeg) is None:
            yield _name("annex.frame", language), _both("annex.frame_unreadable", language)
        digest = hashlib.sha256(entry.frame_jpeg).hexdigest()
        yield _name("annex.frame_digest", language), digest
    if entry.clip_url:
        yield _name("annex.clip", language), _link(entry.clip_url)
    if entry.clip_sha256:
        yield _name("annex.clip_digest", language), _text(entry.clip_sha256)
    if entry.decided_by:
        yield _name("annex.decided_by", language), _decision(document, entry)
    if entry.comment.strip():
        yield _name("annex.comment", language), _text(entry.comment)


def _decision(document: ActDocument, entry: EvidenceItem) -> str:
    if entry.decided_at is None:
        return _text(entry.decided_by)
    at = values.moment(entry.decided_at.astimezone(document.made_at.tzinfo))
    return f"{_text(entry.decided_by)}, {at}"
