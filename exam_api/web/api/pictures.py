"""Pictures of a sitting's questions, under the rules of the questions themselves."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response

from exam_api.web.api.ids import PathId
from exam_api.web.auth import ClientId, CoreDep, CurrentActor

router = APIRouter(prefix="/api/v1/sittings/{sitting_id}", tags=["test"])
PictureName = Annotated[str, Path(pattern=r"^[0-9a-f]{32}\.(png|jpg|gif|webp)$")]
_TYPES: Final = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}


@router.get("/items/{item_id}/pictures/{name}")
async def picture(  # noqa: PLR0917 - parts of the address
    core: CoreDep,
    actor: CurrentActor,
    sitting_id: PathId,
    item_id: PathId,
    name: PictureName,
    client_id: ClientId,
) -> Response:
    """409 ``recording_not_live`` unless the recording runs (S-10)."""
    data = await core.pictures.of_sitting(actor, sitting_id, client_id, item_id, name)
    return picture_response(name, data)


def picture_response(name: str, data: bytes) -> Response:
    """Never stored by a browser (T-6.4), never anything but a picture."""
    media_type = _TYPES[name.rpartition(".")[2]]
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'"}
    return Response(data, media_type=media_type, headers=headers)
