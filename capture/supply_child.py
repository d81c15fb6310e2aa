"""The process that reads a student's piece: limits first, then demux, check, cut.

Standard input: {source, start_ms, cuts: [{path, start_ms, end_ms, sound_from_ms}]}; on standard
output one object for each part of a cut that held anything, its file named by the cut's path and a
number. It ends with ``EX_DATAERR`` where the source is no piece of a recording, with
``EX_SOFTWARE`` where it takes more memory than the limit, and with another status than 0 after a
fault that says nothing of the source.
"""

import hashlib
import json
import os
import resource
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import av

from capture.codecs import KeyInfo, vp8_key
from capture.segment_file import SegmentFile
from capture.webm import OPUS_TRACK, VP8_TRACK, Block, Track

_CPU_S: Final = 30
_MEMORY: Final = 2 * 2**30
_LONGEST_MS: Final = 180_000
_SHOW: Final = 0x10  # RFC 6386 §9.1: the show_frame bit
# Chromium's MediaRecorder writes sound 43 ms after what was seen at that moment, where the same
# page's live tracks arrive 8 ms apart (benchmarks.long_session; raw files say the same).
_SOUND_LATE_MS: Final = {"Chrome": 35}  # by the file's muxing application
# Sound that outlasts the picture by this is no second on record (CaptureSettings.hole_ms).
_ALONE_MS: Final = 1000
_MOST_DAMAGED: Final = 0.05  # of the pictures: a browser that crashed leaves the last one torn


class Refused(Exception):
    """The piece is not what a page keeps."""


@dataclass(frozen=True, slots=True)
class Piece:
    """All frames on the sitting's timeline, in order."""

    video: Sequence[tuple[Block, KeyInfo | None]]
    audio: Sequence[Block]

    @property
    def step_ms(self) -> int:
        """From picture to picture."""
        times = [block.at_ms for block, _ in self.video]
        return round(statistics.median([b - a for a, b in pairwise(times)] or [1]))


def read(source: Path, start_ms: int) -> Piece:
    """VP8, and Opus where there was a microphone. Refused.

    Every picture is decoded once; one that cannot be is left out, so that the recording plays on.
    """
    video: list[tuple[Block, KeyInfo | None]] = []
    audio: list[Block] = []
    decoder = av.CodecContext.create("vp8", "r")
    decoder.thread_count = 1
    damaged = 0
    with av.open(str(source), format="matroska") as container:
        late_ms = _SOUND_LATE_MS.get(container.metadata.get("encoder", ""), 0)
        kinds = {stream.index: stream.codec_context.name for stream in container.streams}
        if not set(kinds.values()) <= {"vp8", "libvpx", "opus", "libopus"}:
            raise Refused("other codecs than VP8 and Opus")
        for packet in container.demux():
            if packet.pts is None or packet.size == 0 or packet.time_base is None:
                continue
            at_ms = start_ms + round(float(packet.pts * packet.time_base) * 1000)
            data = bytes(packet)
            if not start_ms <= at_ms <= start_ms + _LONGEST_MS:
                raise Refused("longer than a piece may be")
            if "opus" in kinds[packet.stream_index]:
                at_ms = max(start_ms, at_ms - late_ms)
                audio.append(Block(OPUS_TRACK, at_ms, key=True, data=data))
                continue
            try:
                damaged += not decoder.decode(av.Packet(data))
            except av.FFmpegError:
                damaged += 1
                continue
            key = vp8_key(data)
            video.append((Block(VP8_TRACK, at_ms, key is not None, data), key))
    if not video or video[0][1] is None or damaged > 1 + _MOST_DAMAGED * len(video):
        raise Refused("no pictures that can be shown")
    return Piece(video, audio)


