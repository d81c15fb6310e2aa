"""The accessible twin of a document as an answer: a page that needs nothing but itself."""

from typing import Final

from fastapi.responses import HTMLResponse

from acts.contracts import Language
from acts.html_parts import STYLE_SHA256
from exam_api.web.files import PRIVATE

# The page carries its own style and pictures.
_SELF_CONTAINED: Final = (
    f"default-src 'none'; style-src 'sha256-{STYLE_SHA256}'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def twin(page: bytes, language: Language) -> HTMLResponse:
    headers = {
        **PRIVATE,
        "Content-Security-Policy": _SELF_CONTAINED,
        "Content-Language": language,
    }
    return HTMLResponse(page, headers=headers)
