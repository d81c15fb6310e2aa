"""The scripted scene of ``replay demo``: a student at a webcam, with known events.

Composited at run time from the public-domain portrait that the matplotlib package ships (a NASA
and US Navy photograph of Grace Hopper), so that a real face detector sees a real face. The room is
drawn; the sensor's noise and the small motions of a sitting person are added.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from capture.errors import CaptureError

Image = NDArray[np.uint8]
Soft = NDArray[np.float32]

WIDTH, HEIGHT, FPS = 640, 480, 15
DURATION_S = 46
AWAY = (10.0, 20.0)
JOINED = (29.0, 38.0)
WALK_S = 0.8  # how long somebody takes to come into the picture or out of it
NOISE_STD = 2.0
LEAN = 24  # pixels that a leaning figure reaches beyond its upright frame
COLLAR_ROW = 330  # of the portrait: below it are clothes
BIT_RATE = 1_200_000

# (kind code, start, end): what a watcher must report, in seconds of the scene.
DEMO_EVENTS: tuple[tuple[str, float, float], ...] = (
    ("absence", *AWAY),
    ("extra_face", *JOINED),
)

# Outline of the sitter in the portrait, clockwise, in its pixels (512 x 600).
_OUTLINE = (
    (150, 130), (142, 92), (175, 78), (178, 40), (215, 24), (265, 20), (310, 26), (345, 50),
    (350, 82), (372, 92), (368, 170), (378, 190), (372, 245), (352, 285), (335, 310), (420, 352),
    (485, 388), (512, 440), (512, 600), (15, 600), (28, 420), (55, 380), (130, 345), (195, 316),
    (185, 280), (160, 250), (150, 200), (158, 170),
)  # fmt: skip


class DemoPortraitMissing(CaptureError):
    """The matplotlib package is installed without its sample data."""

    code = "demo_portrait_missing"


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A cut-out person: ``colour`` (h, w, 3) BGR 0..255, ``alpha`` (h, w, 1) 0..1, float32."""

    colour: Soft
    alpha: Soft


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the bottom centre of a figure is, in pixels, and how it leans."""

    x: float
    y: float
    tilt_deg: float


def render_demo_scene(path: Path) -> None:
    """Writes the scene (VP8 in WebM by the suffix ``.webm``, else H.264)."""
    with av.open(path, "w") as container:
        codec = "libvpx" if path.suffix == ".webm" else "libx264"
        stream = container.add_stream(codec, rate=FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = BIT_RATE
        stream.codec_context.gop_size = 2 * FPS
        # libvpx threads wait by spinning: on a busy machine more of them are far slower than one.
        stream.codec_context.thread_count = 1
        stream.codec_context.options = _quick(codec)
        for index, image in enumerate(demo_pictures()):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def demo_pictures() -> Iterator[Image]:
    """The scene, BGR, ``FPS`` a second; the same at every call. Raises DemoPortraitMissing."""
    person = _cut_out(_portrait())
    return _pictures(_sized(person, 0.82), _sized(_made_another(person), 0.74))


def _quick(codec: str) -> dict[str, str]:
    if codec == "libvpx":
        return {"deadline": "realtime", "cpu-used": "12"}
    return {"preset": "ultrafast"}


def _portrait() -> Image:
    """The portrait, found without importing matplotlib."""
    spec = find_spec("matplotlib")
    folder = Path(spec.origin).parent if spec is not None and spec.origin else Path()
    image = cv2.imread(str(folder / "mpl-data" / "sample_data" / "grace_hopper.jpg"))
    if image is None:
        raise DemoPortraitMissing
    return np.asarray(image, np.uint8)


def _cut_out(portrait: Image) -> Figure:
    mask = np.zeros(portrait.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.array(_OUTLINE, np.int32)], (255,))
    alpha = cv2.GaussianBlur(mask, (0, 0), 2.0).astype(np.float32) / 255
    return Figure(portrait.astype(np.float32), alpha[..., None])


def _made_another(figure: Figure) -> Figure:
    """The same figure as somebody else: mirrored, darker hair and skin, a green coat."""
    colour = figure.colour[:, ::-1] * np.array([0.66, 0.8, 0.9], np.float32)
    colour[COLLAR_ROW:] += np.array([10, 38, 14], np.float32)
    return Figure(np.clip(colour, 0, 255), np.ascontiguousarray(figure.alpha[:, ::-1]))


def _sized(figure: Figure, height: float) -> Figure:
    """As tall as the share of the picture says; colour multiplied by alpha, ready to be laid on."""
    scale = height * HEIGHT / figure.alpha.shape[0]
    size = (round(figure.alpha.shape[1] * scale), round(figure.alpha.shape[0] * scale))
    laid = cv2.resize(figure.colour * figure.alpha, size, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(figure.alpha, size, interpolation=cv2.INTER_AREA)
    return Figure(np.asarray(laid, np.float32), np.asarray(alpha, np.float32)[..., None])


def second_person(height: float) -> Figure:
    """The one who joins the student, as tall as the share of the picture says."""
    return _sized(_made_another(_cut_out(_portrait())), height)


def room() -> Image:
    """A wall with a window, a shelf of books and a door frame, softly lit from the left."""
    wall = np.empty((HEIGHT, WIDTH, 3), np.float32)
    across = np.linspace(1.08, 0.82, WIDTH, dtype=np.float32)[None, :, None]
    down = np.linspace(1.04, 0.9, HEIGHT, dtype=np.float32)[:, None, None]
    wall[:] = np.array([176, 188, 194], np.float32) * across * down
    image = np.clip(wall, 0, 255).astype(np.uint8)
    cv2.rectangle(image, (36, 52), (176, 250), (228, 222, 206), -1)
    for x in (36, 106, 176):
        cv2.line(image, (x, 52), (x, 250), (120, 128, 134), 6)
    for y in (52, 150, 250):
        cv2.line(image, (36, y), (176, y), (120, 128, 134), 6)
    cv2.rectangle(image, (440, 178), (620, 190), (60, 84, 112), -1)
    colours = ((70, 60, 130), (60, 100, 60), (120, 90, 50), (50, 70, 90), (90, 60, 60))
    for index in range(11):
        left = 448 + index * 15
        top = 112 + (index * 37) % 23
        cv2.rectangle(image, (left, top), (left + 11, 178), colours[index % 5], -1)
    cv2.rectangle(image, (0, 430), (WIDTH, HEIGHT), (92, 108, 122), -1)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.2), np.uint8)


def _pictures(student: Figure, visitor: Figure) -> Iterator[Image]:
    """The same pictures at every call: noise and motion come from fixed seeds."""
    empty, grains = room(), _grains()
    draw = np.random.default_rng(7)
    for index in range(DURATION_S * FPS):
        at_s = index / FPS
        image = empty.copy()
        for figure, place in ((visitor, _visitor_at), (student, _student_at)):
            pose = place(at_s)
            if pose is not None:
                lay(image, figure, pose)
        brighter, darker = grains[int(draw.integers(len(grains)))]
        yield np.asarray(cv2.subtract(cv2.add(image, brighter), darker), np.uint8)


def _grains() -> list[tuple[Image, Image]]:
    """A few noise pictures, taken in random order: cheaper than new noise for each frame."""
    draw = np.random.default_rng(5)
    noise = [np.rint(draw.normal(0, NOISE_STD, (HEIGHT, WIDTH, 3))) for _ in range(8)]
    return [
        (np.clip(one, 0, 255).astype(np.uint8), np.clip(-one, 0, 255).astype(np.uint8))
        for one in noise
    ]


def lay(image: Image, figure: Figure, pose: Pose) -> None:
    """Lays the figure on the picture, working only on the part that it covers."""
    rows, columns = figure.alpha.shape[:2]
    left = max(0, int(pose.x - columns / 2) - LEAN)
    right = min(WIDTH, int(pose.x + columns / 2) + LEAN)
    top = max(0, int(pose.y - rows) - LEAN)
    if right <= left:
        return
    turn = cv2.getRotationMatrix2D((columns / 2, rows), pose.tilt_deg, 1.0)
    turn[0, 2] += pose.x - columns / 2 - left
    turn[1, 2] += pose.y - rows - top
    size = (right - left, HEIGHT - top)
    laid = cv2.warpAffine(figure.colour, turn, size)
    alpha = cv2.warpAffine(figure.alpha, turn, size)[..., None]
    part = image[top:, left:right]
    part[:] = (part * (1 - alpha) + laid).astype(np.uint8)


def _sway(at_s: float, phase: float) -> tuple[float, float, float]:
    """Breathing and small shifts of a sitting person: (dx, dy) in pixels, tilt in degrees."""
    dx = 6 * math.sin(at_s * 0.9 + phase) + 3 * math.sin(at_s * 2.3 + 2 * phase)
    dy = 2.5 * math.sin(at_s * 1.6 + phase)
    return dx, dy, 2.2 * math.sin(at_s * 0.7 + phase)


def _eased(share: float) -> float:
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)


def _walk(at_s: float, out_at: float, back_at: float) -> float:
    """0 = in place, 1 = out of the picture; gone between the two times, walking outside of them."""
    leaving = _eased((at_s - (out_at - WALK_S)) / WALK_S)
    coming = _eased((at_s - back_at) / WALK_S)
    return leaving - coming


def _student_at(at_s: float) -> Pose | None:
    gone = _walk(at_s, *AWAY)
    if gone >= 1:
        return None
    dx, dy, tilt = _sway(at_s, 0.4)
    aside = 70 * _walk(at_s, JOINED[0], JOINED[1])  # makes room for the visitor
    return Pose(300 - aside + dx - 520 * gone, HEIGHT + 40 + dy, tilt)


def _visitor_at(at_s: float) -> Pose | None:
    gone = 1 - _walk(at_s, *JOINED)
    if gone >= 1:
        return None
    dx, dy, tilt = _sway(at_s, 2.1)
    return Pose(490 + dx + 340 * gone, HEIGHT + 10 + dy, tilt)
