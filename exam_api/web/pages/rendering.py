"""Templates with the viewer's language, navigation and versioned static files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from exam_api.domain.items import short_code
from exam_api.domain.roles import OVERSEERS, Actor, Role
from exam_api.services.session_statistics import READERS
from exam_api.web.container import Core
from exam_api.web.i18n import LANGUAGE_NAMES, catalogue, request_language
from exam_api.web.pages.assets import static_prefix
from exam_api.web.pages.browsers import browser_words
from exam_api.web.pages.marked import marked, plainly


@dataclass(frozen=True, slots=True)
class NavEntry:
    href: str
    key: str
    current: bool = False


# Who sees which entry; a person with several roles sees all of theirs.
_NAV: Final[Sequence[tuple[str, str, frozenset[Role]]]] = (
    ("/cabinet", "nav.cabinet", frozenset({Role.STUDENT})),
    ("/console", "nav.console", frozenset({Role.PROCTOR})),
    ("/overview", "nav.overview", OVERSEERS | {Role.DEAN_OFFICE, Role.MEMBER}),
    ("/schedule", "nav.schedule", OVERSEERS | {Role.DEAN_OFFICE, Role.MEMBER, Role.PROCTOR}),
    (
        "/check-lists",
        "nav.check_lists",
        OVERSEERS | {Role.DEAN_OFFICE, Role.MEMBER, Role.PROCTOR, Role.COMMISSION},
    ),
    (
        "/acts",
        "nav.acts",
        OVERSEERS | {Role.DEAN_OFFICE, Role.MEMBER, Role.PROCTOR, Role.COMMISSION},
    ),
    ("/people", "nav.people", frozenset({Role.ADMINISTRATOR, Role.REGISTRAR})),
    ("/bank", "nav.bank", frozenset({Role.TEACHER, Role.DEPARTMENT_HEAD, Role.TESTING_CENTRE})),
    ("/grades", "nav.grades", frozenset({Role.STUDENT})),
    ("/appeals", "nav.appeals", OVERSEERS | {Role.DEAN_OFFICE, Role.APPEAL_COMMISSION}),
    (
        "/results",
        "nav.results",
        OVERSEERS | {Role.DEAN_OFFICE, Role.TEACHER, Role.DEPARTMENT_HEAD},
    ),
    ("/statistics", "nav.statistics", READERS),
    ("/mail", "nav.mail", frozenset({Role.ADMINISTRATOR})),
    ("/clients", "nav.clients", frozenset({Role.ADMINISTRATOR})),
)


# Pages that stand under an entry without its address.
_UNDER: Final = {"/structure": "/people", "/audit": "/people"}


def navigation(actor: Actor, path: str) -> tuple[NavEntry, ...]:
    first = f"/{path.split('/')[1]}" if "/" in path else path
    path = _UNDER.get(first, path)
    return tuple(
        NavEntry(href, key, current=path == href or path.startswith(f"{href}/"))
        for href, key, roles in _NAV
        if actor.has(*roles)
    )


def home_of(actor: Actor) -> str:
    """The first page of a person's first role; who has none yet finds the own account."""
    entries = navigation(actor, "")
    return entries[0].href if entries else "/account"


class Templates:
    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader("exam_api.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["marked"] = marked
        self._environment.filters["plainly"] = plainly
        self._environment.filters["browser"] = browser_words
        self._environment.filters["item_code"] = short_code
        self._environment.filters["instant"] = datetime.fromisoformat

    def page(
        self,
        request: Request,
        name: str,
        actor: Actor | None,
        *,
        status: int = 200,
        **context: object,
    ) -> HTMLResponse:
        """Personal pages are kept by no cache, the browser's included."""
        language = request_language(request, actor.language if actor else None)
        core: Core = request.app.state.core
        query = f"?{request.url.query}" if request.url.query else ""
        html = self._environment.get_template(name).render(
            t=catalogue(language, core.web.zone),
            lang=language,
            zone=core.web.zone.key,
            utc_offset=_minutes(core.clock.now().astimezone(core.web.zone)),
            languages=LANGUAGE_NAMES,
            static=static_prefix(),
            viewer=actor,
            nav=navigation(actor, request.url.path) if actor else (),
            here=f"{request.url.path}{query}" if request.method == "GET" else "/",
            bare_title=False,
            **context,
        )
        headers = {"Cache-Control": "no-store", "Content-Language": language}
        return HTMLResponse(html, status_code=status, headers=headers)


def _minutes(local: datetime) -> int:
    """East of Greenwich."""
    return (local.utcoffset() or timedelta()) // timedelta(minutes=1)


TEMPLATES: Final = Templates()
