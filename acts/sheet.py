"""The PDF file around a document: same input, same bytes; metadata, language, attachments, footers.

Thread-safe: one document is set at a time, since reportlab's stream setting is the process's own.
"""

import hashlib
import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream, PDFString
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, LongTable, PageTemplate

from acts import styles, typefaces
from acts.contracts import Language
from acts.labels import label
from acts.pdfa import link_options, mark_conforming

PRODUCER = "Baqylau"
_TOTAL = "pages-total"
_TITLES, _PADDING = 30 * mm, 5  # room that a table's titles may take; of a cell, left and right
_KEPT = 3  # last rows that stay with a table's ending
_SHORT = 100  # characters that are never higher than a page
_setting = threading.Lock()


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Imprint:
    """What the file says of itself, and the words in each page's footer."""

    title: str
    author: str
    subject: str
    keywords: str
    language: str
    made_at: datetime
    footer: str
    attachments: tuple[Attachment, ...] = field(default=())
    draft: str = ""  # the words across each page of a draft


@dataclass(frozen=True, slots=True)
class Paper:
    """A page and the room on it, in points."""

    width: float
    height: float
    left: float = styles.MARGIN_LEFT
    right: float = styles.MARGIN_RIGHT

    @property
    def room(self) -> tuple[float, float]:
        across = self.width - self.left - self.right
        return across, self.height - styles.MARGIN_TOP - styles.MARGIN_BOTTOM


PORTRAIT = Paper(*A4)
LANDSCAPE = Paper(A4[1], A4[0], left=styles.MARGIN_RIGHT)
FRAME_WIDTH, FRAME_HEIGHT = PORTRAIT.room


def paged_table(
    rows: list[list[Any]],
    widths: Sequence[float],
    look: list[Any],
    paper: Paper,
    ending: Sequence[Any] = (),
) -> LongTable:
    """A table of paragraphs whose first row stands on each page.

    A row stays whole unless it is higher than a page: where reportlab may split rows it writes
    the titles a second time on the page. ``ending``: what is set right below, across the table,
    on one page with the last rows; signatures never stand alone.
    """
    most = paper.room[1] - _TITLES
    whole = all(
        cell.wrap(width - _PADDING, most)[1] <= most
        for row in rows
        for cell, width in zip(row, widths, strict=True)
        if len(cell.getPlainText()) > _SHORT
    )
    if ending:
        last = len(rows)
        kept = last - (_fitting(rows, widths, ending, most) if whole else 0)
        rows = [*rows, [[*ending], *[""] * (len(widths) - 1)]]
        look = [
            *(
                (name, start, (-1, last - 1) if stop == (-1, -1) else stop, *more)
                for name, start, stop, *more in look
            ),
            ("FONTNAME", (0, last), (-1, last), typefaces.REGULAR),
            ("SPAN", (0, last), (-1, last)),
            ("LEFTPADDING", (0, last), (-1, last), 0),
            ("NOSPLIT", (0, kept), (-1, last)),
        ]
    return LongTable(rows, colWidths=widths, style=look, repeatRows=1, splitInRow=not whole)


def _fitting(
    rows: list[list[Any]], widths: Sequence[float], ending: Sequence[Any], most: float
) -> int:
    """How many of the last rows stand on one page with the ending: long names leave no room."""
    left = most - sum(part.wrap(sum(widths), most)[1] + part.getSpaceAfter() for part in ending)
    for count, row in enumerate(reversed(rows[1:][-_KEPT:])):
        heights = (
            cell.wrap(wide - _PADDING, most)[1] for cell, wide in zip(row, widths, strict=True)
        )
        left -= max(heights) + _PADDING
        if left < 0:
            return count
    return min(_KEPT, len(rows) - 1)


class FixedTime:
    """Stands for reportlab's TimeStamp: the document's own time instead of the clock's."""

    def __init__(self, at: datetime) -> None:
        utc = at.astimezone(UTC)
        self.t = utc.timestamp()
        self.lt = utc.timetuple()
        self.YMDhms = tuple(self.lt)[:6]
        self.dhh = self.dmm = 0
        self.tzname = "UTC"


def _embedded(document: Any, attachment: Attachment, made_at: datetime) -> Any:
    stream = PDFStream(content=attachment.content)
    entries = stream.dictionary.dict
    entries["Type"] = PDFName("EmbeddedFile")
    entries["Subtype"] = "/" + attachment.media_type.replace("/", "#2f")  # PDFName lets "/" by
    digest = hashlib.md5(attachment.content, usedforsecurity=False).digest()
    entries["Params"] = PDFDictionary(
        {
            "Size": len(attachment.content),
            "CheckSum": PDFString(digest, enc="raw"),
            "ModDate": PDFString(f"D:{made_at.astimezone(UTC):%Y%m%d%H%M%S}Z"),
        }
    )
    return document.Reference(stream)


def _attach(document: Any, attachments: Sequence[Attachment], made_at: datetime) -> None:
    names: list[Any] = []
    for attachment in sorted(attachments, key=lambda each: each.name):
        embedded = _embedded(document, attachment, made_at)
        entry = {
            "Type": PDFName("Filespec"),
            "F": PDFString(attachment.name),
            "UF": PDFString(attachment.name),
            "EF": PDFDictionary({"F": embedded, "UF": embedded}),
            "AFRelationship": PDFName("Data"),  # the document's own, for machines
        }
        names += [PDFString(attachment.name), document.Reference(PDFDictionary(entry))]
    if names:
        document.Catalog.AF = PDFArray(names[1::2])
        tree = PDFDictionary({"Names": PDFArray(names)})
        document.Catalog.Names = PDFDictionary({"EmbeddedFiles": tree})


