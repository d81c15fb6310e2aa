"""Documents sealed with the installation's key, as the services ask for them."""

from collections.abc import Callable

import structlog

from acts.contracts import Form4Document, Language
from acts.errors import TimestampFailed
from acts.form4 import render_form4_xlsx
from acts.form4_html import render_form4_html
from acts.form4_pdf import render_form4_pdf
from acts.forms import render_form
from acts.package import PackageContents, make_package
from acts.record import AnyAct
from acts.seal import HTTPTimeStamper, SealKey, seal
from acts.seal_mark import PLACE
from exam_api.services.act_documents import Place
from exam_api.services.check_list_papers import Form4Makers, Form4Papers
from exam_api.services.ports import Blobs

_log = structlog.get_logger(__name__)


def sealing(key: SealKey, timestamp_url: str) -> Callable[[AnyAct, Language], bytes]:
    stamper = HTTPTimeStamper(timestamp_url) if timestamp_url else None

    def sealed(document: AnyAct, language: Language) -> bytes:
        pdf, at = render_form(document, language), document.made_at
        try:
            return seal(pdf, key, at, place=PLACE, stamper=stamper)
        except TimestampFailed:
            _log.warning("act_sealed_without_timestamp")  # an act in time is worth more
            return seal(pdf, key, at, place=PLACE)

    return sealed


def form4_papers(blobs: Blobs, place: Place, key: SealKey) -> Form4Papers:
    def sealed(document: Form4Document, language: Language) -> bytes:
        return seal(render_form4_pdf(document, language), key, document.made_at)

    return Form4Papers(
        blobs, place, Form4Makers(render_form4_xlsx, render_form4_pdf, render_form4_html, sealed)
    )


def packing(key: SealKey) -> Callable[[PackageContents], bytes]:
    return lambda contents: make_package(contents, key)
