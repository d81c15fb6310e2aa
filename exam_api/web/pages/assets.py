"""Static files under a version of their own, and the catalogues for the pages' scripts.

The version is a digest of all files: modules that import each other by relative paths stay of
one version, browsers keep them for good, and an upgrade reaches everyone at once.
"""

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from exam_api.domain.errors import NotFound
from exam_api.web.i18n import catalogue, known_language

STATIC = Path(__file__).parent.parent / "static"

router = APIRouter(include_in_schema=False)


@cache
def static_prefix() -> str:
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(STATIC).as_posix().encode())
            digest.update(path.read_bytes())
    return f"/static/{digest.hexdigest()[:12]}"


class VersionedFiles(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


@router.get("/i18n/{language}.json")
async def messages(language: str, request: Request) -> Response:
    """Small, and asked for again at each page: an unchanged catalogue costs one 304."""
    known = known_language(language)
    if known is None or known != language:
        raise NotFound
    body = catalogue(known).as_json()
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
