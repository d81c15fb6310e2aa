"""Form 3's two faces: who was enrolled, and who sat there."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from exam_api.domain.errors import ActIncomplete
from exam_api.domain.roles import Actor
from exam_api.services.act_course_ports import ActCourseUnit
from exam_api.services.act_documents import Place, flag_entry
from exam_api.services.clips import Clips
from exam_api.services.drawn_documents import Face, OutsiderOrder, Shown
from exam_api.services.identity_ports import IdentityRows, PhotoKind
from exam_api.services.ports import Blobs
from exam_api.services.proctoring_ports import StoredFlag, Transaction
from exam_api.services.review_ports import ActStore, StoredAct, WatchedSitting


class DrawnStore(ActStore, Protocol):
    @property
    def unit(self) -> ActCourseUnit: ...
    @property
    def identity(self) -> IdentityRows: ...
    async def unfinished(self) -> list[StoredAct]:
        """Acts of people that were not rendered to the end."""


class Faces:
    def __init__(
        self, read: Transaction[DrawnStore], blobs: Blobs, clips: Clips, place: Place
    ) -> None:
        self._read = read
        self._blobs = blobs
        self._clips = clips
        self._place = place

    async def shown(
        self, actor: Actor, sitting_id: str, order: OutsiderOrder
    ) -> tuple[Shown, dict[str, bytes]]:
        """With the pictures by key. NotFound, ActIncomplete."""
        async with self._read() as store:
            enrolled = await _enrolled(store, sitting_id, order.enrolled)
            seen = await _seen(store, actor, sitting_id, order.flag_id)
        keys = {face.key for face in (enrolled, seen) if face}
        pictures = {key: await self._blobs.get(key) for key in sorted(keys)}
        return Shown(enrolled=enrolled, seen=seen), pictures

    async def kept(self, actor: Actor, sitting_id: str, act_id: str, order: OutsiderOrder) -> Shown:
        """Copied to the act's own keys: identity photos go after their time, an act stays."""
        shown, pictures = await self.shown(actor, sitting_id, order)

        async def copied(face: Face | None) -> Face | None:
            if face is None:
                return None
            jpeg = pictures[face.key]
            key = f"acts/{act_id}/face-{hashlib.sha256(jpeg).hexdigest()[:32]}.jpg"
            await self._blobs.put(key, jpeg)
            return replace(face, key=key)

        return Shown(
            enrolled=await copied(shown.enrolled),
            seen=await copied(shown.seen),
            flag=await self._entry(actor, order.flag_id),
        )

    async def _entry(self, actor: Actor, flag_id: str | None) -> Mapping[str, Any] | None:
        """What the machine saw, for the evidence package; the frame is what ``seen`` shows."""
        if not flag_id:
            return None
        async with self._read() as store:
            flag, _ = await store.flag(flag_id, actor)
        clip = await self._clips.cut(flag)
        return flag_entry(flag, clip, self._clips.until(flag), self._place)


async def _enrolled(store: DrawnStore, sitting_id: str, kind: str | None) -> Face | None:
    if not kind:
        return None
    photo = (await store.identity.photos(sitting_id)).get(PhotoKind(kind))
    if photo is None:
        raise ActIncomplete({"enrolled": "no_picture"})
    return Face(photo.key, None, photo.taken_at)


async def _seen(
    store: DrawnStore, actor: Actor, sitting_id: str, flag_id: str | None
) -> Face | None:
    if not flag_id:
        return None
    flag, watched = await store.flag(flag_id, actor)
    if watched.sitting.id != sitting_id or not flag.evidence_key:
        raise ActIncomplete({"flag": "no_picture"})
    return _face_of(flag, watched, flag.evidence_key)


def _face_of(flag: StoredFlag, watched: WatchedSitting, key: str) -> Face:
    box = next(iter(flag.boxes), None)
    region = (box.x0, box.y0, box.x1, box.y1) if box else None
    at_ms = flag.start_ms if flag.evidence_at_ms is None else flag.evidence_at_ms
    origin = watched.sitting.origin
    return Face(key, region, origin + timedelta(milliseconds=at_ms) if origin else None)
