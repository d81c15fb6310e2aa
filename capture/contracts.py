"""What capture publishes to the other packages: frames, segments and recordings as plain values."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

SOUND_RATE = 16_000  # samples a second of decoded sound


class TrackKind(StrEnum):
    """What a publication shows. Each kind is recorded by itself, all on the sitting's timeline.

    Only ``camera`` (with the microphone) is analysed.
    """

    CAMERA = "camera"
    SCREEN = "screen"
    CAMERA2 = "camera2"


class TrackKey(NamedTuple):
    """One track of one sitting."""

    sitting_id: str
    track: TrackKind = TrackKind.CAMERA


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture of a sitting's camera.

    ``at_ms`` counts from the sitting's origin on the server's clock (one timeline per sitting).
    ``i420`` has shape (height * 3 // 2, width), uint8: the Y plane first, then U and V.
    """

    sitting_id: str
    at_ms: int
    i420: NDArray[np.uint8]

    @property
    def width(self) -> int:
        return int(self.i420.shape[1])

    @property
    def height(self) -> int:
        return int(self.i420.shape[0]) * 2 // 3

    @property
    def luma(self) -> NDArray[np.uint8]:
        """The Y plane, shape (height, width), a view."""
        return self.i420[: self.height]

    def bgr(self) -> NDArray[np.uint8]:
        """The picture as (height, width, 3) BGR, converted anew at each call."""
        return cv2.cvtColor(self.i420, cv2.COLOR_YUV2BGR_I420).astype(np.uint8, copy=False)


@dataclass(frozen=True, slots=True, eq=False)
class AudioChunk:
    """A stretch of a sitting's sound, ``at_ms`` that of its first sample, on the frames' timeline.

    ``samples``: 16 kHz, mono, shape (n,), float32, -1..1.
    """

    sitting_id: str
    at_ms: int
    samples: NDArray[np.float32]

    @property
    def end_ms(self) -> int:
        return self.at_ms + self.samples.size * 1000 // SOUND_RATE


class GapCause(StrEnum):
    """Why a stretch of the sitting is not on record (S-13)."""

    NETWORK = "network"
    CAMERA_OFF = "camera_off"  # as the page told, or no picture came while sound did
    SCREEN_STOPPED = "screen_stopped"  # the student ended the sharing, as the page told
    BROWSER_CLOSED = "browser_closed"
    CLIENT_ENDED = "client_ended"  # an orderly good-bye, and nobody said why
    SERVER_RESTART = "server_restart"
    STORAGE = "storage"


