"""MP4 by the ffmpeg program, which need not be there: at low priority, in a process of its own."""

import asyncio
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import ffmpeg
import structlog

from exam_api.domain.errors import ExportFailed

_log = structlog.get_logger(__name__)
# As it runs beside exams: the least priority, and never more than two cores.
_NICE: Final = ("nice", "-n", "19")
# Linux ends it with its server, also after kill -9; elsewhere it ends by itself.
_WITH_ITS_SERVER: Final = ("setpriv", "--pdeathsig", "KILL")
_THREADS: Final = 2
# Both run from the timeline's zero without holes: gaps are still pictures and silence, and every
# player seeks alike. Sizes are even, as 4:2:0 wants them.
_PICTURE: Final = "fps=15:start_time=0,scale=trunc(iw/2)*2:trunc(ih/2)*2"
_SOUND: Final = "aresample=48000:async=1:first_pts=0"
_ERROR_CHARS: Final = 300


class FfmpegTranscoder:
    def __init__(self, program: str = "ffmpeg") -> None:
        self._program = program

    def available(self) -> bool:
        return shutil.which(self._program) is not None

    async def transcode(
        self, source: Path, target: Path, told: Callable[[int], Awaitable[None]]
    ) -> None:
        """ExportFailed. ``told`` hears of the milliseconds done."""
        command = [*_prefix(), *_command(self._program, source, target)]
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
            )
        except OSError as error:
            raise ExportFailed from error
        assert process.stdout is not None
        assert process.stderr is not None
        errors = asyncio.create_task(process.stderr.read())
        try:
            async for line in process.stdout:
                if (at_ms := _done_ms(line)) is not None:
                    await told(at_ms)
            await process.wait()
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            said = await errors
        if process.returncode:
            _log.warning("ffmpeg_failed", error=said.decode(errors="replace")[-_ERROR_CHARS:])
            raise ExportFailed


def _prefix() -> tuple[str, ...]:
    return (*(_WITH_ITS_SERVER if shutil.which(_WITH_ITS_SERVER[0]) else ()), *_NICE)


def _command(program: str, source: Path, target: Path) -> list[str]:
    made = ffmpeg.input(str(source), copyts=None).output(
        str(target),
        format="mp4",
        movflags="+faststart",
        vf=_PICTURE,
        vcodec="libx264",
        preset="veryfast",
        crf=26,
        maxrate="800k",
        bufsize="1600k",
        pix_fmt="yuv420p",
        threads=_THREADS,
        af=_SOUND,
        acodec="aac",
        audio_bitrate="64k",
    )
    quiet = ("-nostdin", "-v", "error", "-nostats", "-stats_period", "0.2", "-progress", "pipe:1")
    compiled: list[str] = made.global_args(*quiet).compile(cmd=program, overwrite_output=True)
    return compiled


def _done_ms(line: bytes) -> int | None:
    """Of a line of ``-progress``; None where it says something else, or nothing yet."""
    name, _, value = line.strip().partition(b"=")
    with suppress(ValueError):
        return max(0, int(value) // 1000) if name == b"out_time_us" else None
    return None
