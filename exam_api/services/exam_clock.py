"""What happens to sittings because time passes. Every write checks the time by itself, too."""

import asyncio

import structlog

from exam_api.domain.errors import StorageError
from exam_api.domain.pausing import is_pause_over, resumed
from exam_api.services.one_by_one import one_by_one
from exam_api.services.ports import Clock, LiveMedia, Units
from exam_api.services.sittings import advance, end_media
from exam_api.services.testing import Testing

_AT_ONCE = 50
_log = structlog.get_logger(__name__)


class ExamClock:
    def __init__(self, units: Units, clock: Clock, live: LiveMedia, testing: Testing) -> None:
        self._units = units
        self._clock = clock
        self._live = live
        self._testing = testing

    async def tick(self) -> None:
        """Pauses end at their bound, tests at their deadline (T-4.4), waiting with the window."""
        await self._end_pauses()
        await self._testing.expire_due()
        await self._close_windows()

    async def _end_pauses(self) -> None:
        now = self._clock.now()
        async with self._units.read() as unit:
            paused = await unit.sittings.paused()
        due = {sitting.id for sitting in paused if sitting.is_due(now)}
        await one_by_one(due, self._testing.expire)
        over = {sitting.id for sitting in paused if is_pause_over(sitting, now)}
        await one_by_one(over - due, self._resume)

    async def _resume(self, sitting_id: str) -> bool:
        async with self._units.write() as unit:
            before = await unit.sittings.lock(sitting_id)
            if before is None or before.pause is None:
                return False  # ended in between
            now = self._clock.now()
            if is_pause_over(before, now) and not before.is_due(now):
                await advance(unit, before, resumed(before, now), before.pause.until, by=None)
        return True

    async def _close_windows(self) -> None:
        """S-9: who did not begin while the window was open."""
        now = self._clock.now()
        async with self._units.read() as unit:
            missed = await unit.exams.missed(now, _AT_ONCE)
        await one_by_one(missed, self._miss)

    async def _miss(self, sitting_id: str) -> bool:
        async with self._units.write() as unit:
            before = await unit.sittings.lock(sitting_id)
            if before is None:
                return False
            exam, now = await unit.exams.of(before), self._clock.now()
            if before.completed or before.began_at or now < exam.closes_at:
                return False  # begun in the last moment, or the window was moved
            await advance(unit, before, before.missed(exam.admission), now, by=None)
            await unit.sittings.drop_tokens(sitting_id)
        await end_media(self._live, sitting_id)
        return True


async def run_ticker(clock: ExamClock, interval_s: float = 1.0) -> None:
    """Until cancelled."""
    while True:
        try:
            await clock.tick()
        except StorageError as error:
            _log.warning("clock_postponed", code=error.code)
        except Exception:  # noqa: BLE001 - the exam clock outlives whatever went wrong once
            _log.exception("clock_failed")
        await asyncio.sleep(interval_s)
