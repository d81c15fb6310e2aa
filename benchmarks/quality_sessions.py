"""Scripted sessions, composed at run time from clips of people at webcams: their truth is known.

Nothing is written but the video of a thin line, which lies in a temporary folder.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from analysis.detectors.faces import FaceNets
from benchmarks.quality_held import RAISED_IN_S, Prop, at_face, on_desk, with_desk
from benchmarks.quality_lips import parted
from benchmarks.quality_measures import Event
from benchmarks.quality_props import Seen, dressed, found
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
    """``light`` 0..1; ``kbit_s``: VP8 in real time at that rate; ``size``: of the camera.

    ``wears``: a name of ``quality_props.WORN``.
    """

    name: str
    light: float = 1.0
    kbit_s: int | None = None
    size: tuple[int, int] = (WIDTH, HEIGHT)
    far: bool = False
    wears: str | None = None


CONDITIONS = (
    Condition("full_light"),
    Condition("quarter_light", light=0.25),
    Condition("tenth_light", light=0.1),
    Condition("256_kbit_s", kbit_s=230),
    Condition("128_kbit_s", kbit_s=115),
    Condition("320x240", size=(320, 240)),
    Condition("twice_as_far", far=True),
    Condition("twice_as_far_quarter_light", light=0.25, far=True),
    Condition("glasses", wears="glasses"),
    Condition("cap", wears="cap"),
    Condition("headscarf", wears="headscarf"),
)

# What happens, and for how long; calm stretches lie between.
Script = tuple[tuple[str, float], ...]
SEAT: Script = (
    ("absence", 8.0),
    ("extra_face", 8.0),
    ("camera_blocked", 6.0),
    ("absence", 15.0),
    ("dark", 6.0),
    ("extra_face", 5.0),
)
PHONES: Script = (
    ("phone_at_face", 4.0),
    ("wallet_at_face", 4.0),
    ("phone_on_desk", 6.0),
    ("phone_at_face", 8.0),
    ("phone_on_desk", 4.0),
    ("wallet_at_face", 8.0),
    ("case_at_face", 6.0),
)
SCRIPTS: Mapping[str, Script] = {"seat": SEAT, "phones": PHONES}
# What is done → the kind of flag that it deserves; none for what only looks like a phone.
MEANT: Mapping[str, str | None] = {
    "dark": "camera_blocked",
    "phone_at_face": "phone",
    "phone_on_desk": "phone",
    "wallet_at_face": None,
    "case_at_face": None,
    "student_speaks": "speech",
    "student_whispers": "speech",
    "other_speaks": "speech",
    "other_whispers": "speech",
}
# These are in place for so long: raising and putting away come before and after.
HELD_UP = frozenset({"phone_at_face", "phone_on_desk", "wallet_at_face", "case_at_face"})
NEARER = 1.8  # people of the clips stand 1.3 m away; who shows a phone here sits at 0.7 m
CALM_S = (8.0, 11.0)
PHONES_CALM_S = (16.0, 20.0)  # a phone's flag lasts ten seconds on: each is to be asked anew


@dataclass(frozen=True, slots=True)
class Session:
    """``doings``: (what, start, end); ``dark`` is a way of blocking the camera.

    ``props``: pictures of what is held, by name. ``near``: who sits at 0.7 m. ``lips``: how far
    they part, a number each ``1 / FPS`` s in distances of the eyes; of people near only.
    """

    clip: Path
    condition: Condition
    doings: tuple[tuple[str, float, float], ...]
    duration_s: float
    seed: int
    props: Mapping[str, Sequence[Prop]] = field(default_factory=dict)
    near: bool = False
    lips: tuple[float, ...] = ()

    @property
    def events(self) -> tuple[Event, ...]:
        meant = ((MEANT.get(what, what), when) for what, *when in self.doings)
        return tuple(Event(kind, *when) for kind, when in meant if kind is not None)

    def times_of(self, what: str) -> list[tuple[float, float]]:
        return [(start, end) for one, start, end in self.doings if one == what]


def scripted(clip: Path, condition: Condition, seed: int, script: Script = SEAT) -> Session:
    draw = random.Random(seed)
    between = PHONES_CALM_S if script is PHONES else CALM_S
    at, doings = draw.uniform(*CALM_S), []
    for what, seconds in script:
        lasts = seconds + (2 * RAISED_IN_S if what in HELD_UP else 0.0)
        doings.append((what, round(at, 2), round(at + lasts, 2)))
        at += lasts + draw.uniform(*between)
    return Session(clip, condition, tuple(doings), at, seed)


def calm(clip: Path, condition: Condition, seed: int, seconds: float) -> Session:
    """Nothing happens."""
    return Session(clip, condition, (), seconds, seed)


def frames(session: Session, folder: Path, nets: FaceNets) -> Iterator[Frame]:
    """What the camera of the session gives; ``folder`` is for what is encoded on the way."""
    if session.condition.kbit_s is None:
        step = FPS // LOOKED_AT_FPS
        for index, image in enumerate(_pictures(session, step, nets)):
            yield Frame("s", round(index * step * 1000 / FPS), _i420(image))
        return
    sent = folder / "sent.webm"
    _over_the_line(_pictures(session, 1, nets), sent, session.condition)
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


@dataclass(frozen=True, slots=True)
class Moment:
    """What happens now, since when and for how long still."""

    what: str | None
    at_s: float
    since_s: float
    left_s: float


class Stage:
    """What a camera sees of a session, before light and line."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.empty = np.asarray(cv2.resize(room(), (WIDTH, HEIGHT)), np.uint8)
        self._guest = second_person(0.74)
        self._painters: Mapping[str, Callable[[Seen, Moment], Image]] = {
            "absence": lambda _seen, _now: self.empty,
            "extra_face": self._joined,
            "camera_blocked": lambda seen, _now: np.full_like(seen.image, (4, 5, 24)),
            "phone_at_face": lambda seen, now: self._held(at_face, "phone", seen, now),
            "wallet_at_face": lambda seen, now: self._held(at_face, "wallet", seen, now),
            "case_at_face": lambda seen, now: self._held(at_face, "case", seen, now),
            "phone_on_desk": lambda seen, now: self._held(on_desk, "phone", seen, now),
        }

    def shown(self, seen: Seen, now: Moment) -> Image:
        painter = self._painters.get(now.what or "")
        return seen.image if painter is None else painter(seen, now)

    def _joined(self, seen: Seen, now: Moment) -> Image:
        image = seen.image.copy()
        away = 1 - min(1.0, min(now.since_s, now.left_s) / JOIN_S)
        lay(image, self._guest, Pose(545 + 300 * away, HEIGHT + 10, 1.5 * np.sin(now.at_s)))
        return image

    def _held(
        self,
        place: Callable[[Seen, Prop, float, float], Image],
        name: str,
        seen: Seen,
        now: Moment,
    ) -> Image:
        """Another of the props each time; the sessions of a few seeds show all of them."""
        props = self._session.props[name]
        shown = [start for what, start, _ in self._session.doings if what.startswith(name)]
        before = sum(start <= now.at_s for start in shown) - 1
        number = self._session.seed * len(shown) + before
        return place(seen, props[number % len(props)], now.since_s, now.left_s)