@dataclass(frozen=True, slots=True)
class Gap:
    """No picture is on record. ``sound_until_ms``: but sound is, up to there.

    ``chain``: as in Segment, of the manifest's line; no part of what the gap is.
    """

    start_ms: int
    end_ms: int
    cause: GapCause
    track: TrackKind = TrackKind.CAMERA
    sound_until_ms: int | None = None
    chain: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How far the student's clock is ahead of the server's, measured at ``at_ms``.

    ``round_trip_ms``: the quickest exchange's; the offset is uncertain by half of it at most.
    """

    at_ms: int
    offset_ms: int
    round_trip_ms: int
    samples: int
    chain: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Segment:
    """A closed piece of recording: one WebM (or Matroska for H.264) file, ~15 s, never changed.

    ``sha256`` is of the file's bytes. ``chain`` = sha256(previous chain || sha256 of the manifest's
    line), raw digests, hex here; the first line's previous chain is 32 zero bytes. Gaps and stops
    are links too, so a changed, missing or reordered line is told from the chain alone.
    """

    sitting_id: str
    index: int
    name: str
    start_ms: int
    end_ms: int
    size_bytes: int
    sha256: str
    chain: str
    video_codec: str | None
    audio_codec: str | None
    width: int
    height: int
    track: TrackKind = TrackKind.CAMERA


class Span(NamedTuple):
    """A stretch of the timeline."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class SuppliedSegment:
    """A stretch that the student's own page supplied after a gap: no server saw it being made.

    ``sha256`` is of the file here, ``source_sha256`` of the piece (``piece``: its id) that came.
    """

    piece: str
    name: str
    start_ms: int
    end_ms: int
    size_bytes: int
    sha256: str
    source_sha256: str
    video_codec: str | None
    audio_codec: str | None
    width: int
    height: int
    chain: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything on record of one track of a sitting, in order.

    ``digest``: the last chain value, which stands for all of it; empty where nothing is on record.
    ``signed_by``: the public key (hex) of the signature at its end; empty while it may grow.
    """

    sitting_id: str
    segments: tuple[Segment, ...]
    gaps: tuple[Gap, ...] = field(default=())
    track: TrackKind = TrackKind.CAMERA
    digest: str = ""
    clocks: tuple[ClockOffset, ...] = ()
    supplied: tuple[SuppliedSegment, ...] = ()
    signed_by: str = ""

    @property
    def recorded_ms(self) -> int:
        return sum(segment.end_ms - segment.start_ms for segment in self.segments)

    @property
    def media(self) -> tuple[Segment | SuppliedSegment, ...]:
        """All there is to see, in the order of the timeline."""
        return tuple(sorted((*self.segments, *self.supplied), key=lambda one: one.start_ms))

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.segments)


@dataclass(frozen=True, slots=True)
class PublishGrant:
    """What a valid publish token allows: to send this track of this sitting.

    ``origin`` (UTC) is the zero of the sitting's timeline, the same at every reconnect.
    ``returning``: the sitting was let in before, even if this process knows nothing of it.
    """

    sitting_id: str
    origin: datetime
    track: TrackKind = TrackKind.CAMERA
    returning: bool = False

    @property
    def key(self) -> TrackKey:
        return TrackKey(self.sitting_id, self.track)


@dataclass(frozen=True, slots=True)
class WatchGrant:
    """What a valid watch token allows: to see this track of this sitting live."""

    sitting_id: str
    track: TrackKind = TrackKind.CAMERA

    @property
    def key(self) -> TrackKey:
        return TrackKey(self.sitting_id, self.track)


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """Whether media of a track is arriving now. ``live`` turns false after 2 s without RTP."""

    live: bool
    connected: bool
    last_media_ms: int | None
    frames_decoded: int
    frames_dropped: int


class Relief(IntEnum):
    """What an overloaded process does without, in the order in which it gives things up.

    What is left at the end, recordings and answers, is never given up for lack of time.
    """

    NOTHING = 0
    FEWER_FRAMES = 1  # analysed
    KEY_FRAMES_ONLY = 2  # decoded
    NO_LIVE_VIEWS = 3
    RECORDING_ONLY = 4  # nothing is analysed


@dataclass(frozen=True, slots=True)
class CaptureFigures:
    """How much is going on. ``waiting``: for a place. Frames are counted since the start.

    ``sound_lost_ms``: since the start; what analysis never heard though it listened.

    ``recorded_ms`` of ``elapsed_ms``: what is on record of the sittings that publish now, from
    the first picture of each on.
    """

    publishing: int = 0
    waiting: int = 0
    live: int = 0
    frames_decoded: int = 0
    frames_dropped: int = 0
    sound_lost_ms: int = 0
    recorded_ms: int = 0
    elapsed_ms: int = 0

    def __add__(self, other: "CaptureFigures") -> "CaptureFigures":
        pairs = zip(astuple(self), astuple(other), strict=True)
        return CaptureFigures(*(one + another for one, another in pairs))


# --- events: what capture tells its owner, in the event loop's thread -------------------------


@dataclass(frozen=True, slots=True)
class MediaStarted:
    """First media after the start, or after a gap (then ``gap`` says which)."""

    sitting_id: str
    at_ms: int
    gap: Gap | None = None
    track: TrackKind = TrackKind.CAMERA


@dataclass(frozen=True, slots=True)
class MediaLost:
    """2 s passed without RTP; ``at_ms`` is when the last packet came."""

    sitting_id: str
    at_ms: int
    track: TrackKind = TrackKind.CAMERA


@dataclass(frozen=True, slots=True)
class SegmentClosed:
    segment: Segment


@dataclass(frozen=True, slots=True)
class PublisherEnded:
    """The publisher said good-bye (DELETE), or its connection is gone for good."""

    sitting_id: str
    at_ms: int
    track: TrackKind = TrackKind.CAMERA


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """Segments cannot be written (``code`` e.g. ``disk_full``); others keep recording."""

    sitting_id: str
    at_ms: int
    code: str
    track: TrackKind = TrackKind.CAMERA


CaptureEvent = MediaStarted | MediaLost | SegmentClosed | PublisherEnded | RecordingFailed
