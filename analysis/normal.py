"""A student's own normal: seats and cameras differ, so only departures from it mean something."""

import itertools
import statistics
from collections import deque
from collections.abc import Mapping

WATCHED = ("turned_deg", "eyes_aside")
MEMORY_MS = 300_000
FAMILIAR_MS = 120_000  # seen time that a normal needs
SEEN_MS = 1000  # what one frame stands for at most
FEWEST = (
    FAMILIAR_MS // SEEN_MS + 1
)  # frames, however long ago: so few come in five minutes at times


class Normal:
    """One sitting's. The median of the last five minutes, so that a moved chair becomes normal.

    Departures: ``turned_off_deg`` and ``eyes_off``, absolute; none until there is a normal.
    """

    def __init__(self) -> None:
        self._seen: dict[str, deque[tuple[int, float]]] = {name: deque() for name in WATCHED}

    def departures(self, at_ms: int, measures: Mapping[str, float]) -> Mapping[str, float]:
        off = {name: self._off(name, at_ms, measures) for name in WATCHED}
        named = {"turned_off_deg": off["turned_deg"], "eyes_off": off["eyes_aside"]}
        return {name: value for name, value in named.items() if value is not None}

    def _off(self, name: str, at_ms: int, measures: Mapping[str, float]) -> float | None:
        value, seen = measures.get(name), self._seen[name]
        if value is None:
            return None
        while len(seen) >= FEWEST and seen[0][0] < at_ms - MEMORY_MS:
            seen.popleft()
        if not seen or at_ms - seen[-1][0] >= SEEN_MS // 2:
            seen.append((at_ms, value))
        if _seen_ms([at for at, _ in seen]) < FAMILIAR_MS:
            return None
        return abs(value - statistics.median(one for _, one in seen))


def _seen_ms(times: list[int]) -> int:
    pairs = itertools.pairwise(times)
    return sum(min(after - before, SEEN_MS) for before, after in pairs)
