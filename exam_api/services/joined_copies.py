"""Recordings that were joined for somebody to watch: copies, and made anew when asked for again."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog

from capture.join import forget_unused
from exam_api.services.ports import Clock

_log = structlog.get_logger(__name__)
EVERY_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class JoinedCopies:
    """``root``: the recordings. ``kept``: from when a copy was last asked for."""

    root: Path
    kept: timedelta
    clock: Clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.remove_unused()
            await asyncio.sleep(EVERY_S)

    async def remove_unused(self) -> int:
        """How many; one that cannot be removed now is left for the next time."""
        before = (self.clock.now() - self.kept).timestamp()
        try:
            return await asyncio.to_thread(forget_unused, self.root, before)
        except OSError as error:
            _log.warning("joined_copies_not_removed", error=str(error))
            return 0
