"""The second look in a process of its own, of the lowest priority, stopped while exams need it."""

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from analysis.contracts import Sight
from analysis.second_look import read
from exam_api.services.second_look import BUSY_S, SecondLookFailed

logger = logging.getLogger(__name__)

LAST_SAID = 500  # characters


class ProcessLooker:
    def __init__(self, data_dir: Path, models_dir: Path | None, every_s: float = BUSY_S) -> None:
        self._data_dir = data_dir
        self._models_dir = models_dir
        self._every_s = every_s

    async def look(self, video: Path, excused: Collection[str], busy: Callable[[], bool]) -> Sight:
        command = [sys.executable, "-m", "analysis.second_look", str(video)]
        command += ["--data-dir", str(self._data_dir)]
        if self._models_dir is not None:
            command += ["--models-dir", str(self._models_dir)]
        command += ["--without", *sorted(excused)]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        standing_back = asyncio.create_task(self._stand_back(process, busy))
        try:
            answer, said = await process.communicate()
        finally:
            standing_back.cancel()
            with suppress(ProcessLookupError):
                process.kill()
        if process.returncode != 0:
            why = said.decode(errors="replace")[-LAST_SAID:].strip()
            logger.warning("second look ended with %s: %s", process.returncode, why)
            raise SecondLookFailed
        try:
            return read(answer.decode())
        except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise SecondLookFailed from error

    async def _stand_back(
        self, process: asyncio.subprocess.Process, busy: Callable[[], bool]
    ) -> None:
        """Stopped half-way it keeps what it knows, and goes on when the machine is calm again."""
        stopped = False
        while True:
            await asyncio.sleep(self._every_s)
            if busy() != stopped:
                stopped = not stopped
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGSTOP if stopped else signal.SIGCONT)
