"""Identity photos and consents as rows, and who compares faces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from exam_api.domain.languages import Language, Texts


class PhotoKind(StrEnum):
    FACE = "face"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Photo:
    """``key``: of the private blob. Taken again, the newest counts."""

    kind: PhotoKind
    key: str
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Rules:
    """The text of the rules and of the consent, by language. Number 0 is the built-in text."""

    number: int
    texts: Texts
    published_at: datetime | None


class IdentityRows(Protocol):
    async def add_photo(self, sitting_id: str, photo: Photo) -> None: ...
    async def photos(self, sitting_id: str) -> Mapping[PhotoKind, Photo]:
        """The newest of each kind that is still kept."""
        ...

    async def expired(self, before: datetime, limit: int) -> Mapping[str, Sequence[str]]:
        """By sitting, each key once: those whose photos were all taken earlier, and are kept."""
        ...

    async def keys(self, sitting_id: str) -> Sequence[str]:
        """Of all photos of the sitting that are still kept, each once."""
        ...

    async def forget(self, keys: Sequence[str]) -> int:
        """How many rows went."""
        ...

    async def rules(self) -> Rules: ...
    async def publish_rules(self, texts: Texts, by: str) -> Rules: ...
    async def consent(self, sitting_id: str, number: int, language: Language) -> None:
        """The first time counts."""
        ...

    async def consents(self, sitting_id: str) -> Sequence[tuple[int, Language, datetime]]: ...


class PrivateBlobs(Protocol):
    async def put(self, key: str, data: bytes) -> None: ...
    async def get(self, key: str) -> bytes: ...
    async def delete(self, key: str) -> None: ...


class FaceComparison(Protocol):
    """Whether two pictures show one person. Vision offers it; without it nothing is claimed."""

    async def same(self, face: bytes, document: bytes) -> bool | None:
        """None: cannot be told."""
        ...


class LiveWatch(Protocol):
    """Whoever watches the sittings' cameras."""

    def on_photos(self, sitting_id: str) -> None:
        """The student took a photo: whoever sits there is compared with it from now on."""
        ...

    def somebody_else(self, sitting_id: str) -> bool:
        """Whether the face at the camera has been another than that of the photos, lately."""
        ...
