"""Who is asking: the session cookie, and what routes declare to get the person behind it."""

from typing import Annotated, cast

from fastapi import Depends, Header, Request, Security
from fastapi.security import APIKeyCookie
from starlette.responses import Response

from exam_api.domain.errors import (
    ClientIdMissing,
    NotLoggedIn,
    PasswordChangeRequired,
    SessionChoiceRequired,
)
from exam_api.domain.ids import digest
from exam_api.domain.roles import Actor
from exam_api.services.accounts import LogIn
from exam_api.web.container import Core

_COOKIE = "baqylau"


def core_of(request: Request) -> Core:
    return cast("Core", request.app.state.core)


# What routes depend on is async: FastAPI would send a plain function through a thread each time.
async def _core(request: Request) -> Core:
    return core_of(request)


CoreDep = Annotated[Core, Depends(_core)]


def cookie_name(*, https: bool) -> str:
    """``__Host-`` binds the cookie to this host and to https; browsers refuse it on plain http."""
    return f"__Host-{_COOKIE}" if https else _COOKIE


def session_cookie(request: Request) -> str | None:
    return request.cookies.get(cookie_name(https=core_of(request).web.https))


def set_session_cookie(request: Request, response: Response, log_in: LogIn) -> None:
    """Also where an older session's cookie was: a log-in always makes a new one.

    It ends by its age, not at a time: the clock of the person's computer may be wrong (RFC 6265).
    """
    core = core_of(request)
    https = core.web.https
    response.set_cookie(
        cookie_name(https=https),
        log_in.cookie,
        max_age=int((log_in.expires_at - core.clock.now()).total_seconds()),
        path="/",
        secure=https,
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(request: Request, response: Response) -> None:
    https = core_of(request).web.https
    response.delete_cookie(
        cookie_name(https=https), path="/", secure=https, httponly=True, samesite="lax"
    )


def required_cookie(request: Request) -> str:
    """The session's secret on a route that only a logged-in person reaches."""
    cookie = session_cookie(request)
    if cookie is None:
        raise NotLoggedIn
    return cookie


def client_agent(request: Request) -> str:
    """What the browser calls itself."""
    return request.headers.get("user-agent", "")


def client_address(request: Request) -> str:
    """For rate limits. A proxy's forwarded address is put here by the server's own settings."""
    return request.client.host if request.client else "unknown"


async def maybe_user(request: Request) -> Actor | None:
    """Asked once a request: what stands before the routes (rate limits) may have asked already."""
    if not hasattr(request.state, "caller"):
        cookie = session_cookie(request)
        request.state.caller = await core_of(request).accounts.who(cookie) if cookie else None
    return cast("Actor | None", request.state.caller)


MaybeActor = Annotated[Actor | None, Depends(maybe_user)]


# Read by maybe_user; declared so that the API's description says which routes want a session.
_SESSION = Security(APIKeyCookie(name=_COOKIE, scheme_name="session", auto_error=False))


async def signed_in_user(actor: MaybeActor, _cookie: Annotated[str | None, _SESSION]) -> Actor:
    if actor is None:
        raise NotLoggedIn
    return actor


# For the few routes on which a person settles what comes before all others.
UnsettledActor = Annotated[Actor, Depends(signed_in_user)]


async def current_user(actor: UnsettledActor) -> Actor:
    if actor.must_choose_session:
        raise SessionChoiceRequired
    if actor.must_change_password:
        raise PasswordChangeRequired
    return actor


CurrentActor = Annotated[Actor, Depends(current_user)]


def within_session(request: Request, client_id: str) -> str:
    """S-11: a tab's id that was copied into another log-in session is another tab's there."""
    return digest(f"{session_cookie(request) or ''}\0{client_id}")


async def client_id_or_none(
    request: Request,
    x_client_id: Annotated[
        str | None, Header(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    ] = None,
) -> str | None:
    """The tab that asks (header ``X-Client-Id``), as its log-in session's own."""
    return within_session(request, x_client_id) if x_client_id is not None else None


MaybeClientId = Annotated[str | None, Depends(client_id_or_none)]


async def require_client_id(client_id: MaybeClientId) -> str:
    if client_id is None:
        raise ClientIdMissing
    return client_id


ClientId = Annotated[str, Depends(require_client_id)]
