"""Log-in, log-out, the language, and the way home."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.domain.errors import TooManyAttempts, WrongCredentials
from exam_api.web.auth import (
    CoreDep,
    CurrentActor,
    MaybeActor,
    clear_session_cookie,
    client_address,
    session_cookie,
    set_session_cookie,
)
from exam_api.web.i18n import COOKIE, catalogue, known_language, request_language
from exam_api.web.pages.rendering import TEMPLATES, home_of

router = APIRouter(include_in_schema=False)
_YEAR_S = 365 * 24 * 3600


# One slash, and nothing that a browser drops before it reads the address (tab, line feed).
_LOCAL_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")


def local_path(wanted: str | None) -> str:
    """Where to go on after a form: a path of this site, never another host."""
    return wanted if wanted and _LOCAL_PATH.fullmatch(wanted) else "/"


@router.get("/")
async def home(actor: CurrentActor) -> Response:
    return RedirectResponse(home_of(actor), 303)


@router.get("/account")
async def own_account(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    return TEMPLATES.page(request, "account.html", actor, me=await core.accounts.me(actor))


@router.get("/login")
async def login_form(
    request: Request,
    actor: MaybeActor,
    next: str = "/",  # noqa: A002 - name in the address
    out: bool = False,
) -> Response:
    if actor is not None:
        return RedirectResponse(local_path(next), 303)
    return _login_page(request, next=local_path(next), after_logout=out)


@router.post("/login")
async def log_in(
    request: Request,
    core: CoreDep,
    login: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=200)],
    next: Annotated[str, Form(max_length=500)] = "/",  # noqa: A002 - name of the field
) -> Response:
    try:
        session = await core.accounts.log_in(login, password, client_address(request))
    except (WrongCredentials, TooManyAttempts) as error:
        t = catalogue(request_language(request))
        return _login_page(
            request,
            status=error.status,
            next=local_path(next),
            login=login,
            problem=t(f"error.{error.code}"),
        )
    response = RedirectResponse(local_path(next), 303)
    set_session_cookie(request, response, session)
    return response


@router.post("/logout")
async def log_out(request: Request, core: CoreDep) -> Response:
    cookie = session_cookie(request)
    if cookie:
        await core.accounts.log_out(cookie)
    response = RedirectResponse("/login?out=true", 303)
    clear_session_cookie(request, response)
    return response


@router.post("/language")
async def choose_language(
    core: CoreDep,
    actor: MaybeActor,
    language: Annotated[str, Form(max_length=10)],
    next: Annotated[str, Form(max_length=500)] = "/",  # noqa: A002 - name of the field
) -> Response:
    response = RedirectResponse(local_path(next), 303)
    chosen = known_language(language)
    if chosen is not None:
        response.set_cookie(COOKIE, chosen, max_age=_YEAR_S, samesite="lax", httponly=True)
        if actor is not None:
            await core.accounts.set_language(actor, chosen)
    return response


def _login_page(
    request: Request,
    *,
    status: int = 200,
    next: str,  # noqa: A002 - name of the field
    login: str = "",
    problem: str = "",
    after_logout: bool = False,
) -> Response:
    return TEMPLATES.page(
        request,
        "login.html",
        None,
        status=status,
        next=next,
        login=login,
        problem=problem,
        after_logout=after_logout,
    )
