"""What a proctor does to a sitting, each with a reason that stays on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from exam_api.domain.errors import InvalidRequest
from exam_api.domain.roles import Actor
from exam_api.domain.states import SittingState
from exam_api.services.ports import Clock, LiveMedia, NamedTransition, Units
from exam_api.services.sittings import advance, end_media

REASON_LIMIT: Final = 500


@dataclass(frozen=True, slots=True)
class TransitionView:
    """``by`` is null where the exam clock made the change."""

    before: SittingState
    after: SittingState
    at: datetime
    by: str | None
    reason: str


class ProctorActions:
    def __init__(self, units: Units, clock: Clock, live: LiveMedia) -> None:
        self._units = units
        self._clock = clock
        self._live = live

    async def remove(
        self, actor: Actor, sitting_id: str, reason: str
    ) -> tuple[TransitionView, ...]:
        """T-4.9: the sitting ends now with 0 points and F. Forbidden, TimeOver."""
        reason = _stated(reason)
        async with self._units.write() as unit:
            before = await unit.sittings.lock_proctored(sitting_id, actor)
            exam = await unit.exams.of(before)
            now = self._clock.now()
            after = before.removed(now, exam.policy.questions)
            await advance(unit, before, after, now, by=actor.id, reason=reason)
            await unit.sittings.drop_tokens(sitting_id)
            history = await unit.transitions.of(sitting_id)
        await end_media(self._live, sitting_id)
        return _views(history)

    async def history(self, actor: Actor, sitting_id: str) -> tuple[TransitionView, ...]:
        """Every change of the sitting's state, oldest first, for those who watch the exam."""
        async with self._units.read() as unit:
            await unit.sittings.watched(sitting_id, actor)
            return _views(await unit.transitions.of(sitting_id))


def _stated(reason: str) -> str:
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LIMIT or "\0" in reason:
        raise InvalidRequest(f"a reason has 1 to {REASON_LIMIT} characters")
    return reason


def _views(history: Sequence[NamedTransition]) -> tuple[TransitionView, ...]:
    return tuple(
        TransitionView(row.before, row.after, row.at, entry.by_name, row.reason)
        for entry in history
        for row in (entry.transition,)
    )
