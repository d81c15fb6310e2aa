"""By which day a check list's next step is due (S-17, S-18), and which lists are late."""

from dataclasses import replace
from datetime import datetime

from exam_api.domain.act_course import ActPolicy
from exam_api.domain.check_lists import due_at
from exam_api.domain.roles import Actor
from exam_api.services.check_lists_ports import CheckListUnits, ListedSheet
from exam_api.services.ports import Clock


def dated(sheet: ListedSheet, policy: ActPolicy, now: datetime) -> ListedSheet:
    due = due_at(sheet.state, sheet.since, policy)
    return replace(sheet, due_at=due, overdue=due is not None and due < now)


class LateLists:
    def __init__(self, units: CheckListUnits, clock: Clock, policy: ActPolicy) -> None:
        self._units = units
        self._clock = clock
        self._policy = policy

    async def of(self, actor: Actor) -> tuple[ListedSheet, ...]:
        """Those that the actor may see, the one that is late longest first."""
        async with self._units.read() as unit:
            found = await unit.check_lists.waiting(actor)
        now = self._clock.now()
        sheets = [dated(sheet, self._policy, now) for sheet in found]
        late = [(sheet.due_at, sheet) for sheet in sheets if sheet.due_at and sheet.overdue]
        return tuple(sheet for _, sheet in sorted(late, key=lambda one: one[0]))
