"""Reading video files: what they are, and their frames at a wanted rate."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import overload

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from capture.contracts import Frame
from capture.decode import i420
from capture.errors import NotAVideo

_MOST_DAMAGES = 500  # one after the other: what follows is no video
_STILLS = frozenset({"png", "mjpeg", "bmp", "gif", "webp", "tiff"})


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """``width`` and ``height`` as shown, after ``rotation`` (degrees, counter-clockwise)."""

    duration_s: float
    width: int
    height: int
    fps: float
    video_codec: str
    audio_codec: str | None
    rotation: int


def probe(path: Path) -> VideoInfo:
    """What the file holds. Raises NotAVideo when no picture can be decoded from it."""
    with _open(path) as container:
        stream = _video_stream(container)
        picture = _first_picture(container, stream)
        rotation = picture.rotation % 360
        width, height = picture.width, picture.height
        if rotation % 180:
            width, height = height, width
        audio = container.streams.audio
        return VideoInfo(
            duration_s=_duration(container, stream),
            width=width,
            height=height,
            fps=float(stream.average_rate or stream.guessed_rate or 0),
            video_codec=stream.codec_context.name,
            audio_codec=audio[0].codec_context.name if audio else None,
            rotation=rotation,
        )


def read_frames(path: Path, fps: float, sitting_id: str = "") -> Iterator[Frame]:
    """Upright frames, at most ``fps`` a second, ``at_ms`` from the first. Raises NotAVideo."""
    with _open(path) as container:
        stream = _video_stream(container)
        step, due = 1000 / fps, 0.0
        for picture, at_ms in _pictures(container, stream):
            if at_ms < due:
                continue
            due = max(due + step, at_ms + step / 2)
            yield Frame(sitting_id, at_ms, upright(i420(picture), picture.rotation))


def first_picture_s(path: Path) -> Fraction:
    """By the file's own clock, where ``at_ms`` is 0. Raises NotAVideo."""
    with _open(path) as container:
        picture = _first_picture(container, _video_stream(container))
        time_base = picture.time_base
        return Fraction(0) if picture.pts is None or time_base is None else picture.pts * time_base


def upright(picture: NDArray[np.uint8], rotation: int) -> NDArray[np.uint8]:
    """An I420 picture turned by ``rotation`` degrees counter-clockwise (a multiple of 90)."""
    turns = round(rotation / 90) % 4
    if turns == 0:
        return picture
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    quarter = width * height // 4
    flat = picture.reshape(-1)
    y = flat[: 4 * quarter].reshape(height, width)
    u = flat[4 * quarter : 5 * quarter].reshape(height // 2, width // 2)
    v = flat[5 * quarter :].reshape(height // 2, width // 2)
    planes = [np.rot90(plane, turns).reshape(-1) for plane in (y, u, v)]
    turned: NDArray[np.uint8] = np.concatenate(planes)
    return turned.reshape(-1, height if turns % 2 else width)


def upright_picture(picture: av.VideoFrame, box: tuple[int, int]) -> av.VideoFrame:
    """The picture turned upright, shrunk (never grown) into ``box``, even-sided, yuv420p."""
    turned = picture.rotation % 180 != 0
    width, height = picture.width, picture.height
    limit = (box[1], box[0]) if turned else box
    scale = min(1.0, limit[0] / width, limit[1] / height)
    even = [max(2, int(side * scale) & ~1) for side in (width, height)]
    small = picture.reformat(width=even[0], height=even[1], format="yuv420p")
    if picture.rotation % 360 == 0:
        return small
    planes = np.ascontiguousarray(upright(i420(small), picture.rotation))
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


@overload
def decoded(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]: ...
@overload
def decoded(container: InputContainer, stream: AudioStream) -> Iterator[av.AudioFrame]: ...
def decoded(
    container: InputContainer, stream: VideoStream | AudioStream
) -> Iterator[av.VideoFrame | av.AudioFrame]:
    """All that can be decoded: after damage on from the next key frame."""
    packets, whole, damages = container.demux(stream), True, 0
    while damages < _MOST_DAMAGES:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            if not whole and packet.size and not packet.is_keyframe:
                continue
            frames = packet.decode()
        except av.FFmpegError:
            packets, whole, damages = container.demux(stream), False, damages + 1
            stream.codec_context.flush_buffers()
        else:
            whole, damages = True, 0
            yield from (one for one in frames if isinstance(one, av.VideoFrame | av.AudioFrame))


def _open(path: Path) -> InputContainer:
    try:
        if path.stat().st_size == 0:
            raise NotAVideo("the file is empty")
        return av.open(str(path), "r")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise NotAVideo("the file cannot be read as video") from error


def _video_stream(container: InputContainer) -> VideoStream:
    stream = next(iter(container.streams.video), None)
    if stream is None:
        raise NotAVideo("the file has no video stream")
    if stream.codec_context is None:
        raise NotAVideo("the video's codec is unknown")
    if stream.codec_context.name in _STILLS and not container.duration:
        raise NotAVideo("a still picture is no video")
    stream.codec_context.thread_count = 1
    return stream


def _first_picture(container: InputContainer, stream: VideoStream) -> av.VideoFrame:
    first = next(_pictures(container, stream), None)
    if first is None:
        raise NotAVideo("no picture can be decoded")
    return first[0]


def _pictures(
    container: InputContainer, stream: VideoStream
) -> Iterator[tuple[av.VideoFrame, int]]:
    """Decoded pictures with their milliseconds; what is damaged is left out."""
    origin: Fraction | None = None
    at: Fraction
    step = 1 / Fraction(stream.average_rate or 25)
    for number, picture in enumerate(decoded(container, stream)):
        if picture.pts is None or picture.time_base is None:
            at = number * step
        else:
            at = picture.pts * picture.time_base
        origin = at if origin is None else origin
        yield picture, max(0, round((at - origin) * 1000))


def _duration(container: InputContainer, stream: VideoStream) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration:
        return container.duration / av.time_base
    return 0.0
