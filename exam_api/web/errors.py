"""Errors → RFC 9457 problem details with a stable ``code``, or a page where a browser asks."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from acts.errors import ActsError
from capture.errors import CapacityFull, CaptureError
from exam_api.domain.errors import ExamError
from exam_api.domain.item_rules import ItemInvalid
from exam_api.services.admitting import StatementRefused
from exam_api.services.directory import InvalidRecord

MEDIA_TYPE: Final = "application/problem+json"
ErrorPage = Callable[[Request, int, str], Response | Awaitable[Response]]
Respond = Callable[[Request, Exception], Awaitable[Response]]

_log = structlog.get_logger(__name__)

STATUS_CODES: Final[Mapping[int, str]] = {
    400: "bad_request",
    401: "not_logged_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "payload_too_large",
    415: "media_type_refused",
    422: "invalid_request",
    429: "too_many_attempts",
}

# What comes before every other page.
_SETTLED_AT: Final[Mapping[str, str]] = {
    "password_change_required": "/account/password",
    "session_choice_required": "/account/session-choice",
}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """Where a request is wrong, and how; never what it contained."""

    loc: str
    type: str


@dataclass(frozen=True, slots=True)
class Problem:
    type: str
    title: str
    status: int
    code: str
    detail: str
    retryable: bool
    errors: tuple[FieldProblem, ...] = ()
    position: int | None = None  # in a queue, from 1


def problem(
    status: int,
    code: str,
    detail: str = "",
    *,
    retryable: bool = False,
    errors: Sequence[FieldProblem] = (),
) -> Problem:
    return Problem(
        type=f"urn:baqylau:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail="" if detail == code else detail,
        retryable=retryable,
        errors=tuple(errors),
    )


def problem_of(error: Exception) -> Problem:
    """What may be told of an error: of an unexpected one, nothing but that it happened."""
    match error:
        case CapacityFull():
            told = problem(error.status, error.code, str(error), retryable=error.retryable)
            return replace(told, position=error.position)
        case ExamError() | CaptureError() | ActsError():
            told = problem(error.status, error.code, str(error), retryable=error.retryable)
            return replace(told, errors=_places(error))
        case RequestValidationError():
            return problem(422, "invalid_request", errors=_fields(error))
        case HTTPException():
            code = STATUS_CODES.get(error.status_code, "http_error")
            return problem(error.status_code, code)
        case _:
            return problem(500, "internal")


def problem_response(error: Exception) -> JSONResponse:
    told = problem_of(error)
    body = asdict(told)
    if not told.errors:
        del body["errors"]
    if told.position is None:
        del body["position"]
    return JSONResponse(body, told.status, _headers(error, told), MEDIA_TYPE)


def _headers(error: Exception, told: Problem) -> dict[str, str]:
    headers = dict(getattr(error, "headers", None) or {})
    retry_after = getattr(error, "retry_after_s", None)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if told.status == HTTPStatus.UNAUTHORIZED and isinstance(error, CaptureError):
        headers["WWW-Authenticate"] = "Bearer"  # RFC 9725 §4.2 by way of RFC 6750
    return headers


def _places(error: Exception) -> tuple[FieldProblem, ...]:
    """What is wrong with which field, where the error knows."""
    match error:
        case InvalidRecord():
            return tuple(FieldProblem(field, code) for field, code in error.problems.items())
        case StatementRefused():
            return tuple(
                FieldProblem(f"row.{one.row}", one.problem) for one in error.preview.errors
            )
        case ItemInvalid():
            return tuple(FieldProblem(one.place, one.code) for one in error.problems)
        case _:
            return ()


def _fields(error: RequestValidationError) -> list[FieldProblem]:
    return [
        FieldProblem(".".join(str(part) for part in found["loc"]), found["type"])
        for found in error.errors()
    ]


def responder(error_page: ErrorPage | None) -> Respond:
    """``error_page`` shows errors to people: a browser that asked for a page gets one."""

    async def respond(request: Request, error: Exception) -> Response:
        if error_page is None or not _wants_page(request):
            return problem_response(error)
        told = problem_of(error)
        if told.status == HTTPStatus.UNAUTHORIZED and request.method == "GET":
            wanted = quote(request.url.path, safe="/")
            return RedirectResponse(f"/login?next={wanted}", HTTPStatus.SEE_OTHER)
        if told.code in _SETTLED_AT:
            return RedirectResponse(_SETTLED_AT[told.code], HTTPStatus.SEE_OTHER)
        try:
            page = error_page(request, told.status, told.code)
            return page if isinstance(page, Response) else await page
        except Exception:  # noqa: BLE001 - the page may fail for the reason it was to show
            _log.exception("error_page_failed", code=told.code)
            return problem_response(error)

    return respond


def install_errors(app: FastAPI, respond: Respond) -> None:
    for kind in (ExamError, CaptureError, ActsError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, respond)


def _wants_page(request: Request) -> bool:
    path = request.url.path
    if path.startswith(("/api/", "/whip", "/whep")):
        return False
    return "text/html" in request.headers.get("accept", "")
