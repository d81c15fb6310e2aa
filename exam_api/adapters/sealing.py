"""Documents sealed with the installation's key, as the services ask for them."""

from collections.abc import Callable
from datetime import datetime

import structlog

from acts.contracts import Form4Document, Language
from acts.errors import TimestampFailed
from acts.form4 import render_form4_xlsx
from acts.form4_html import render_form4_html
from acts.form4_pdf import render_form4_pdf
from acts.forms import render_form
from acts.package import PackageContents, make_package
from acts.protocol import ProtocolDocument, render_protocol
from acts.record import AnyAct
from acts.seal import HTTPTimeStamper, SealKey, seal
from acts.seal_mark import PLACE, PLACE_ABOVE, PLACE_ON_PAPER, Box
from exam_api.services.act_documents import Place
from exam_api.services.check_list_papers import Form4Makers, Form4Papers
from exam_api.services.ports import Blobs

_log = structlog.get_logger(__name__)


class Sealer:
    """``timestamp_url``: of a timestamp server (RFC 3161), or empty."""

    def __init__(self, key: SealKey, timestamp_url: str) -> None:
        self._key = key
        self._stamper = HTTPTimeStamper(timestamp_url) if timestamp_url else None

    def act(self, document: AnyAct, language: Language) -> bytes:
        return self._sealed(render_form(document, language), document.made_at, PLACE)

    def form4(self, document: Form4Document, language: Language) -> bytes:
        return self._sealed(render_form4_pdf(document, language), document.made_at, PLACE_ABOVE)

    def protocol(self, document: ProtocolDocument, language: Language) -> bytes:
        pdf = render_protocol(document, language)
        return self._sealed(pdf, document.made_at, PLACE_ON_PAPER)

    def _sealed(self, pdf: bytes, at: datetime, place: Box) -> bytes:
        try:
            return seal(pdf, self._key, at, place=place, stamper=self._stamper)
        except TimestampFailed:
            _log.warning("act_sealed_without_timestamp")  # an act in time is worth more
            return seal(pdf, self._key, at, place=place)


def form4_papers(blobs: Blobs, place: Place, sealer: Sealer) -> Form4Papers:
    return Form4Papers(
        blobs,
        place,
        Form4Makers(render_form4_xlsx, render_form4_pdf, render_form4_html, sealer.form4),
    )


def packing(key: SealKey) -> Callable[[PackageContents], bytes]:
    return lambda contents: make_package(contents, key)
