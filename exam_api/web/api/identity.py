"""Identity photos of a sitting (T-4.3), and the consent to its rules."""

from typing import Annotated

from fastapi import APIRouter, Response, status
from pydantic import Base64Bytes, BaseModel, Field

from exam_api.domain.languages import Language
from exam_api.services.identity_ports import PhotoKind
from exam_api.web.api.ids import PathId
from exam_api.web.api.proctoring_services import Proctoring
from exam_api.web.auth import CurrentActor

router = APIRouter(prefix="/api/v1/sittings/{sitting_id}", tags=["identity"])


class TakenPhoto(BaseModel):
    """A JPEG, base64."""

    jpeg: Annotated[Base64Bytes, Field(max_length=250_000)]


class Agreed(BaseModel):
    """``rules``: the number of the version that was shown, in that language."""

    rules: Annotated[int, Field(ge=0, le=1_000_000)]
    language: Language


@router.put("/identity/{kind}", status_code=status.HTTP_204_NO_CONTENT)
async def take(
    sitting_id: PathId,
    kind: PhotoKind,
    given: TakenPhoto,
    actor: CurrentActor,
    services: Proctoring,
) -> None:
    """By the sitting's own student, before the test; taken again it is replaced."""
    await services.identity.take(actor, sitting_id, kind, given.jpeg)


@router.get("/identity/{kind}.jpg")
async def photo(
    sitting_id: PathId, kind: PhotoKind, actor: CurrentActor, services: Proctoring
) -> Response:
    """For those who watch the sitting."""
    jpeg = await services.identity.photo(actor, sitting_id, kind)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@router.post("/consent", status_code=status.HTTP_204_NO_CONTENT)
async def consent(
    sitting_id: PathId, given: Agreed, actor: CurrentActor, services: Proctoring
) -> None:
    await services.identity.consent(actor, sitting_id, given.rules, given.language)
