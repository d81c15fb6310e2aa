"""Who may publish on a server that carries only so many sittings: first come, first served.

Whoever was let in once keeps the right to come back, whatever has happened since; only newcomers
wait. The clock is given, so that tests need none.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from capture.errors import CapacityFull

RETRY_S: Final = 5  # how often those who wait are to ask
FORGET_S: Final = 20.0  # a turn is kept for one that asks; not for a page that was closed
HOLD_S: Final = 600.0  # a sitting without publisher keeps its place so long


@dataclass(slots=True)
class Places:
    """``open``: whether newcomers are let in at all."""

    limit: int
    now: Callable[[], float] = time.monotonic
    open: bool = True
    _gone_since: dict[str, float | None] = field(default_factory=dict)  # None: publishing
    _asked: dict[str, float] = field(default_factory=dict)  # who waits, in order

    @property
    def waiting(self) -> int:
        self._forget()
        return len(self._asked)

    @property
    def free(self) -> int:
        now = self.now()
        taken = sum(since is None or now - since < HOLD_S for since in self._gone_since.values())
        return max(0, self.limit - taken) if self.open else 0

    def enter(self, sitting_id: str, *, returning: bool = False) -> bool:
        """Whether it is a newcomer. Raises CapacityFull with the position in the queue.

        ``returning``: it was let in by a server that has restarted since.
        """
        if returning or sitting_id in self._gone_since:
            self._admit(sitting_id)
            return False
        self._asked[sitting_id] = self.now()  # a key that is there already keeps its position
        self._forget()
        ahead, free = list(self._asked).index(sitting_id), self.free
        if ahead >= free:
            raise CapacityFull(
                "this server takes no more sittings now",
                position=ahead - free + 1,
                retry_after_s=RETRY_S,
            )
        self._admit(sitting_id)
        return True

    def gone(self, sitting_id: str) -> None:
        """The publisher left; it may come back."""
        if sitting_id in self._gone_since:
            self._gone_since[sitting_id] = self.now()

    def leave(self, sitting_id: str) -> None:
        """The sitting is over."""
        self._gone_since.pop(sitting_id, None)
        self._asked.pop(sitting_id, None)

    def _admit(self, sitting_id: str) -> None:
        self._asked.pop(sitting_id, None)
        self._gone_since[sitting_id] = None

    def _forget(self) -> None:
        now = self.now()
        self._asked = {one: at for one, at in self._asked.items() if now - at < FORGET_S}
