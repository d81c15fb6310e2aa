"""Role × route × object, for every route of the whole application; ``route_rows`` says who may."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from tests.integration.exam_api_permissions.route_people import Row
from tests.integration.exam_api_permissions.route_rows import ROWS

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


async def _ask(university: Any, wanted: Row, person: str) -> httpx.Response | None:
    names = university.names
    values = {**names, **{key: text.format(**names) for key, text in wanted.values.items()}}
    return await university.ask(
        person,
        wanted.method,
        wanted.path.format(**values) + wanted.query,
        json=_filled(wanted.json, values),
        data=_filled(wanted.form, values),
        files=wanted.files,
        content=wanted.content,
        headers=wanted.headers,
        hangs=wanted.hangs and person in wanted.may,
    )


def _filled(body: object, values: Mapping[str, str]) -> object:
    match body:
        case str():
            return body.format(**values)
        case dict():
            return {key: _filled(value, values) for key, value in body.items()}
        case list():
            return [_filled(value, values) for value in body]
        case _:
            return body


def _refused(answer: httpx.Response | None) -> bool:
    if answer is None:
        return False
    if answer.status_code == 404:
        # Other codes say what of an object is missing: only who may see it is told.
        return answer.headers["content-type"] != "application/problem+json" or (
            answer.json()["code"] in {"not_found", "resource_unknown"}
        )
    return answer.status_code in {401, 403, 405}


@pytest.mark.parametrize("wanted", ROWS, ids=lambda one: f"{one.method} {one.path}")
async def test_who_may(university: Any, wanted: Row) -> None:
    wrong = {}
    university.as_before()
    for person in sorted(wanted.asked, key=lambda one: (one in wanted.may, one)):
        if person in wanted.may and wanted.method != "GET":
            university.as_before()
        answer = await _ask(university, wanted, person)
        if _refused(answer) == (person in wanted.may):
            wrong[person] = answer and (answer.status_code, answer.text[:200])
        elif answer and answer.status_code >= 500:
            wrong[person] = (answer.status_code, answer.text[:200])
        elif wanted.tells and person in wanted.may:
            found = wanted.tells.format(**university.names) in answer.text
            if found != (person in wanted.told):
                wrong[person] = ("is told" if found else "is not told", wanted.tells)
    assert wrong == {}


def _routes(routes: object) -> Iterator[tuple[str, str]]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _routes(inner.routes)
        for method in getattr(route, "methods", None) or ():
            yield method, route.path


async def test_no_route_is_left_out(university: Any) -> None:
    """All that the application serves but /static, whose files are the same for everybody."""
    served = {
        f"{method} {path}"
        for method, path in _routes(university.app.routes)
        if method not in {"HEAD", "OPTIONS"}
    }
    rows_of = {f"{one.method} {one.path}" for one in ROWS}
    assert sorted(served - rows_of) == [], "give each of these routes a row in ROWS: who may?"
    assert sorted(rows_of - served) == [], "these routes are gone: take their rows out"
    assert len(served) > 150  # the walk itself works
