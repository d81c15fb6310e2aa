"""Scripted sessions, composed at run time from clips of people at webcams: their truth is known.

Nothing is written but the video of a thin line, which lies in a temporary folder.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from benchmarks.quality_measures import Event
from capture.contracts import Frame
from capture.demo_scene import Pose, lay, room, second_person
from capture.probe import read_frames

Image = NDArray[np.uint8]

WIDTH, HEIGHT, FPS = 640, 480, 15
JOIN_S = 0.8
SENSOR_NOISE = 1.5
FAR = 0.5  # the person as seen from twice as far
DARK_LIGHT = 0.04
LOOKED_AT_FPS = (
    5  # of composed pictures without a line in between, the analyzer takes what it wants
)


@dataclass(frozen=True, slots=True)
class Condition:
    """``light`` 0..1; ``kbit_s``: VP8 in real time at that rate; ``size``: of the camera."""

    name: str
    light: float = 1.0
    kbit_s: int | None = None
    size: tuple[int, int] = (WIDTH, HEIGHT)
    far: bool = False


CONDITIONS = (
    Condition("full_light"),
    Condition("quarter_light", light=0.25),
    Condition("tenth_light", light=0.1),
    Condition("256_kbit_s", kbit_s=230),
    Condition("128_kbit_s", kbit_s=115),
    Condition("320x240", size=(320, 240)),
    Condition("twice_as_far", far=True),
    Condition("twice_as_far_quarter_light", light=0.25, far=True),
)

# What happens, and for how long; calm stretches lie between.
SCRIPT = (
    ("absence", 8.0),
    ("extra_face", 8.0),
    ("camera_blocked", 6.0),
    ("absence", 15.0),
    ("dark", 6.0),
    ("extra_face", 5.0),
)
CALM_S = (8.0, 11.0)


@dataclass(frozen=True, slots=True)
class Session:
    """``doings``: (what, start, end); ``dark`` is a way of blocking the camera."""

    clip: Path
    condition: Condition
    doings: tuple[tuple[str, float, float], ...]
    duration_s: float
    seed: int

    @property
    def events(self) -> tuple[Event, ...]:
        kinds = {"dark": "camera_blocked"}
        return tuple(Event(kinds.get(what, what), *when) for what, *when in self.doings)


def scripted(clip: Path, condition: Condition, seed: int, *, calm: bool = False) -> Session:
    """``calm``: nothing happens, for as long."""
    draw = random.Random(seed)
    at, doings = draw.uniform(*CALM_S), []
    for what, lasts in SCRIPT:
        doings.append((what, round(at, 2), round(at + lasts, 2)))
        at += lasts + draw.uniform(*CALM_S)
    return Session(clip, condition, () if calm else tuple(doings), at, seed)


def frames(session: Session, folder: Path) -> Iterator[Frame]:
    """What the camera of the session gives; ``folder`` is for what is encoded on the way."""
    if session.condition.kbit_s is None:
        step = FPS // LOOKED_AT_FPS
        for index, image in enumerate(_pictures(session, step)):
            yield Frame("s", round(index * step * 1000 / FPS), _i420(image))
        return
    sent = folder / "sent.webm"
    _over_the_line(_pictures(session, 1), sent, session.condition)
    yield from read_frames(sent, FPS)


def _i420(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8)


def _over_the_line(pictures: Iterable[Image], target: Path, condition: Condition) -> None:
    with av.open(target, "w") as container:
        stream = container.add_stream("libvpx", rate=FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = condition.size
        stream.codec_context.thread_count = 1  # libvpx threads spin while they wait
        stream.pix_fmt, stream.bit_rate = "yuv420p", (condition.kbit_s or 0) * 1000
        stream.codec_context.gop_size = 3 * FPS
        stream.codec_context.options = {
            "deadline": "realtime",
            "cpu-used": "8",
            "lag-in-frames": "0",
        }
        for index, image in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(_i420(image), format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _pictures(session: Session, step: int) -> Iterator[Image]:
    """Every ``step``-th of ``FPS`` a second. Noise is the sensor's: it comes after the light."""
    person = _forth_and_back(session.clip)
    empty = np.asarray(cv2.resize(room(), (WIDTH, HEIGHT)), np.uint8)
    guest = second_person(0.74)
    draw = np.random.default_rng(session.seed)
    noises = [draw.normal(0, SENSOR_NOISE, (HEIGHT, WIDTH, 3)).astype(np.float32) for _ in range(8)]
    for index in range(0, round(session.duration_s * FPS), step):
        at_s, light = index / FPS, session.condition.light
        image = person[index % len(person)]
        if session.condition.far:
            image = _farther(image, empty)
        what, since_s, left_s = _doing(session, at_s)
        if what == "absence":
            image = empty
        elif what == "extra_face":
            image = image.copy()
            away = 1 - min(1.0, min(since_s, left_s) / JOIN_S)
            lay(image, guest, Pose(545 + 300 * away, HEIGHT + 10, 1.5 * np.sin(at_s)))
        elif what == "camera_blocked":
            image = np.full_like(image, (4, 5, 24))
        elif what == "dark":
            light = min(light, DARK_LIGHT)
        lit = image.astype(np.float32) * light + noises[int(draw.integers(len(noises)))]
        shown = np.clip(lit, 0, 255).astype(np.uint8)
        yield _sized(shown, session.condition.size)


def _doing(session: Session, at_s: float) -> tuple[str | None, float, float]:
    """What happens now, since when and for how long still."""
    for what, start, end in session.doings:
        if start <= at_s < end:
            return what, at_s - start, end - at_s
    return None, 0.0, 0.0


def _forth_and_back(clip: Path) -> list[Image]:
    """A short clip without a jump at its end."""
    seen = [frame.bgr() for frame in read_frames(clip, FPS)]
    fitted = [_sized(image, (WIDTH, HEIGHT)) for image in seen]
    return fitted + fitted[-2:0:-1]


def _sized(image: Image, size: tuple[int, int]) -> Image:
    if (image.shape[1], image.shape[0]) == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _farther(image: Image, empty: Image) -> Image:
    size = (round(WIDTH * FAR), round(HEIGHT * FAR))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    framed = empty.copy()
    left = (WIDTH - size[0]) // 2
    framed[HEIGHT - size[1] :, left : left + size[0]] = small
    return framed
