"""Who sits there (T-4.3), and the rules they agreed to: photos and consents."""

import asyncio
import hashlib
import io
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from PIL import Image, ImageOps

from exam_api.domain.errors import (
    ConsentMissing,
    ExamBegun,
    IdentityMissing,
    InvalidRequest,
    NotFound,
)
from exam_api.domain.languages import LANGUAGES, Language, Texts
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Exam, Sitting
from exam_api.services.identity_ports import (
    FaceComparison,
    IdentityRows,
    LiveWatch,
    Photo,
    PhotoKind,
    PrivateBlobs,
    Rules,
)
from exam_api.services.ports import Clock, Sittings
from exam_api.services.scheduling import require_planner

RULES_LIMIT: Final = 20_000
_MOST_SIDE: Final = 4_000


class IdentityUnit(Protocol):
    @property
    def identity(self) -> IdentityRows: ...
    @property
    def sittings(self) -> Sittings: ...


class IdentityUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[IdentityUnit]: ...
    def write(self) -> AbstractAsyncContextManager[IdentityUnit]: ...


@dataclass(frozen=True, slots=True)
class IdentityView:
    """``same`` is None where nobody compared the faces, or where it cannot be told.

    ``somebody_else``: the face at the camera, before the test, is not that of the photos.
    """

    photos: dict[PhotoKind, datetime]
    same: bool | None
    consents: Sequence[tuple[int, Language, datetime]]
    somebody_else: bool = False


async def require_photos(unit: IdentityUnit, sitting: Sitting, exam: Exam) -> None:
    """IdentityMissing where the exam asks for photos and not both are there."""
    if not exam.policy.identity_photos:
        return
    if set(await unit.identity.photos(sitting.id)) != set(PhotoKind):
        raise IdentityMissing


async def require_consent(unit: IdentityUnit, sitting: Sitting) -> None:
    """ConsentMissing: nothing of a student is recorded before they agreed to the rules."""
    if sitting.began_at is None and not await unit.identity.consents(sitting.id):
        raise ConsentMissing


class Identity:
    """``watch``: None where nobody watches the cameras."""

    def __init__(
        self,
        units: IdentityUnits,
        clock: Clock,
        blobs: PrivateBlobs,
        comparison: FaceComparison | None = None,
    ) -> None:
        self._units = units
        self._clock = clock
        self._blobs = blobs
        self._comparison = comparison
        self.watch: LiveWatch | None = None

    # --- photos -----------------------------------------------------------------------------

    async def take(self, actor: Actor, sitting_id: str, kind: PhotoKind, data: bytes) -> None:
        """A JPEG of the student's own sitting, till the test begins. Taken again it is replaced."""
        async with self._units.read() as unit:
            _require_before(await unit.sittings.get(sitting_id, actor), actor)
        clean = await asyncio.to_thread(_cleaned, data)
        digest = hashlib.sha256(clean).hexdigest()
        key = f"identity/{sitting_id}/{kind}-{digest[:32]}.jpg"
        await self._blobs.put(key, clean)
        async with self._units.write() as unit:
            _require_before(await unit.sittings.lock_own(sitting_id, actor), actor)
            await unit.identity.add_photo(sitting_id, Photo(kind, key, self._clock.now()))
        if self.watch is not None:
            self.watch.on_photos(sitting_id)

    async def photo(self, actor: Actor, sitting_id: str, kind: PhotoKind) -> bytes:
        """For those who watch the sitting. NotFound."""
        async with self._units.read() as unit:
            await unit.sittings.watched(sitting_id, actor)
            found = (await unit.identity.photos(sitting_id)).get(kind)
        if found is None:
            raise NotFound
        return await self._blobs.get(found.key)

    async def of(self, actor: Actor, sitting_id: str) -> IdentityView:
        """NotFound."""
        async with self._units.read() as unit:
            await unit.sittings.watched(sitting_id, actor)
            photos = await unit.identity.photos(sitting_id)
            consents = await unit.identity.consents(sitting_id)
        taken = {kind: photo.taken_at for kind, photo in photos.items()}
        somebody_else = self.watch is not None and self.watch.somebody_else(sitting_id)
        same = await self._same(list(photos.values()))
        return IdentityView(taken, same, consents, somebody_else)

    async def _same(self, photos: Sequence[Photo]) -> bool | None:
        keys = {photo.kind: photo.key for photo in photos}
        if self._comparison is None or set(keys) != set(PhotoKind):
            return None
        face, document = [await self._blobs.get(keys[kind]) for kind in PhotoKind]
        return await self._comparison.same(face, document)

    # --- rules and consent ------------------------------------------------------------------

    async def rules(self) -> Rules:
        async with self._units.read() as unit:
            return await unit.identity.rules()

    async def publish_rules(self, actor: Actor, texts: Texts) -> Rules:
        """A new version; what was agreed to before stays what it was."""
        require_planner(actor)
        if set(texts) != set(LANGUAGES) or not all(
            0 < len(text.strip()) <= RULES_LIMIT for text in texts.values()
        ):
            raise InvalidRequest("the rules stand in all three languages", code="rules_incomplete")
        async with self._units.write() as unit:
            return await unit.identity.publish_rules(texts, actor.id)

    async def consent(self, actor: Actor, sitting_id: str, number: int, language: Language) -> None:
        """The student agreed to that version, as shown in that language."""
        async with self._units.write() as unit:
            await unit.sittings.lock_own(sitting_id, actor)
            if not 0 <= number <= (await unit.identity.rules()).number:
                raise NotFound
            await unit.identity.consent(sitting_id, number, language)

    async def has_agreed(self, actor: Actor, sitting_id: str) -> bool:
        """The student's own sitting. NotFound."""
        async with self._units.read() as unit:
            await unit.sittings.get(sitting_id, actor)
            return bool(await unit.identity.consents(sitting_id))


def _require_before(sitting: Sitting, actor: Actor) -> None:
    sitting.require_own(actor.id)
    if sitting.completed or sitting.began_at is not None:
        raise ExamBegun


def _cleaned(data: bytes) -> bytes:
    """The picture alone, without what a camera writes beside it (place, device, thumbnail)."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            if max(picture.size) > _MOST_SIDE:
                raise InvalidRequest("the picture is too large", code="photo_unreadable")
            clean = io.BytesIO()
            upright = ImageOps.exif_transpose(picture)
            upright.convert("RGB").save(clean, "JPEG", quality=88)
    except (OSError, ValueError, SyntaxError) as error:
        raise InvalidRequest("no JPEG picture", code="photo_unreadable") from error
    return clean.getvalue()
