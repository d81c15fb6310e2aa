"""Feels this process's strain and lets its capture service do without what is due."""

import asyncio
import os
import time
from typing import Final

import structlog

from capture.service import CaptureService
from exam_api.adapters.loop_lag import LoopLag
from exam_api.services.overload import Overload, Strain

_log = structlog.get_logger(__name__)
_LOOK_S: Final = 0.5


class OverloadGuard:
    """``cores``: how many of them this process may use at most."""

    def __init__(self, capture: CaptureService, lag: LoopLag, cores: int | None = None) -> None:
        self._capture = capture
        self._lag = lag
        self._cores = cores or os.cpu_count() or 1
        self._overload = Overload()
        self._dropped = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_S)
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        """``now``: monotonic seconds, half a second after the last look."""
        strain, before = self._strain(), self._capture.relief
        relief = self._overload.see(now, strain)
        if relief is before:
            return
        self._capture.relieve(relief)
        worse = relief > before
        tell = _log.warning if worse else _log.info
        tell(
            "overload_grows" if worse else "overload_eases",
            relief=relief.name,
            lag_s=round(strain.lag_s, 3),
            cpu=round(strain.cpu, 2),
            dropped_per_s=round(strain.dropped_per_s, 2),
        )

    def _strain(self) -> Strain:
        figures = self._capture.figures()
        dropped = max(0, figures.frames_dropped - self._dropped)
        self._dropped = figures.frames_dropped
        return Strain(
            lag_s=self._lag.seconds,
            cpu=self._lag.cpu / self._cores,
            dropped_per_s=dropped / _LOOK_S / max(1, figures.publishing),
        )
