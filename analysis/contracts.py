"""What analysis publishes: observations of single frames, and flags made from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FlagKind(StrEnum):
    """Stored codes, translated only at the edge. Which form-1 item each supports: policy."""

    ABSENCE = "absence"
    EXTRA_FACE = "extra_face"
    IDENTITY_MISMATCH = "identity_mismatch"
    IDENTITY_UNCLEAR = "identity_unclear"
    PHONE = "phone"
    NOTES = "notes"
    HEADPHONES = "headphones"
    SECOND_SCREEN = "second_screen"
    LOOKING_AWAY = "looking_away"
    SPEECH = "speech"
    CAMERA_BLOCKED = "camera_blocked"
    FEED_FROZEN = "feed_frozen"
    FEED_LOOPED = "feed_looped"
    VIRTUAL_CAMERA = "virtual_camera"
    FOCUS_LOST = "focus_lost"
    CONNECTION_LOST = "connection_lost"
    SEAT_CHANGED = "seat_changed"
    ANALYSIS_LOST = "analysis_lost"


class Severity(StrEnum):
    """``SIGN``: what has not lasted long enough yet to be what its kind is (ADR 0019)."""

    ALERT = "alert"
    NOTICE = "notice"
    SIGN = "sign"
    TECHNICAL = "technical"


# What a person has to decide on. The rest is on record, and may be decided on.
JUDGED = frozenset({Severity.ALERT, Severity.NOTICE})


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is expected in front of the camera, as photo files: of the face, and of a document.

    Biometric: never printed, and what is made of it is held only while the sitting is watched.
    """

    faces: tuple[bytes, ...] = field(default=(), repr=False)
    documents: tuple[bytes, ...] = field(default=(), repr=False)


NOBODY_KNOWN = Subject()


@dataclass(frozen=True, slots=True)
class Box:
    """A region of the picture; corners relative to its size, 0..1, origin top left."""

    label: str
    score: float
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which model saw it, so that an appeal can re-run it.

    ``recall``: of an object model, the measured share of visible phones that it finds.
    """

    id: str
    version: str
    sha256: str
    recall: float | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What one frame shows. A score is 0..1; ``None`` = the frame says nothing (no vote)."""

    at_ms: int
    scores: Mapping[FlagKind, float | None]
    boxes: tuple[Box, ...] = ()
    measures: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The frame that shows it best, as JPEG, with the regions found in it."""

    at_ms: int
    jpeg: bytes
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Still:
    """A small picture of a moment, as JPEG."""

    at_ms: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Flag:
    """A machine's claim, never a verdict. ``end_ms`` is None while it lasts.

    ``thresholds`` holds every number of the rule that opened it; ``scores`` the window's votes
    (at_ms, score). ``before``: the last seconds before it began, at most five small pictures, the
    same from its opening to its end. Within a sitting (kind, start_ms) names a flag.
    """

    kind: FlagKind
    severity: Severity
    start_ms: int
    end_ms: int | None
    confidence: float
    models: tuple[ModelRef, ...]
    thresholds: Mapping[str, float]
    scores: tuple[tuple[int, float], ...]
    evidence: Evidence | None
    before: tuple[Still, ...] = ()


class FlagPhase(StrEnum):
    OPENED = "opened"
    UPDATED = "updated"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class FlagUpdate:
    sitting_id: str
    phase: FlagPhase
    flag: Flag


@dataclass(frozen=True, slots=True)
class Sight:
    """Flags, and what was looked at: stretches (from, to), and the kinds that could be told.

    All in ms of the video. A kind of which no picture said anything, as without its model or
    without any face, was not looked for.
    """

    flags: tuple[Flag, ...]
    stretches: tuple[tuple[int, int], ...]
    kinds: frozenset[FlagKind]


@dataclass(frozen=True, slots=True)
class AnalysedStretch:
    """How many frames of a sitting were analysed from one switching on to now (its timeline)."""

    sitting_id: str
    frames: int
    start_ms: int
    end_ms: int