def draft_mark(language: Language) -> str:
    """«ЖОБА / ПРОЕКТ»."""
    mark = "draft.mark"
    return " / ".join(dict.fromkeys((label(mark), label(mark, language))))


def _mark_draft(canvas: Any, words: str, paper: Paper) -> None:
    """Across the page, under the text, pale enough to read what stands over it."""
    size = 84.0
    canvas.saveState()
    canvas.setFillColor(styles.FAINT)
    canvas.translate(paper.width / 2, paper.height / 2)
    canvas.rotate(math.degrees(math.atan2(paper.height, paper.width)))
    reach = math.hypot(paper.width, paper.height) * 0.72
    size = min(size, size * reach / stringWidth(words, typefaces.BOLD, size))
    canvas.setFont(typefaces.BOLD, size)
    canvas.drawCentredString(0, -size / 3, words)
    canvas.restoreState()


def _footer(canvas: Any, imprint: Imprint, paper: Paper) -> None:
    right = paper.width - paper.right
    canvas.saveState()
    canvas.setStrokeColor(styles.FAINT)
    canvas.line(paper.left, 13 * mm, right, 13 * mm)
    said = f"{imprint.footer} · {imprint.draft}" if imprint.draft else imprint.footer
    words = styles.text(typefaces.markup(said), 8, quiet=True)
    words.wrap(paper.room[0] - 22 * mm, 10 * mm)
    words.drawOn(canvas, paper.left, 12 * mm - words.height)
    canvas.setFont(typefaces.REGULAR, 8)
    canvas.setFillColor(styles.QUIET)
    canvas.drawRightString(right - 3.6 * mm, 9.2 * mm, f"{canvas.getPageNumber()} /")
    canvas.translate(right - 3.1 * mm, 9.2 * mm)
    canvas.doForm(_TOTAL)  # defined when the last page is known
    canvas.restoreState()


def _define_total(canvas: Any, pages: int) -> None:
    canvas.beginForm(_TOTAL, 0, -2, 5 * mm, 8)
    canvas.setFont(typefaces.REGULAR, 8)
    canvas.setFillColor(styles.QUIET)
    canvas.drawString(0, 0, str(pages))
    canvas.endForm()


def _identity(imprint: Imprint) -> Any:
    """The start of the file's id: reportlab would begin with SOURCE_DATE_EPOCH if it is set."""
    start = hashlib.md5(imprint.made_at.isoformat().encode(), usedforsecurity=False)
    for attachment in imprint.attachments:
        start.update(attachment.content)
    return start


class _Canvas(Canvas):  # type: ignore[misc] # reportlab carries no types
    def linkURL(self, url: str, *place: Any, **options: Any) -> None:  # noqa: N802 - reportlab's
        super().linkURL(url, *place, **{**link_options(url), **options})


def _said(imprint: Imprint) -> dict[str, str]:
    return {
        "title": imprint.title,
        "author": imprint.author,
        "subject": imprint.subject,
        "keywords": imprint.keywords,
        "language": imprint.language,
        "producer": PRODUCER,
        "at": f"{imprint.made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S+00:00}",
    }


def _canvas_maker(imprint: Imprint) -> Any:
    def make(*args: Any, **options: Any) -> Any:
        canvas = _Canvas(*args, **{**options, "pdfVersion": (1, 7)})
        mark_conforming(canvas._doc, **_said(imprint))  # noqa: SLF001 - no public way
        canvas._doc._timeStamp = FixedTime(imprint.made_at)  # noqa: SLF001 - no public way
        canvas.setViewerPreference("DisplayDocTitle", "true")
        canvas._doc.signature = _identity(imprint)  # noqa: SLF001 - no public way
        _attach(canvas._doc, imprint.attachments, imprint.made_at)  # noqa: SLF001 - no public way
        return canvas

    return make


@contextmanager
def _binary_streams() -> Iterator[None]:
    """Streams as they are: reportlab's ASCII armour costs a quarter more bytes and much time."""
    with _setting:
        before = rl_config.useA85
        rl_config.useA85 = 0
        try:
            yield
        finally:
            rl_config.useA85 = before


class _Document(BaseDocTemplate):  # type: ignore[misc] # reportlab carries no types
    def _endBuild(self) -> None:  # noqa: N802 - reportlab's name
        self._doSave = 0  # the page total is written first
        super()._endBuild()
        _define_total(self.canv, self.page)
        self.canv.save()


def _template(frame: Frame, imprint: Imprint, paper: Paper) -> Any:
    def begin(canvas: Any, _document: Any) -> None:
        if imprint.draft:
            _mark_draft(canvas, imprint.draft, paper)

    def end(canvas: Any, _document: Any) -> None:
        _footer(canvas, imprint, paper)

    return PageTemplate(frames=[frame], onPage=begin, onPageEnd=end)


def set_pages(story: list[Any], imprint: Imprint, paper: Paper = PORTRAIT) -> bytes:
    """Set the story on A4 pages with footers and return the file."""
    typefaces.register()
    out = BytesIO()
    document = _Document(
        out,
        pagesize=(paper.width, paper.height),
        invariant=1,
        lang=imprint.language,
        title=imprint.title,
        author=imprint.author,
        subject=imprint.subject,
        keywords=imprint.keywords,
        creator=imprint.author,
        producer=PRODUCER,
        initialFontName=typefaces.REGULAR,
        pageCompression=1,
    )
    frame = Frame(
        paper.left,
        styles.MARGIN_BOTTOM,
        *paper.room,
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )
    document.addPageTemplates([_template(frame, imprint, paper)])
    with _binary_streams():
        document.build(story, canvasmaker=_canvas_maker(imprint))
    return out.getvalue()
