"""What keeping recordings reads and writes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from capture.contracts import ClockOffset, Gap, Recording, SuppliedSegment, TrackKey
from capture.signing import RecordingKey
from capture.supplied import SupplyRequest


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

    async def ask_second_look(self, sealed: SealedTrack) -> None:
        """Where the exam's policy wants one; once for each state of the recording."""

    async def forget_seal(self, sitting_id: str) -> None:
        """Something was added to the recording: it is to be signed anew."""


class Tracks(Protocol):
    """Manifests, from capture."""

    async def end_sitting(self, sitting_id: str) -> None:
        """Nothing of it is open when this returns. Again changes nothing."""

    def tracks_on_record(self, sitting_id: str) -> list[TrackKey]: ...

    def recording(self, sitting_id: str) -> Recording: ...

    async def finalise(
        self, key: TrackKey, signer: RecordingKey, at: datetime, until_ms: int
    ) -> Recording:
        """StillRecorded while it is published."""

    async def note_clock(self, key: TrackKey, offset: ClockOffset) -> None: ...

    async def supply(self, key: TrackKey, request: SupplyRequest) -> list[SuppliedSegment]: ...
