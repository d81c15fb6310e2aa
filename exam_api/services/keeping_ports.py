"""What keeping recordings reads and writes."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from capture.contracts import Gap, TrackKey
from capture.manifest import Manifest

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class EndedSitting:
    """A sitting that is over: where its end lies on its timeline."""

    id: str
    end_ms: int


@dataclass(frozen=True, slots=True)
class SealedTrack:
    """A track whose manifest is signed. ``public_key``: hex; empty where nothing is on record."""

    key: TrackKey
    digest: str
    public_key: str
    sealed_at: datetime


class KeepingStore(Protocol):
    async def unsealed(self, limit: int, but: Collection[str]) -> Sequence[EndedSitting]:
        """Sittings that are over and whose recording is not signed yet, oldest first."""

    async def save_sealed(self, sealed: SealedTrack, gaps: Sequence[Gap]) -> None:
        """The newest signature counts; gaps that are known change nothing."""


class Tracks(Protocol):
    """Manifests, from capture."""

    def tracks_on_record(self, sitting_id: str) -> list[TrackKey]: ...

    async def amend(self, key: TrackKey, work: Callable[[Manifest], Result]) -> Result: ...
