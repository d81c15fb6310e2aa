"""What only the student's browser can tell, judged by the same rules as what the camera shows.

The page says what is so now, whenever that changes and every 20 s while anything is unusual.
Between two words of it the last one holds. Times are those of the server, when it heard it.
"""

from collections.abc import Mapping
from typing import Final

from analysis.analyzer import flag_of
from analysis.contracts import Flag, FlagKind, FlagUpdate
from analysis.policy import AnalysisPolicy, KindPolicy
from analysis.rules import Change, RuleState, finish, in_evidence, numbers, step

PAGE_KINDS: Final = (FlagKind.FOCUS_LOST, FlagKind.SECOND_SCREEN, FlagKind.VIRTUAL_CAMERA)
SILENCE_MS: Final = 90_000  # a page that says no more is closed or cut off: it claims nothing


class PageAnalyzer:
    """One sitting's page. An accommodation that excuses a kind leaves it out of ``policy``."""

    def __init__(self, policy: AnalysisPolicy, sitting_id: str) -> None:
        self.sitting_id = sitting_id
        self._watches = {
            kind: _Watch(kind, policy.kinds[kind]) for kind in PAGE_KINDS if kind in policy.kinds
        }
        self._heard_ms = 0

    @property
    def calm(self) -> bool:
        """Nothing is unusual, and nothing of before is still weighed."""
        return not any(watch.busy for watch in self._watches.values())

    def tell(self, at_ms: int, states: Mapping[FlagKind, bool]) -> list[FlagUpdate]:
        """What the page says is so from ``at_ms`` on. A kind that it does not name is not so."""
        self._heard_ms = at_ms
        return self._updates(
            [
                update
                for kind, watch in self._watches.items()
                for update in watch.tell(at_ms, states.get(kind, False))
            ]
        )

    def pass_time(self, at_ms: int) -> list[FlagUpdate]:
        """About once a second: what was last said still holds, unless the page fell silent."""
        silent = at_ms - self._heard_ms > SILENCE_MS
        changes: list[tuple[_Watch, Change]] = []
        for watch in self._watches.values():
            changes += watch.end() if silent else watch.vote(at_ms)
        return self._updates(changes)

    def _updates(self, changes: list[tuple["_Watch", Change]]) -> list[FlagUpdate]:
        return [
            FlagUpdate(self.sitting_id, change.phase, watch.flag(change))
            for watch, change in changes
        ]


class _Watch:
    """One kind: a vote stands for the time before it, so a change casts the old one first."""

    def __init__(self, kind: FlagKind, policy: KindPolicy) -> None:
        self._kind, self._policy = kind, policy
        self._state = RuleState()
        self._so = False

    @property
    def busy(self) -> bool:
        return self._so or in_evidence(self._policy.rule, self._state)

    def tell(self, at_ms: int, so: bool) -> list[tuple["_Watch", Change]]:
        changes = self.vote(at_ms)
        if so == self._so:
            return changes
        self._so = so
        return changes + self.vote(at_ms + 1)

    def vote(self, at_ms: int) -> list[tuple["_Watch", Change]]:
        self._state, changes = step(self._policy.rule, self._state, at_ms, float(self._so))
        return [(self, change) for change in changes]

    def end(self) -> list[tuple["_Watch", Change]]:
        self._so = False
        self._state, changes = finish(self._policy.rule, self._state)
        return [(self, change) for change in changes]

    def flag(self, change: Change) -> Flag:
        return flag_of(self._kind, self._policy, change, numbers(self._policy.rule))
