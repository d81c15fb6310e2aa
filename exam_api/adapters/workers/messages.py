"""What the main process and its workers say to each other: plain values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.contracts import AnalysedStretch, FlagUpdate
from capture.contracts import CaptureEvent, CaptureFigures, LiveStatus, Relief, TrackKey
from capture.errors import CaptureError
from capture.settings import CaptureSettings

Tracks = Mapping[TrackKey, "TrackState"]


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker is. ``core``: the one it stays on, where the system lets it.

    ``objects``: names of the object models that watch, as chosen when the server started.
    """

    index: int
    core: int | None
    recordings_dir: Path
    data_dir: Path
    models_dir: Path | None
    capture: CaptureSettings
    thumbnail_every_s: float
    log_level: int
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrackState:
    """A track in a worker's memory. ``growing``: names of the files after its sealed segments."""

    status: LiveStatus
    until_ms: int
    growing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkerLoad:
    """``lag_s``: how late the event loop was lately; ``cpu``: share of one core."""

    lag_s: float = 0.0
    cpu: float = 0.0
    relief: Relief = Relief.NOTHING
    views: int = 0


class WorkerUnavailable(CaptureError):
    """The process that records this sitting is gone; another takes over in a moment."""

    code = "worker_unavailable"
    status = 503
    retryable = True


class WorkerFailed(CaptureError):
    """A worker could not do what it was asked, for a reason nobody foresaw."""

    code = "worker_failed"


# --- to a worker ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """Do ``name`` (a method of ``child.Worker``); the answer carries the same id."""

    id: int
    name: str
    arguments: tuple[object, ...]


# --- from a worker ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    id: int
    value: object = None
    error: CaptureError | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """A capture event, and how the sitting's tracks are now that it has happened."""

    event: CaptureEvent
    tracks: Tracks


@dataclass(frozen=True, slots=True)
class Flagged:
    update: FlagUpdate


@dataclass(frozen=True, slots=True)
class Counted:
    """Frames analysed so far."""

    stretch: AnalysedStretch


@dataclass(frozen=True, slots=True)
class Pictured:
    """A thumbnail."""

    sitting_id: str
    at_ms: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Beat:
    """The heartbeat: all tracks, and how the worker is."""

    tracks: Tracks
    figures: CaptureFigures
    load: WorkerLoad


Message = Call | Answered | Happened | Flagged | Counted | Pictured | Beat | Setup
