"""The PDF file around a document: same input, same bytes; metadata, language, attachments, footers.

Thread-safe: one document is set at a time, since reportlab's stream setting is the process's own.
"""

import hashlib
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
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from acts import styles, typefaces

WIDTH, HEIGHT = A4
FRAME_WIDTH = WIDTH - styles.MARGIN_LEFT - styles.MARGIN_RIGHT
FRAME_HEIGHT = HEIGHT - styles.MARGIN_TOP - styles.MARGIN_BOTTOM
_TOTAL = "pages-total"
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


class _FixedTime:
    """Stands for reportlab's TimeStamp: the document's own time instead of the clock's."""

    def __init__(self, at: datetime) -> None:
        utc = at.astimezone(UTC)
        self.t = utc.timestamp()
        self.lt = utc.timetuple()
        self.YMDhms = tuple(self.lt)[:6]
        self.dhh = self.dmm = 0
        self.tzname = "UTC"


def _embedded(document: Any, attachment: Attachment) -> Any:
    stream = PDFStream(content=attachment.content)
    entries = stream.dictionary.dict
    entries["Type"] = PDFName("EmbeddedFile")
    entries["Subtype"] = "/" + attachment.media_type.replace("/", "#2f")  # PDFName lets "/" by
    digest = hashlib.md5(attachment.content, usedforsecurity=False).digest()
    entries["Params"] = PDFDictionary(
        {"Size": len(attachment.content), "CheckSum": PDFString(digest, enc="raw")}
    )
    return document.Reference(stream)


def _attach(document: Any, attachments: Sequence[Attachment]) -> None:
    names: list[Any] = []
    for attachment in sorted(attachments, key=lambda each: each.name):
        entry = {
            "Type": PDFName("Filespec"),
            "F": PDFString(attachment.name),
            "UF": PDFString(attachment.name),
            "EF": PDFDictionary({"F": _embedded(document, attachment)}),
        }
        names += [PDFString(attachment.name), document.Reference(PDFDictionary(entry))]
    if names:
        tree = PDFDictionary({"Names": PDFArray(names)})
        document.Catalog.Names = PDFDictionary({"EmbeddedFiles": tree})


def _footer(canvas: Any, imprint: Imprint) -> None:
    canvas.saveState()
    canvas.setStrokeColor(styles.FAINT)
    canvas.line(styles.MARGIN_LEFT, 13 * mm, WIDTH - styles.MARGIN_RIGHT, 13 * mm)
    words = styles.text(typefaces.markup(imprint.footer), 8, quiet=True)
    words.wrap(FRAME_WIDTH - 22 * mm, 10 * mm)
    words.drawOn(canvas, styles.MARGIN_LEFT, 12 * mm - words.height)
    canvas.setFont(typefaces.REGULAR, 8)
    canvas.setFillColor(styles.QUIET)
    right = WIDTH - styles.MARGIN_RIGHT
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


def _canvas_maker(imprint: Imprint) -> Any:
    def make(*args: Any, **options: Any) -> Any:
        canvas = Canvas(*args, **{**options, "pdfVersion": (1, 7)})
        canvas._doc._timeStamp = _FixedTime(imprint.made_at)  # noqa: SLF001 - no public way
        canvas.setViewerPreference("DisplayDocTitle", "true")
        canvas._doc.signature = _identity(imprint)  # noqa: SLF001 - no public way
        _attach(canvas._doc, imprint.attachments)  # noqa: SLF001 - no public way
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


def set_pages(story: list[Any], imprint: Imprint) -> bytes:
    """Set the story on A4 pages with footers and return the file."""
    typefaces.register()
    out = BytesIO()
    document = _Document(
        out,
        pagesize=A4,
        invariant=1,
        lang=imprint.language,
        title=imprint.title,
        author=imprint.author,
        subject=imprint.subject,
        keywords=imprint.keywords,
        creator=imprint.author,
        producer="Baqylau",
        initialFontName=typefaces.REGULAR,
        pageCompression=1,
    )
    frame = Frame(
        styles.MARGIN_LEFT,
        styles.MARGIN_BOTTOM,
        FRAME_WIDTH,
        FRAME_HEIGHT,
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )
    template = PageTemplate(frames=[frame], onPageEnd=lambda canvas, _: _footer(canvas, imprint))
    document.addPageTemplates([template])
    with _binary_streams():
        document.build(story, canvasmaker=_canvas_maker(imprint))
    return out.getvalue()


class Outline:
    """Numbers the bookmarks of one document."""

    def __init__(self) -> None:
        self.count = 0

    def key(self) -> str:
        self.count += 1
        return f"part-{self.count}"
