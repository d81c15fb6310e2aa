"""What a proctor does to a sitting, each with a reason that stays on record."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from exam_api.domain import pausing
from exam_api.domain.errors import NotFound, NotInProgress
from exam_api.domain.ids import new_id
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Exam, Sitting
from exam_api.domain.sitting_log import LogEntry, LogKind, open_entries
from exam_api.domain.states import RUNNING
from exam_api.services.course import CourseView, course_of, stated
from exam_api.services.ports import Clock, LiveMedia, Unit, Units
from exam_api.services.sittings import advance, end_media, note

Change = Callable[[Sitting, datetime, Exam], Sitting]
Act = Callable[[Unit, Sitting, Exam, datetime], Awaitable[None]]


class ProctorActions:
    def __init__(self, units: Units, clock: Clock, live: LiveMedia) -> None:
        self._units = units
        self._clock = clock
        self._live = live

    async def history(self, actor: Actor, sitting_id: str) -> CourseView:
        """All that happened to the sitting, oldest first, for those who watch it."""
        async with self._units.read() as unit:
            sitting = await unit.sittings.watched(sitting_id, actor)
            return await course_of(unit, sitting, self._clock.now())

    # --- before the test ------------------------------------------------------------------------

    async def admit(self, actor: Actor, sitting_id: str, reason: str = "") -> CourseView:
        """T-4.3, T-4.10. Admitting the admitted changes nothing. TooLate, NotInProgress."""
        reason = stated(reason, needed=False)

        async def act(unit: Unit, before: Sitting, exam: Exam, now: datetime) -> None:
            after = before.admitted(now, exam)
            if after != before:
                await unit.sittings.save(after)
                await note(unit, after, _entry(actor, after, now, LogKind.ADMITTED, reason))

        return await self._do(actor, sitting_id, act)

    async def refuse(self, actor: Actor, sitting_id: str, reason: str) -> CourseView:
        """Not let in, for good; the camera is let in no more either."""
        return await self._end(
            actor, sitting_id, reason, lambda sitting, _now, _exam: sitting.refused()
        )

    # --- talking --------------------------------------------------------------------------------

    async def message(self, actor: Actor, sitting_id: str, text: str) -> CourseView:
        return await self._say(actor, sitting_id, LogKind.MESSAGE, text)

    async def warn(self, actor: Actor, sitting_id: str, text: str) -> CourseView:
        """The student must acknowledge it."""
        return await self._say(actor, sitting_id, LogKind.WARNING, text)

    async def _say(self, actor: Actor, sitting_id: str, kind: LogKind, text: str) -> CourseView:
        text = stated(text)

        async def act(unit: Unit, sitting: Sitting, _exam: Exam, now: datetime) -> None:
            if sitting.completed:
                raise NotInProgress
            await note(unit, sitting, _entry(actor, sitting, now, kind, text))

        return await self._do(actor, sitting_id, act)

    # --- the clock ------------------------------------------------------------------------------

    async def pause(self, actor: Actor, sitting_id: str, reason: str) -> CourseView:
        """The clock stands still until ``resume``, or until the policy provides no more of it."""
        return await self._change(
            actor,
            sitting_id,
            reason,
            lambda sitting, now, exam: pausing.paused(sitting, now, exam.policy),
        )

    async def resume(self, actor: Actor, sitting_id: str, reason: str) -> CourseView:
        return await self._change(
            actor, sitting_id, reason, lambda sitting, now, _exam: pausing.resumed(sitting, now)
        )

    async def extend(self, actor: Actor, sitting_id: str, minutes: int, reason: str) -> CourseView:
        """BeyondPolicy, TimeOver."""
        reason = stated(reason)

        async def act(unit: Unit, before: Sitting, exam: Exam, now: datetime) -> None:
            after = pausing.extended(before, now, minutes, exam.policy)
            await unit.sittings.save(after)
            entry = _entry(actor, after, now, LogKind.EXTENDED, reason, minutes=minutes)
            await note(unit, after, entry)

        return await self._do(actor, sitting_id, act)

    async def grant_time(
        self, actor: Actor, sitting_id: str, minutes: int, reason: str
    ) -> CourseView:
        """Gives back what an outage took, as the student asked. NotFound where nobody asked."""
        reason = stated(reason)

        async def act(unit: Unit, before: Sitting, exam: Exam, now: datetime) -> None:
            asked = await _asked(unit, before)
            after = pausing.outage_approved(before, now, minutes, exam.policy)
            await unit.sittings.save(after)
            kind = LogKind.TIME_GRANTED
            entry = _entry(actor, after, now, kind, reason, minutes=minutes, about=asked.id)
            await note(unit, after, entry)

        return await self._do(actor, sitting_id, act)

    async def refuse_time(self, actor: Actor, sitting_id: str, reason: str) -> CourseView:
        reason = stated(reason)

        async def act(unit: Unit, sitting: Sitting, _exam: Exam, now: datetime) -> None:
            asked = await _asked(unit, sitting)
            kind = LogKind.TIME_REFUSED
            await note(unit, sitting, _entry(actor, sitting, now, kind, reason, about=asked.id))

        return await self._do(actor, sitting_id, act)

    # --- the end --------------------------------------------------------------------------------

    async def remove(self, actor: Actor, sitting_id: str, reason: str) -> CourseView:
        """T-4.9: the sitting ends now with 0 points and F. Forbidden, TimeOver."""
        return await self._end(
            actor,
            sitting_id,
            reason,
            lambda sitting, now, exam: sitting.removed(now, exam.policy.questions),
        )

    async def _end(self, actor: Actor, sitting_id: str, reason: str, change: Change) -> CourseView:
        view = await self._change(actor, sitting_id, reason, change, ends=True)
        await end_media(self._live, sitting_id)
        return view

    # --- how each is done -----------------------------------------------------------------------

    async def _change(
        self, actor: Actor, sitting_id: str, reason: str, change: Change, *, ends: bool = False
    ) -> CourseView:
        reason = stated(reason)

        async def act(unit: Unit, before: Sitting, exam: Exam, now: datetime) -> None:
            after = change(before, now, exam)
            await advance(unit, before, after, now, by=actor.id, reason=reason)
            if ends:
                await unit.sittings.drop_tokens(sitting_id)

        return await self._do(actor, sitting_id, act)

    async def _do(self, actor: Actor, sitting_id: str, act: Act) -> CourseView:
        async with self._units.write() as unit:
            sitting = await unit.sittings.lock_proctored(sitting_id, actor)
            # Read after the lock was granted: waiting for it gains nobody time.
            now = self._clock.now()
            await act(unit, sitting, await unit.exams.of(sitting), now)
            after = await unit.sittings.get(sitting_id, actor)
            return await course_of(unit, after, now)


async def _asked(unit: Unit, sitting: Sitting) -> LogEntry:
    """The request for time that waits for its decision. NotFound, NotInProgress."""
    if sitting.state not in RUNNING:
        raise NotInProgress
    log = [named.entry for named in await unit.log.of(sitting.id)]
    found = [entry for entry in open_entries(log) if entry.kind is LogKind.TIME_ASKED]
    if not found:
        raise NotFound
    return found[0]


def _entry(
    actor: Actor,
    sitting: Sitting,
    at: datetime,
    kind: LogKind,
    text: str,
    *,
    minutes: int | None = None,
    about: str | None = None,
) -> LogEntry:
    return LogEntry(new_id(), sitting.id, kind, at, actor.id, text, minutes, about)