def _pictures(session: Session, step: int, nets: FaceNets) -> Iterator[Image]:
    """Every ``step``-th of ``FPS`` a second. Noise is the sensor's: it comes after the light."""
    stage = Stage(session)
    person = _forth_and_back(session, stage.empty, nets)
    draw = np.random.default_rng(session.seed)
    noises = [draw.normal(0, SENSOR_NOISE, (HEIGHT, WIDTH, 3)).astype(np.float32) for _ in range(8)]
    for index in range(0, round(session.duration_s * FPS), step):
        now = _moment(session, index / FPS)
        light = session.condition.light
        if now.what == "dark":
            light = min(light, DARK_LIGHT)
        seen = person[index % len(person)]
        if index < len(session.lips):
            seen = replace(seen, image=parted(seen, session.lips[index]))
        image = stage.shown(seen, now)
        lit = image.astype(np.float32) * light + noises[int(draw.integers(len(noises)))]
        yield _sized(np.clip(lit, 0, 255).astype(np.uint8), session.condition.size)


def _moment(session: Session, at_s: float) -> Moment:
    for what, start, end in session.doings:
        if start <= at_s < end:
            return Moment(what, at_s, at_s - start, end - at_s)
    return Moment(None, at_s, 0.0, 0.0)


def _forth_and_back(session: Session, empty: Image, nets: FaceNets) -> list[Seen]:
    """A short clip without a jump at its end, of a person as the condition wants it."""
    plain = (_sized(frame.bgr(), (WIDTH, HEIGHT)) for frame in read_frames(session.clip, FPS))
    condition = session.condition
    if not session.near and condition.wears is None:
        seen = [Seen(image, None, None) for image in plain]
    else:
        first = next(plain)
        frame = _window(found(nets, first)) if session.near else (0, 0, WIDTH, HEIGHT)
        images = (_cropped(image, frame) for image in (first, *plain))
        images = (with_desk(image) if session.near else image for image in images)
        seen = [dressed(found(nets, image), condition.wears) for image in images]
    if condition.far:
        seen = [Seen(_farther(one.image, empty), None, None) for one in seen]
    return seen + seen[-2:0:-1]


def _window(seen: Seen) -> tuple[int, int, int, int]:
    """Left, top, width and height of what a nearer camera would see."""
    width, height = round(WIDTH / NEARER), round(HEIGHT / NEARER)
    x0, y0, x1, _ = seen.box or (260.0, 100.0, 380.0, 200.0)
    left = min(WIDTH - width, max(0, round((x0 + x1) / 2 - width / 2)))
    top = min(HEIGHT - height, max(0, round(y0 - height / 4)))
    return left, top, width, height


def _cropped(image: Image, window: tuple[int, int, int, int]) -> Image:
    left, top, width, height = window
    part = image[top : top + height, left : left + width]
    return np.asarray(cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


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
