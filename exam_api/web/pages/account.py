"""Log-in, log-out, the language, and the way home."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.domain.errors import TooManyAttempts, WrongCredentials
from exam_api.domain.roles import Actor
from exam_api.services.own_sessions import Kept, PasswordUnfit
from exam_api.web.auth import (
    CoreDep,
    CurrentActor,
    MaybeActor,
    UnsettledActor,
    clear_session_cookie,
    client_address,
    client_agent,
    required_cookie,
    session_cookie,
    set_session_cookie,
)
from exam_api.web.container import Core
from exam_api.web.i18n import COOKIE, catalogue, known_language, request_language
from exam_api.web.pages.rendering import TEMPLATES, home_of

router = APIRouter(include_in_schema=False)
_YEAR_S = 365 * 24 * 3600
SessionId = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


# One slash, and nothing that a browser drops before it reads the address (tab, line feed).
_LOCAL_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")


def local_path(wanted: str | None) -> str:
    """Where to go on after a form: a path of this site, never another host."""
    return wanted if wanted and _LOCAL_PATH.fullmatch(wanted) else "/"


@router.get("/")
async def home(actor: CurrentActor) -> Response:
    return RedirectResponse(home_of(actor), 303)


@router.get("/account")
async def own_account(
    request: Request, actor: CurrentActor, core: CoreDep, changed: bool = False
) -> Response:
    return TEMPLATES.page(
        request,
        "account/own.html",
        actor,
        me=await core.accounts.me(actor),
        sessions=await core.log_ins.own(actor, required_cookie(request)),
        changed=changed,
    )


@router.post("/account/sessions/end-others")
async def end_other_sessions(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    await core.log_ins.end_others(actor, required_cookie(request))
    return RedirectResponse("/account", 303)


@router.post("/account/sessions/{session_id}/end")
async def end_session(actor: CurrentActor, core: CoreDep, session_id: SessionId) -> Response:
    await core.log_ins.end_own(actor, session_id)
    return RedirectResponse("/account", 303)


@router.get("/account/password")
async def password_form(request: Request, actor: UnsettledActor, core: CoreDep) -> Response:
    return _password_page(request, actor, core)


@router.post("/account/password")
async def change_password(  # noqa: PLR0917 - the form's fields
    request: Request,
    actor: UnsettledActor,
    core: CoreDep,
    current: Annotated[str, Form(max_length=200)],
    new: Annotated[str, Form(max_length=1000)],
    again: Annotated[str, Form(max_length=1000)],
) -> Response:
    if new != again:
        return _password_page(request, actor, core, "password_differs")
    try:
        done = await core.log_ins.change_password(actor, required_cookie(request), current, new)
    except PasswordUnfit as error:
        return _password_page(request, actor, core, error.code)
    # Who came by a one-time password has a first page to go to.
    response = RedirectResponse("/" if actor.must_change_password else "/account?changed=true", 303)
    set_session_cookie(request, response, done)
    return response


def _password_page(request: Request, actor: Actor, core: Core, code: str = "") -> Response:
    t = catalogue(request_language(request, actor.language))
    return TEMPLATES.page(
        request,
        "account/password.html",
        actor,
        status=422 if code else 200,
        problem=t(f"error.{code}") if code else "",
        least=core.log_ins.password_least,
    )


@router.get("/account/session-choice")
async def session_choice(request: Request, actor: UnsettledActor, core: CoreDep) -> Response:
    """A log-in beside a running exam: which of the two is to stay."""
    if not actor.must_choose_session:
        return RedirectResponse("/", 303)
    sessions = await core.log_ins.own(actor, required_cookie(request))
    return TEMPLATES.page(request, "account/session_choice.html", actor, sessions=sessions)


@router.post("/account/session-choice")
async def choose_session(
    request: Request, actor: UnsettledActor, core: CoreDep, keep: Annotated[Kept, Form()]
) -> Response:
    done = await core.log_ins.choose(actor, required_cookie(request), keep)
    if done is None:
        response = RedirectResponse("/login?out=true", 303)
        clear_session_cookie(request, response)
        return response
    response = RedirectResponse("/", 303)
    set_session_cookie(request, response, done)
    return response


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
        address, agent = client_address(request), client_agent(request)
        session = await core.accounts.log_in(login, password, address, agent)
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
