"""How late this process's event loop is: the first thing that overload shows in."""

import asyncio
import time
from collections import deque
from typing import Final

_STEP_S: Final = 0.05
_WINDOW_S: Final = 2.0


class LoopLag:
    """Of the last seconds. ``cpu``: this process's share of one core in them.

    ``seconds``: nine of ten turns came sooner. One that came late now and then, on a machine that
    does other things as well, is no overload.
    """

    def __init__(self) -> None:
        self._late: deque[float] = deque(maxlen=round(_WINDOW_S / _STEP_S))
        self._spent: deque[tuple[float, float]] = deque(maxlen=self._late.maxlen)

    @property
    def seconds(self) -> float:
        late = sorted(self._late)
        return late[len(late) * 9 // 10] if late else 0.0

    @property
    def cpu(self) -> float:
        if len(self._spent) < 2:
            return 0.0
        (at, spent), (at_last, spent_last) = self._spent[0], self._spent[-1]
        return (spent_last - spent) / (at_last - at)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(_STEP_S)
            now = time.monotonic()
            self._late.append(max(0.0, now - began - _STEP_S))
            self._spent.append((now, time.process_time()))
