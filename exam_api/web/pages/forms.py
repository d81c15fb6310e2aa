"""Plain HTML forms: what was typed comes back beside what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query, Request
from starlette.datastructures import FormData

from exam_api.domain.errors import ExamError
from exam_api.services.numbered_pages import NumberedPage


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it is shown. ``problems``: field → code of a text ``problem.…``."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    several: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def chosen(self, name: str) -> Sequence[str]:
        """Of checkboxes with one name."""
        return self.several.get(name, ())

    def problem(self, name: str) -> str:
        return self.problems.get(name, "")


def typed(form: FormData, problems: Mapping[str, str], *several: str) -> Filled:
    """What a person sent, files left out."""
    values = {name: value for name, value in form.items() if isinstance(value, str)}
    chosen = {
        name: [value for value in form.getlist(name) if isinstance(value, str)] for name in several
    }
    return Filled(values, problems, chosen)


@dataclass(frozen=True, slots=True)
class Refused:
    """One form of a page with several, as it was filled in. ``of``: which; ``code``: what is wrong.

    ``field``: where, if it is one field.
    """

    of: str = ""
    form: Filled = Filled()
    code: str = ""
    field: str = ""
    status: int = 200


NOTHING_REFUSED: Final = Refused()


def refused_form(of: str, form: FormData, error: ExamError, *several: str) -> Refused:
    """For the page again; what may not even be seen stays an error of its own."""
    if error.status not in {409, 422}:
        raise error
    field_name = getattr(error, "field", "")
    return Refused(of, typed(form, {}, *several), error.code, field_name, error.status)


def text_of(form: FormData, name: str) -> str:
    """NUL reaches no driver: databases refuse it with an error of their own."""
    value = form.get(name, "")
    return value.replace("\0", "") if isinstance(value, str) else ""


PageNumber = Annotated[int, Query(ge=1, le=100_000)]


@dataclass(frozen=True, slots=True)
class Pager:
    number: int
    last: int
    previous: str | None
    following: str | None


def pager(request: Request, page: NumberedPage[Any], path: str = "") -> Pager:
    """Addresses of the pages around, with the same filter. ``path``: where not the request's."""
    number, last = page.wanted.number, page.last
    query = {key: value for key, value in request.query_params.items() if key != "page" and value}

    def address(wanted: int) -> str:
        return f"{path or request.url.path}?{urlencode({**query, 'page': wanted})}"

    return Pager(
        number,
        last,
        address(min(number - 1, last)) if number > 1 else None,
        address(number + 1) if number < last else None,
    )
