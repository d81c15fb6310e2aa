"""What a student does in the room besides answering: talk, take a break, ask for lost time."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from exam_api.domain import pausing
from exam_api.domain.clockwork import PauseKind
from exam_api.domain.errors import BeyondPolicy, Conflict, NotFound, NotInProgress, TimeOver
from exam_api.domain.ids import new_id
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Exam, Sitting
from exam_api.domain.sitting_log import LogEntry, LogKind, open_entries
from exam_api.domain.states import SittingState
from exam_api.services.course import stated
from exam_api.services.ports import Clock, LiveMedia, Unit, Units
from exam_api.services.sitting_views import SittingViewer
from exam_api.services.sittings import advance, note
from exam_api.services.views import SittingView

Act = Callable[[Unit, Sitting, Exam, datetime], Awaitable[None]]


class RoomActions:
    """Every call comes from the tab that holds the sitting. OpenElsewhere."""

    def __init__(self, units: Units, clock: Clock, live: LiveMedia) -> None:
        self._units = units
        self._clock = clock
        self._viewer = SittingViewer(clock, live)

    async def reply(self, actor: Actor, sitting_id: str, client_id: str, text: str) -> SittingView:
        """A word to the proctor: an answer, or a call for help."""
        text = stated(text)

        async def act(unit: Unit, sitting: Sitting, _exam: Exam, now: datetime) -> None:
            if sitting.completed:
                raise NotInProgress
            await note(unit, sitting, _entry(sitting, now, LogKind.REPLY, text))

        return await self._do(actor, sitting_id, client_id, act)

    async def acknowledge(
        self, actor: Actor, sitting_id: str, client_id: str, warning_id: str
    ) -> SittingView:
        """The student has seen the warning. Doing it twice changes nothing. NotFound."""

        async def act(unit: Unit, sitting: Sitting, _exam: Exam, now: datetime) -> None:
            log = [named.entry for named in await unit.log.of(sitting.id)]
            warnings = {entry.id for entry in log if entry.kind is LogKind.WARNING}
            if warning_id not in warnings:
                raise NotFound
            if warning_id in {entry.id for entry in open_entries(log)}:
                entry = _entry(sitting, now, LogKind.ACKNOWLEDGED, about=warning_id)
                await note(unit, sitting, entry)

        return await self._do(actor, sitting_id, client_id, act)

    async def begin_break(self, actor: Actor, sitting_id: str, client_id: str) -> SittingView:
        """Where the policy or an accommodation provides one. BeyondPolicy, TimeOver."""

        async def act(unit: Unit, before: Sitting, exam: Exam, now: datetime) -> None:
            after = pausing.on_break(before, now, exam)
            await advance(unit, before, after, now, by=actor.id)

        return await self._do(actor, sitting_id, client_id, act)

    async def end_break(self, actor: Actor, sitting_id: str, client_id: str) -> SittingView:
        """Back before its end. Where it has ended by itself, nothing is left to do."""

        async def act(unit: Unit, before: Sitting, _exam: Exam, now: datetime) -> None:
            if before.state is SittingState.IN_PROGRESS:
                return
            if before.pause is None or before.pause.kind is PauseKind.PROCTOR:
                raise NotInProgress
            await advance(unit, before, pausing.resumed(before, now), now, by=actor.id)

        return await self._do(actor, sitting_id, client_id, act)

    async def ask_time(
        self, actor: Actor, sitting_id: str, client_id: str, reason: str
    ) -> SittingView:
        """What an outage took, where the policy lets a proctor give it back. BeyondPolicy."""
        reason = stated(reason)

        async def act(unit: Unit, sitting: Sitting, exam: Exam, now: datetime) -> None:
            if not pausing.may_ask_time(sitting, exam.policy):
                raise BeyondPolicy
            if sitting.is_due(now):
                raise TimeOver
            log = [named.entry for named in await unit.log.of(sitting.id)]
            if any(entry.kind is LogKind.TIME_ASKED for entry in open_entries(log)):
                raise Conflict
            await note(unit, sitting, _entry(sitting, now, LogKind.TIME_ASKED, reason))

        return await self._do(actor, sitting_id, client_id, act)

    async def _do(self, actor: Actor, sitting_id: str, client_id: str, act: Act) -> SittingView:
        async with self._units.write() as unit:
            sitting = await unit.sittings.lock_own(sitting_id, actor)
            sitting.require_claimed(client_id)
            # Read after the lock was granted: waiting for it gains nobody time.
            now = self._clock.now()
            await act(unit, sitting, await unit.exams.of(sitting), now)
            after = await unit.sittings.get(sitting_id, actor)
            return await self._viewer.show(unit, after, actor, client_id)


def _entry(
    sitting: Sitting, at: datetime, kind: LogKind, text: str = "", *, about: str | None = None
) -> LogEntry:
    return LogEntry(new_id(), sitting.id, kind, at, sitting.student_id, text, about=about)