def blocks_within(
    piece: Piece, start_ms: int, end_ms: int, sound_from_ms: int
) -> Iterator[tuple[Block, KeyInfo | None]]:
    """Frames of [start, end). The pictures before, from the key frame on, are needed to decode
    them: they come first, within a few milliseconds and hidden, since they are on record already.
    """  # noqa: D205 - one thought
    before = [one for one in piece.video if one[0].at_ms < start_ms]
    # The server's next picture comes at the end: none closer to it than pictures are apart.
    last_ms = end_ms - piece.step_ms
    within = [one for one in piece.video if start_ms <= one[0].at_ms <= last_ms]
    keys = [place for place, (_, key) in enumerate(before) if key is not None]
    lead = [(_hidden(block), key) for block, key in before[keys[-1] :]] if keys else []
    if not lead:
        within = within[next((n for n, (_, key) in enumerate(within) if key), len(within)) :]
    if not any(_is_shown(block) for block, _ in within):
        return
    at_ms = start_ms - 1
    frames: list[tuple[Block, KeyInfo | None]] = []
    for block, key in [*lead, *within]:
        at_ms = max(at_ms + 1, block.at_ms, start_ms)
        frames.append((block._replace(at_ms=at_ms), key))
    first_ms = max(frames[0][0].at_ms, sound_from_ms)
    sound = [(one, None) for one in piece.audio if first_ms <= one.at_ms < end_ms]
    yield from sorted([*frames, *sound], key=lambda one: one[0].at_ms)


def _hidden(block: Block) -> Block:
    """The same picture, decoded but not shown."""
    return block._replace(at_ms=0, data=bytes((block.data[0] & ~_SHOW,)) + block.data[1:])


def _is_shown(block: Block) -> bool:
    return bool(block.data[0] & _SHOW)


def without_holes(piece: Piece, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """[start, end) in parts, each up to the first picture after a hole: nobody is seen in it."""
    times = [block.at_ms for block, _ in piece.video if start_ms <= block.at_ms < end_ms]
    after = [b for a, b in pairwise(times) if b - a - piece.step_ms >= _ALONE_MS]
    return list(pairwise([start_ms, *after, end_ms]))


def write(
    piece: Piece, path: str, start_ms: int, end_ms: int, sound_from_ms: int
) -> dict[str, Any] | None:
    """One part as a file like a segment's; None where the piece holds nothing of it."""
    frames = list(blocks_within(piece, start_ms, end_ms, sound_from_ms))
    first = next((key for _, key in frames if key is not None), None)
    if first is None:
        return None
    picture = Track(VP8_TRACK, first.width, first.height)
    target = Path(path)
    target.unlink(missing_ok=True)  # what a try that was cut short left
    file = SegmentFile(target, (picture, Track(OPUS_TRACK)), 500)
    for block, _ in frames:
        file.add(block)
    file.flush()
    file.sync()
    start_ms, end_ms = _seen(piece, frames, min(file.end_ms, end_ms))
    return {
        "name": target.name,
        "start_ms": start_ms,
        "end_ms": end_ms,
        "size_bytes": file.size,
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "video_codec": "vp8",
        "audio_codec": "opus" if file.has_audio else None,
        "width": first.width,
        "height": first.height,
    }


def _seen(
    piece: Piece, frames: Sequence[tuple[Block, KeyInfo | None]], end_ms: int
) -> tuple[int, int]:
    """What counts of a cut: sound before the first picture and after the last stays in its file."""
    start_ms = frames[0][0].at_ms
    shown = [one.at_ms for one, _ in frames if one.track == VP8_TRACK and _is_shown(one)]
    seen_until_ms = shown[-1] + piece.step_ms
    return (
        shown[0] if shown[0] - start_ms >= _ALONE_MS else start_ms,
        seen_until_ms if end_ms - seen_until_ms >= _ALONE_MS else end_ms,
    )


def leave_the_core() -> None:
    """A worker has one core to itself, on which it records: this runs wherever there is time."""
    with suppress(OSError, AttributeError):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    leave_the_core()
    task = json.load(sys.stdin)
    try:
        piece = read(Path(task["source"]), task["start_ms"])
    except MemoryError:
        sys.exit(os.EX_SOFTWARE)
    except OSError:  # some of FFmpeg's errors are these
        raise
    except (Refused, av.FFmpegError) as error:
        sys.stderr.write(str(error))
        sys.exit(os.EX_DATAERR)
    found = [
        write(piece, f"{cut['path']}{number}", start_ms, end_ms, cut["sound_from_ms"])
        for cut in task["cuts"]
        for number, (start_ms, end_ms) in enumerate(
            without_holes(piece, cut["start_ms"], cut["end_ms"])
        )
    ]
    json.dump([one for one in found if one is not None], sys.stdout)


if __name__ == "__main__":
    main()
