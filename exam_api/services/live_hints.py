"""What may become a flag, of each sitting, as the analysis told it a moment ago (ADR 0019)."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from analysis.contracts import FlagKind, Hint
from exam_api.services.ports import Clock

# The analysis says what lasts again every two seconds: a worker that is gone says nothing more.
GOOD_FOR: Final = timedelta(seconds=6)


class Hints:
    """In memory only: of a hint that became no flag nothing is left.

    Threads: written by the analysis worker, read by the loop; a lock guards both. ``changed`` is
    called in the writer's.
    """

    def __init__(self, clock: Clock, changed: Callable[[], None]) -> None:
        self._clock = clock
        self._changed = changed
        self._lock = threading.Lock()
        self._latest: dict[str, tuple[datetime, frozenset[FlagKind]]] = {}

    def keep(self, hint: Hint) -> None:
        with self._lock:
            before = self._latest.pop(hint.sitting_id, None)
            if hint.kinds:
                self._latest[hint.sitting_id] = (self._clock.now(), hint.kinds)
        if hint.kinds != (before[1] if before else frozenset()):
            self._changed()

    def now(self) -> Mapping[str, frozenset[FlagKind]]:
        """Sitting -> kinds; of those of which there are any."""
        oldest = self._clock.now() - GOOD_FOR
        with self._lock:
            for sitting_id in [one for one, (told, _) in self._latest.items() if told < oldest]:
                del self._latest[sitting_id]
            return {sitting_id: kinds for sitting_id, (_, kinds) in self._latest.items()}
