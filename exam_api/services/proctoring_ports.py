"""What the proctoring side needs from storage and from its neighbours: values and ports.

A *store* is bound to one open transaction. Whoever opens it (``Transaction``) is the edge: a
request, the bridge's task or a step of making an act; leaving it without an error commits.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Final, Protocol, TypeVar

from analysis.contracts import (
    AnalysedStretch,
    Box,
    Flag,
    FlagKind,
    ModelRef,
    Severity,
    Subject,
)
from capture.contracts import CaptureFigures, Gap, LiveStatus, Relief, Segment, TrackKind
from exam_api.services.identity_ports import Photo, PhotoKind

Store_co = TypeVar("Store_co", covariant=True)


class Transaction(Protocol[Store_co]):
    """Opens a transaction and gives the store bound to it."""

    def __call__(self) -> AbstractAsyncContextManager[Store_co]: ...


class EventKind(StrEnum):
    """Stored codes of the console's event stream."""

    SITTING_CHANGED = "sitting.changed"
    SITTING_NOTED = "sitting.noted"
    MEDIA_STARTED = "media.started"
    MEDIA_LOST = "media.lost"
    RECORDING_FAILED = "recording.failed"
    CLIENT_REPORTED = "client.reported"
    FLAG_OPENED = "flag.opened"
    FLAG_UPDATED = "flag.updated"
    FLAG_CLOSED = "flag.closed"
    DECISION_MADE = "decision.made"
    ACT_MADE = "act.made"


# What a sitting.noted says in its payload's "kind" where another proctor watches from now on.
HANDED_OVER: Final = "handed_over"


class Verdict(StrEnum):
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class SittingTimes:
    """A sitting as the bridge sees it: when its timeline, its test and its end are."""

    id: str
    exam_id: str
    origin: datetime | None
    began_at: datetime | None
    finished_at: datetime | None

    @property
    def in_progress(self) -> bool:
        return self.began_at is not None and self.finished_at is None

    def at_ms(self, moment: datetime | None) -> int | None:
        """A moment on the sitting's timeline."""
        if moment is None or self.origin is None:
            return None
        return round((moment - self.origin).total_seconds() * 1000)


@dataclass(frozen=True, slots=True)
class Break:
    """A break that a student declared; ``end_ms`` is null while it lasts."""

    start_ms: int
    end_ms: int | None


class SecondFinding(StrEnum):
    """What the second look after the exam says of a flag (services/second_look.py)."""

    CONFIRMED = "confirmed"
    DOUBTED = "doubted"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class SecondLook:
    finding: SecondFinding
    confidence: float
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredStill:
    """A small picture from before a flag; a blob, named by ``key``."""

    at_ms: int
    key: str


@dataclass(frozen=True, slots=True)
class StoredFlag:
    """A flag's row. The evidence picture is a blob, named by ``evidence_key``."""

    id: str
    sitting_id: str
    kind: FlagKind
    severity: Severity
    start_ms: int
    end_ms: int | None
    confidence: float
    models: tuple[ModelRef, ...] = ()
    thresholds: Mapping[str, float] | None = None
    scores: tuple[tuple[int, float], ...] = ()
    evidence_key: str | None = None
    evidence_at_ms: int | None = None
    boxes: tuple[Box, ...] = ()
    second: SecondLook | None = None
    before: tuple[StoredStill, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A person's verdict on a flag. Never changed: the newest counts."""

    id: str
    flag_id: str
    verdict: Verdict
    comment: str
    by_user: str
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A row of the event stream; ``id`` is the consoles' cursor."""

    id: int
    exam_id: str
    sitting_id: str | None
    kind: str
    payload: Mapping[str, object]
    at: datetime


class Saved(Enum):
    """What saving a row did."""

    NEW = auto()
    CHANGED = auto()
    SAME = auto()


class EventSink(Protocol):
    async def append_event(
        self,
        exam_id: str,
        sitting_id: str | None,
        kind: EventKind,
        payload: Mapping[str, object],
    ) -> None: ...


class ProctoringStore(EventSink, Protocol):
    """The bridge's rows. Saving the same thing twice is no error and changes nothing."""

    async def times(self, sitting_id: str) -> SittingTimes | None:
        """Holds the sitting against other writers till the end of the transaction.

        Whoever appends an event waits its turn; the sitting is always held first, and only one
        in a transaction, so that no two wait for each other.
        """

    async def excused(self, sitting_id: str) -> Collection[str]:
        """Kinds of flags that the student's accommodation takes out."""
        ...

    async def thumbnail_s(self, sitting_id: str) -> int:
        """How often its exam wants a picture for the console; 0: as often as the server does."""
        ...

    async def identity_photos(self, sitting_id: str) -> Mapping[PhotoKind, Photo]:
        """The newest of each kind."""
        ...

    async def in_progress(self) -> Sequence[SittingTimes]: ...

    async def save_segment(self, segment: Segment) -> bool: ...

    async def save_gap(self, sitting_id: str, gap: Gap) -> bool: ...

    async def save_flag(
        self,
        sitting_id: str,
        flag: Flag,
        evidence_key: str | None,
        before: Sequence[StoredStill] = (),
    ) -> tuple[StoredFlag, Saved]:
        """Insert, or update the row of the same (kind, start). An ended flag stays as it is.

        Without new pictures the old ones stay.
        """

    async def save_stretch(self, stretch: AnalysedStretch) -> None:
        """Insert, or update the row of the same start, which never shrinks."""

    async def close_flag(self, flag_id: str, end_ms: int) -> None: ...

    async def open_flags(self, sitting_id: str | None = None) -> Sequence[StoredFlag]:
        """Flags that still last, of one sitting or of all."""

    async def flags_after_end(self) -> Sequence[tuple[StoredFlag, int]]:
        """Flags that still last though their sitting ended, and when it did (timeline)."""


class SittingAnalysis(Protocol):
    """Analysis of one sitting's pictures, switched on and off with its media."""

    def attach(
        self, sitting_id: str, excused: Collection[str], subject: Subject, thumbnail_s: int
    ) -> None: ...

    def detach(self, sitting_id: str) -> None:
        """Ends its open flags too. May wait for the worker's thread."""


class Media(Protocol):
    """What is arriving and on record of a track, from capture."""

    @property
    def relief(self) -> Relief: ...

    def figures(self) -> CaptureFigures: ...

    def status(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> LiveStatus: ...

    def recorded_until(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> int: ...
