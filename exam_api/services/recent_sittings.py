"""Sittings shown a moment ago: a room that asks every few seconds costs no query each time.

What this process commits is seen at once (``drop`` is called after each commit that touched the
sitting); what another process did, when ``trust`` has passed.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from exam_api.domain.sitting import Sitting
from exam_api.services.views import SittingView

TRUST: Final = timedelta(seconds=10)
_MOST: Final = 5_000


@dataclass(frozen=True, slots=True)
class SeenSitting:
    """``view`` as its student saw it; only what follows the clock in it is out of date."""

    sitting: Sitting
    view: SittingView

    def holds(self, now: datetime, trust: timedelta) -> bool:
        """Not for long, and not over a moment at which the exam or the test changes by itself."""
        seen_at = self.view.server_now
        exam = self.view.exam
        turns = (exam.opens_at, exam.closes_at, self.view.deadline_at)
        turned = any(turn is not None and seen_at < turn <= now for turn in turns)
        return timedelta(0) <= now - seen_at < trust and not turned


class RecentSittings:
    def __init__(self, trust: timedelta = TRUST) -> None:
        self._trust = trust
        self._seen: OrderedDict[str, SeenSitting] = OrderedDict()
        self._changes: dict[str, int] = {}

    def get(self, sitting_id: str, now: datetime) -> SeenSitting | None:
        seen = self._seen.get(sitting_id)
        return seen if seen is not None and seen.holds(now, self._trust) else None

    def changes(self, sitting_id: str) -> int:
        """How often this process has changed the sitting."""
        return self._changes.get(sitting_id, 0)

    def put(self, seen: SeenSitting, *, changes: int) -> None:
        """``changes`` as before the reading: what changed meanwhile must not come back."""
        ref = seen.sitting.id
        if changes != self.changes(ref):
            return
        self._seen[ref] = seen
        self._seen.move_to_end(ref)
        while len(self._seen) > _MOST:
            self._seen.popitem(last=False)

    def answered(self, counts: Mapping[str, int]) -> None:
        """An answer changes nothing else that is shown of a sitting."""
        for ref, count in counts.items():
            self._changes[ref] = self.changes(ref) + 1
            if (seen := self._seen.get(ref)) is not None:
                self._seen[ref] = replace(seen, view=replace(seen.view, answered=count))

    def drop(self, sitting_ids: Collection[str]) -> None:
        for ref in sitting_ids:
            self._changes[ref] = self.changes(ref) + 1
            self._seen.pop(ref, None)
