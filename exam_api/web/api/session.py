"""Log in and out, for clients that are no page."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, StringConstraints
from starlette.responses import Response

from exam_api.domain.errors import TooManyAttempts, WrongCredentials
from exam_api.domain.languages import Language
from exam_api.domain.roles import Actor, Role
from exam_api.services.own_sessions import Kept, OwnSession
from exam_api.services.paging import Key, page_after
from exam_api.web.api.paging import PAGED, AskedPage, linked
from exam_api.web.auth import (
    CoreDep,
    CurrentActor,
    UnsettledActor,
    clear_session_cookie,
    client_address,
    client_agent,
    required_cookie,
    session_cookie,
    set_session_cookie,
)
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1", tags=["session"])


class Credentials(BaseModel):
    login: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class NewPassword(BaseModel):
    current: Annotated[str, StringConstraints(max_length=1024)]
    new: Annotated[str, StringConstraints(max_length=1024)]


class SessionChoice(BaseModel):
    keep: Kept


@dataclass(frozen=True, slots=True)
class SessionView:
    """``id`` names the session and lets nobody in."""

    id: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    this_one: bool


class LanguageChoice(BaseModel):
    language: Language


@dataclass(frozen=True, slots=True)
class PersonView:
    id: str
    full_name: str
    language: Language
    roles: tuple[Role, ...]
    must_change_password: bool
    must_choose_session: bool


def _person(actor: Actor) -> PersonView:
    return PersonView(
        actor.id,
        actor.full_name,
        actor.language,
        tuple(sorted(actor.roles)),
        actor.must_change_password,
        actor.must_choose_session,
    )


def _session(one: OwnSession) -> SessionView:
    session = one.session
    return SessionView(
        session.id,
        session.created_at,
        session.last_seen_at,
        session.expires_at,
        session.address,
        session.agent,
        one.this_one,
    )


def _order(one: OwnSession) -> Key:
    return round(one.session.created_at.timestamp() * 1_000_000), one.session.id


@router.post("/session", responses=refuses(WrongCredentials, TooManyAttempts))
async def log_in(
    request: Request, response: Response, core: CoreDep, given: Credentials
) -> PersonView:
    address, agent = client_address(request), client_agent(request)
    done = await core.accounts.log_in(given.login, given.password, address, agent)
    set_session_cookie(request, response, done)
    return _person(done.actor)


@router.get("/session")
async def who_am_i(actor: UnsettledActor) -> PersonView:
    return _person(actor)


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT)
async def log_out(request: Request, response: Response, core: CoreDep) -> None:
    cookie = session_cookie(request)
    if cookie:
        await core.accounts.log_out(cookie)
    clear_session_cookie(request, response)


@router.get("/sessions", responses=PAGED)
async def own_sessions(
    *, request: Request, response: Response, ask: AskedPage, core: CoreDep, actor: CurrentActor
) -> tuple[SessionView, ...]:
    """Where this person is logged in, in the order of the log-ins."""
    found = await core.log_ins.own(actor, required_cookie(request))
    return linked(request, response, page_after(found, ask, _order).shown(_session))


@router.delete("/sessions/{session_id}", status_code=HTTPStatus.NO_CONTENT)
async def end_session(
    core: CoreDep, actor: CurrentActor, session_id: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
) -> None:
    await core.log_ins.end_own(actor, session_id)


@router.put("/session/password", status_code=HTTPStatus.NO_CONTENT)
async def change_password(
    request: Request, response: Response, core: CoreDep, actor: UnsettledActor, given: NewPassword
) -> None:
    """Ends the person's other sessions; this one goes on under a new cookie."""
    cookie = required_cookie(request)
    done = await core.log_ins.change_password(actor, cookie, given.current, given.new)
    set_session_cookie(request, response, done)


@router.post("/session/choice", status_code=HTTPStatus.NO_CONTENT)
async def choose_session(
    request: Request, response: Response, core: CoreDep, actor: UnsettledActor, given: SessionChoice
) -> None:
    """Of two sessions beside a running exam one stays; ``other`` ends this one."""
    done = await core.log_ins.choose(actor, required_cookie(request), given.keep)
    if done is None:
        clear_session_cookie(request, response)
    else:
        set_session_cookie(request, response, done)


@router.delete("/sessions", status_code=HTTPStatus.NO_CONTENT)
async def log_out_everywhere(
    request: Request, response: Response, core: CoreDep, actor: CurrentActor
) -> None:
    """Ends this person's sessions at every computer, this one too."""
    await core.accounts.log_out_everywhere(actor)
    clear_session_cookie(request, response)


@router.put("/session/language", status_code=HTTPStatus.NO_CONTENT)
async def choose_language(core: CoreDep, actor: CurrentActor, choice: LanguageChoice) -> None:
    await core.accounts.set_language(actor, choice.language)
