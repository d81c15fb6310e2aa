"""The OpenAPI 3.1 document: what FastAPI knows of the routes, and every error they may answer.

One place for all routes: which problems (RFC 9457) an operation may answer follows from what it
takes (a session, an id, a body) and from its method. A route that says more declares it with
``refuses(TimeOver, OpenElsewhere)`` among its ``responses``.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from acts.errors import ActsError
from capture.errors import CaptureError
from exam_api.domain.errors import ExamError
from exam_api.web.errors import MEDIA_TYPE, STATUS_CODES
from exam_api.web.idempotency import HEADER as IDEMPOTENCY_KEY
from exam_api.web.idempotency import KEY_PATTERN, LONGEST_KEY

_API: Final = "/api/"
_METHODS: Final = frozenset({"get", "head", "options", "post", "put", "patch", "delete"})
_SAFE: Final = frozenset({"get", "head", "options"})
# What stands before every route may answer these, whatever the route itself declares.
_COMMON: Final = {
    "403": ("cross_site_refused",),
    "409": ("request_in_progress",),
    "422": ("invalid_request", "idempotency_key_reused"),
    "429": ("too_many_requests",),
}
_ABOUT: Final = (
    "Errors are problem details (RFC 9457) with a stable `code`; `retryable` says whether the same "
    "call may succeed later. Lists are cut into pages: `limit` and `cursor`, the next page in the "
    'header `Link: <…>; rel="next"` (RFC 8288). Unsafe calls may carry an `Idempotency-Key`: '
    "sent again with the same body they are answered from memory."
)
Schema = dict[str, Any]


def refuses(*errors: type[ExamError | ActsError]) -> dict[int | str, dict[str, Any]]:
    """For a route's ``responses``: the errors of these statuses that it answers, by their codes."""
    by_status: dict[int, list[str]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error.code)
    return {status: _problems(status, codes) for status, codes in by_status.items()}


def install_openapi(app: FastAPI) -> None:
    def document() -> Schema:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # FastAPI's own way to extend it


def _document(app: FastAPI) -> Schema:
    schema = get_openapi(
        title=app.title,
        version=app.version,
        description=_ABOUT,
        routes=app.routes,
        openapi_version="3.1.0",
    )
    parts = schema.setdefault("components", {})
    parts.setdefault("schemas", {}).update(_SHAPES)
    for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own shape of a 422
        parts["schemas"].pop(unused, None)
    codes = _codes_by_status()
    parts["responses"] = {
        _named(status): _problems(status, sorted(codes[status]), closed=False)
        for status in sorted(codes)
    }
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                _complete(path, method, operation, set(codes))
    return schema


def _complete(path: str, method: str, operation: Schema, known: set[int]) -> None:
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422")):  # FastAPI's own shape of it
        del answers["422"]
    for status, answer in answers.items():
        _allow_any_kind(answer)
        _add_common_codes(status, answer)
    for status in sorted(_expected(method, operation) & known):
        answers.setdefault(str(status), {"$ref": f"#/components/responses/{_named(status)}"})
    if path.startswith(_API) and method not in _SAFE and "security" in operation:
        operation.setdefault("parameters", []).append(_KEY_PARAMETER)


def _expected(method: str, operation: Schema) -> set[int]:
    """The statuses of errors that the operation may answer."""
    found = {429, 500, 503}
    parameters = operation.get("parameters", ())
    headers = {each["name"].lower() for each in parameters if each["in"] == "header"}
    unsafe = method not in _SAFE
    if "security" in operation or "authorization" in headers:
        found |= {401, 403, 409}
    if parameters or unsafe:
        found |= {404, 422}
    if headers:
        found |= {400}
    if unsafe:
        found |= {403, 409, 413, 507}
    if "requestBody" in operation or "authorization" in headers:
        found |= {400, 413, 415}
    return found


def _allow_any_kind(answer: Schema) -> None:
    """A route that makes its own response says nothing of its kind: a file, most often."""
    content = answer.get("content", {})
    if content.get("application/json", {}).get("schema") == {}:
        content.pop("application/json")
        content["*/*"] = {"schema": {"type": "string", "format": "binary"}}


def _add_common_codes(status: str, answer: Schema) -> None:
    problem = answer.get("content", {}).get(MEDIA_TYPE)
    if problem is not None and status in _COMMON:
        codes = problem["schema"]["allOf"][1]["properties"]["code"]["enum"]
        codes.extend(code for code in _COMMON[status] if code not in codes)


def _codes_by_status() -> dict[int, set[str]]:
    found: dict[int, set[str]] = {status: {code} for status, code in STATUS_CODES.items()}
    found[500] = {"internal"}
    for root in (ExamError, CaptureError, ActsError):
        for error in _kinds(root):
            found.setdefault(error.status, set()).add(error.code)
    return found


def _kinds(root: type[Exception]) -> Iterator[Any]:
    yield root
    for child in root.__subclasses__():
        yield from _kinds(child)


def _named(status: int) -> str:
    return f"Problem{status}"


def _problems(status: int, codes: list[str], *, closed: bool = True) -> dict[str, Any]:
    """``closed``: the route says all of its codes; else these are those of the error classes."""
    code: Schema = {"enum": codes} if closed else {"pattern": "^[a-z0-9_]+$", "examples": codes}
    answer: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "allOf": [
                        {"$ref": "#/components/schemas/Problem"},
                        {"properties": {"status": {"const": status}, "code": code}},
                    ]
                }
            }
        },
    }
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        answer["headers"] = {
            "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}
        }
    return answer


_TEXT: Final[Schema] = {"type": "string"}
_SHAPES: Final[Schema] = {
    "FieldProblem": {
        "type": "object",
        "title": "FieldProblem",
        "description": "Where a request is wrong, and how; never what it contained.",
        "properties": {"loc": _TEXT, "type": _TEXT},
        "required": ["loc", "type"],
    },
    "Problem": {
        "type": "object",
        "title": "Problem",
        "description": "RFC 9457, with a stable code.",
        "properties": {
            "type": _TEXT,
            "title": _TEXT,
            "status": {"type": "integer"},
            "code": {**_TEXT, "description": "Stable; also the key of its words for people."},
            "detail": _TEXT,
            "retryable": {"type": "boolean"},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
            "position": {"type": "integer", "description": "In a queue, from 1."},
        },
        "required": ["type", "title", "status", "code", "detail", "retryable"],
    },
}
_KEY_PARAMETER: Final[Schema] = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "Sent again with the same body: the first answer again, nothing done twice.",
    "schema": {"type": "string", "pattern": KEY_PATTERN, "minLength": 1, "maxLength": LONGEST_KEY},
}
