"""What only the student's browser sees becomes flags as what the camera sees does (T-4.8)."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from analysis.contracts import FlagKind, FlagUpdate
from analysis.page import PageAnalyzer
from analysis.policy import DEFAULT_POLICY, AnalysisPolicy
from exam_api.domain.errors import NotInProgress
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Sitting
from exam_api.services.ports import Clock, Units

TICK_S: Final = 1.0


class PageWatch:
    """Runs in the event loop's thread; ``on_flag`` as the analysis worker's."""

    def __init__(
        self,
        units: Units,
        clock: Clock,
        on_flag: Callable[[FlagUpdate], None],
        policy: AnalysisPolicy = DEFAULT_POLICY,
    ) -> None:
        self._units = units
        self._clock = clock
        self._on_flag = on_flag
        self._policy = policy
        self._pages: dict[str, tuple[Sitting, PageAnalyzer]] = {}

    async def told(
        self, actor: Actor, sitting_id: str, client_id: str, states: Mapping[FlagKind, bool]
    ) -> None:
        """NotInProgress before and after the test; OpenElsewhere from a tab that has it no more."""
        async with self._units.read() as unit:
            sitting = await unit.sittings.get(sitting_id, actor)
            exam = await unit.exams.of(sitting)
        sitting.require_own(actor.id)
        sitting.require_claimed(client_id)
        if sitting.origin is None or sitting.began_at is None or sitting.completed:
            raise NotInProgress
        if sitting_id not in self._pages:
            if not any(states.values()):
                return
            excused = {*exam.policy.unwatched, *exam.allowances.excused}
            policy = self._policy.without(*(FlagKind(kind) for kind in excused))
            self._pages[sitting_id] = sitting, PageAnalyzer(policy, sitting_id)
        _, page = self._pages[sitting_id]
        self._report(page.tell(self._at_ms(sitting), states))

    def tick(self) -> None:
        """Time passes for the pages that told something unusual; the calm ones are forgotten."""
        for sitting_id, (sitting, page) in list(self._pages.items()):
            self._report(page.pass_time(self._at_ms(sitting)))
            if page.calm:
                del self._pages[sitting_id]

    async def run(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.tick()

    def _at_ms(self, sitting: Sitting) -> int:
        assert sitting.origin is not None
        return round((self._clock.now() - sitting.origin).total_seconds() * 1000)

    def _report(self, updates: list[FlagUpdate]) -> None:
        for update in updates:
            self._on_flag(update)
