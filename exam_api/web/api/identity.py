"""Identity photos of a sitting (T-4.3), and the consent to its rules."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response, status
from pydantic import Base64Bytes, BaseModel, Field

from exam_api.domain.languages import LANGUAGES, Language
from exam_api.services.identity_ports import PhotoKind
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.i18n import catalogue

router = APIRouter(prefix="/api/v1", tags=["identity"])
_SITTING = "/sittings/{sitting_id}"
# What the room shows where no version was published (number 0), but for the exam's own numbers.
_BUILT_IN = ("allowed", "forbidden", "stay", "breach", "connection", "record", "consent")


class TakenPhoto(BaseModel):
    """A JPEG, base64."""

    jpeg: Annotated[Base64Bytes, Field(max_length=250_000)]


class Agreed(BaseModel):
    """``rules``: the number of the version that was shown, in that language."""

    rules: Annotated[int, Field(ge=0, le=1_000_000)]
    language: Language


class RulesAnswer(BaseModel):
    """Number 0 is the built-in text, which no date was given."""

    number: int
    text: dict[Language, str]
    published_at: datetime | None


class ConsentAnswer(BaseModel):
    rules: int
    language: Language
    at: datetime


class IdentityAnswer(BaseModel):
    """``same``: what a comparison of the faces said; null where none was made or could tell."""

    photos: dict[PhotoKind, datetime]
    same: bool | None
    consents: list[ConsentAnswer]


@router.get("/rules")
async def rules(_actor: CurrentActor, core: CoreDep) -> RulesAnswer:
    """The newest text of the rules and of the consent, to be shown before it is agreed to."""
    found = await core.identity.rules()
    texts = {language: found.texts.get(language) or _built_in(language) for language in LANGUAGES}
    return RulesAnswer(number=found.number, text=texts, published_at=found.published_at)


def _built_in(language: Language) -> str:
    say = catalogue(language)
    return "\n".join(say(f"rules.{part}") for part in _BUILT_IN)


@router.get(f"{_SITTING}/identity")
async def identity(sitting_id: PathId, actor: CurrentActor, core: CoreDep) -> IdentityAnswer:
    """For those who watch the sitting: when each photo was taken, and the consents on record."""
    view = await core.identity.of(actor, sitting_id)
    consents = [
        ConsentAnswer(rules=number, language=language, at=at)
        for number, language, at in view.consents
    ]
    return IdentityAnswer(photos=view.photos, same=view.same, consents=consents)


@router.put(f"{_SITTING}/identity/{{kind}}", status_code=status.HTTP_204_NO_CONTENT)
async def take(
    sitting_id: PathId,
    kind: PhotoKind,
    given: TakenPhoto,
    actor: CurrentActor,
    core: CoreDep,
) -> None:
    """By the sitting's own student, before the test; taken again it is replaced."""
    await core.identity.take(actor, sitting_id, kind, given.jpeg)


@router.get(f"{_SITTING}/identity/{{kind}}.jpg")
async def photo(
    sitting_id: PathId, kind: PhotoKind, actor: CurrentActor, core: CoreDep
) -> Response:
    """For those who watch the sitting."""
    jpeg = await core.identity.photo(actor, sitting_id, kind)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@router.post(f"{_SITTING}/consent", status_code=status.HTTP_204_NO_CONTENT)
async def consent(sitting_id: PathId, given: Agreed, actor: CurrentActor, core: CoreDep) -> None:
    """By the student, before the camera: without it no publish token is given out."""
    await core.identity.consent(actor, sitting_id, given.rules, given.language)
