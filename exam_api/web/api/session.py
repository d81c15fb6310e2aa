"""Log in and out, for clients that are no page."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, StringConstraints
from starlette.responses import Response

from exam_api.domain.errors import TooManyAttempts, WrongCredentials
from exam_api.domain.languages import Language
from exam_api.domain.roles import Actor, Role
from exam_api.web.auth import (
    CoreDep,
    CurrentActor,
    clear_session_cookie,
    client_address,
    session_cookie,
    set_session_cookie,
)
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1", tags=["session"])


class Credentials(BaseModel):
    login: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class LanguageChoice(BaseModel):
    language: Language


@dataclass(frozen=True, slots=True)
class PersonView:
    id: str
    full_name: str
    language: Language
    roles: tuple[Role, ...]


def _person(actor: Actor) -> PersonView:
    return PersonView(actor.id, actor.full_name, actor.language, tuple(sorted(actor.roles)))


@router.post("/session", responses=refuses(WrongCredentials, TooManyAttempts))
async def log_in(
    request: Request, response: Response, core: CoreDep, given: Credentials
) -> PersonView:
    done = await core.accounts.log_in(given.login, given.password, client_address(request))
    set_session_cookie(request, response, done)
    return _person(done.actor)


@router.get("/session")
async def who_am_i(actor: CurrentActor) -> PersonView:
    return _person(actor)


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT)
async def log_out(request: Request, response: Response, core: CoreDep) -> None:
    cookie = session_cookie(request)
    if cookie:
        await core.accounts.log_out(cookie)
    clear_session_cookie(request, response)


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
