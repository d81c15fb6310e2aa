"""What the accessible pages of documents share: the style, the head, words in two languages.

A page is self-contained and runs no script: it needs nothing but itself.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from html import escape

from acts import typefaces, values
from acts.contracts import Language, Numbered, Person, Region
from acts.form_parts import title
from acts.frames import frame_size
from acts.labels import filled, label
from acts.sheet import draft_mark

STYLE = """
:root{color-scheme:light}
body{margin:0;background:#fff;color:#111;font:1rem/1.5 'Times New Roman',Tinos,serif}
main{max-width:72rem;margin:0 auto;padding:1.5rem 1rem 3rem}main>:not(.wide){max-width:48rem}
h1,h2,h3{line-height:1.25}h1{font-size:1.6rem;margin:.5rem 0 0}h2{font-size:1.25rem;margin-top:2rem}
.t{color:#555;font-style:italic}.subject{font-weight:bold;margin:0}
.note{border-left:.3rem solid #5b6f86;padding:.4rem .8rem;background:#f2f4f6}
.draft{border:.2rem solid #b3261e;color:#b3261e;font-weight:bold;text-align:center;padding:.3rem}
dl{display:grid;grid-template-columns:minmax(9rem,2fr) 3fr;gap:.35rem 1rem}
dt,dd{margin:0}p,dt,dd{overflow-wrap:anywhere}dd{border-bottom:1px solid #ccc}
ul.boxes{list-style:none;padding:0}ul.boxes li{margin:.4rem 0}
figure{margin:0 0 1rem}.frame{position:relative;display:inline-block;max-width:100%}
.frame img{display:block;max-width:100%;height:auto}
.frame svg{position:absolute;inset:0;width:100%;height:100%}
.frame rect{fill:none;stroke:#b3261e;stroke-width:3;vector-effect:non-scaling-stroke}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{border:1px solid #999;padding:.3rem .5rem;text-align:left;vertical-align:top}
a{color:#1f4e79;overflow-wrap:anywhere}article{border-top:1px solid #999;margin-top:1.5rem}
@media(max-width:32rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}
@media print{article{break-inside:avoid}}
"""
# For the server's Content-Security-Policy: this style and no other.
STYLE_SHA256 = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

Rows = Iterable[tuple[str, str]]  # (label as HTML, value as HTML)


def page(heading: str, body: Iterable[str], language: Language) -> bytes:
    """UTF-8. ``heading`` is plain text, ``body`` HTML."""
    lines = "\n".join(body)
    whole = (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(heading)}</title><style>{STYLE}</style></head>\n"
        f"<body><main>\n{lines}\n</main></body></html>\n"
    )
    return whole.encode()


def form_page(document: Numbered, body: Iterable[str], language: Language) -> bytes:
    """The page of form 1, 2 or 3."""
    heading = f"{title(document)} — {label(f'form{document.form}.subject')}"
    return page(heading, [*_form_head(document, language), *body], language)


def _form_head(document: Numbered, language: Language) -> Iterator[str]:
    if document.draft:
        yield f'<p class="draft">{text(draft_mark(language))}</p>'
    yield f'<p class="t">{both(f"form{document.form}.name", language)}</p>'
    yield f"<h1>{text(title(document))}</h1>"
    yield f'<p class="subject">{both(f"form{document.form}.subject", language)}</p>'
    if document.revision > 1:
        numbers = str(document.revision), str(document.revision - 1)
        words = [filled("form1.replaces", code, *numbers) for code in ("kk", language)]
        yield f"<p>{join(words[0], words[1], language)}</p>"
    yield f'<p class="note">{both("html.copy", language)}</p>'


def text(value: str) -> str:
    return escape(typefaces.plain(value))


def join(kazakh: str, translated: str, language: Language) -> str:
    """Each part says in which language it is, so that it is read aloud rightly."""
    if language == "kk":
        return text(kazakh)
    official = f'<span lang="kk">{text(kazakh)}</span>'
    if not translated or translated == kazakh:
        return official
    return f'{official} <span class="t" lang="{language}">/ {text(translated)}</span>'


def both(key: str, language: Language) -> str:
    return join(label(key), label(key, language), language)


def name(key: str, language: Language) -> str:
    kazakh, translated = values.sentence(label(key)), values.sentence(label(key, language))
    return join(kazakh, translated, language)


def listed(rows: Rows) -> str:
    pairs = "\n".join(f"<dt>{said}</dt><dd>{value}</dd>" for said, value in rows)
    return f"<dl>\n{pairs}\n</dl>"


def table(names: Iterable[str], rows: Iterable[Iterable[str]], caption: str = "") -> str:
    """Names, cells and caption are HTML."""
    head = "".join(f'<th scope="col">{said}</th>' for said in names)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    above = f"<caption>{caption}</caption>" if caption else ""
    rows_and_names = f"{above}<thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody>"
    return f'<div class="wide"><table>{rows_and_names}</table></div>'


def link(url: str) -> str:
    words = text(url)
    if values.web_link(url) is None:
        return words
    return f'<a href="{escape(url, quote=True)}" rel="noreferrer">{words}</a>'


def person(someone: Person) -> str:
    return text(", ".join(part for part in (someone.full_name, someone.position) if part.strip()))


def people(listed_people: Iterable[Person]) -> str:
    items = "".join(f"<li>{person(someone)}</li>" for someone in listed_people)
    return f"<ol>{items}</ol>" if items else "<p>—</p>"


def picture(jpeg: bytes, alternative: str, regions: Iterable[Region] = ()) -> str:
    """The untouched picture with its regions marked; nothing where it cannot be read."""
    size = frame_size(jpeg) if jpeg else None
    if size is None:
        return ""
    data = b64encode(jpeg).decode()
    img = (
        f'<img src="data:image/jpeg;base64,{data}" width="{size[0]}" height="{size[1]}" '
        f'alt="{escape(alternative)}">'
    )
    return f'<figure><div class="frame">{img}{_marks(regions)}</div></figure>\n'


def _marks(regions: Iterable[Region]) -> str:
    """As in print; what they show stands in the picture's text."""
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
