"""The page that the QR code of the second camera opens on a phone. The token is its only key."""

from fastapi import APIRouter, Request, Response

from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(include_in_schema=False)


@router.get("/second-camera/{link_token}")
async def second_camera(request: Request, link_token: str) -> Response:  # noqa: ARG001 - read by the page
    return TEMPLATES.page(request, "second_camera.html", None)
