"""Errors as pages, in the viewer's language; the API answers problem+json instead."""

from typing import Final
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from exam_api.web.i18n import catalogue, request_language
from exam_api.web.pages.rendering import TEMPLATES

_SEE_OTHER: Final = 303
_UNAUTHORIZED: Final = 401


def error_page(request: Request, status: int, code: str) -> Response:
    """The page for an error's ``code``; who is not signed in is led to the log-in and back."""
    if status == _UNAUTHORIZED:
        return RedirectResponse(_log_in_address(request), _SEE_OTHER)
    t = catalogue(request_language(request))
    heading = f"error.heading.{status}"
    return TEMPLATES.page(
        request,
        "error.html",
        None,
        status=status,
        status_code=status,
        heading=t(heading if t.has(heading) else "error.heading.other"),
        explanation=t(f"error.{code}" if t.has(f"error.{code}") else "error.internal"),
        code=code,
    )


def _log_in_address(request: Request) -> str:
    if request.method != "GET" or request.url.path == "/":
        return "/login"
    query = f"?{request.url.query}" if request.url.query else ""
    return f"/login?next={quote(request.url.path + query, safe='/')}"
