"""Who was cut off for flooding its port comes back later and later; nobody else waits for it.

By track, not by address: a whole university may sit behind one. The clock is given.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from capture.contracts import TrackKey
from capture.errors import PublisherFlooded

FIRST_S: Final = 10.0  # a fault in a page that starts again by itself costs no more
LONGEST_S: Final = 300.0
FORGET_S: Final = 600.0  # of good behaviour


class _Ban(NamedTuple):
    until: float
    seconds: float


@dataclass(slots=True)
class Floods:
    now: Callable[[], float] = time.monotonic
    _bans: dict[TrackKey, _Ban] = field(default_factory=dict)

    def cut_off(self, key: TrackKey) -> None:
        """Each time within ``FORGET_S`` for twice as long."""
        now = self.now()
        self._bans = {one: ban for one, ban in self._bans.items() if now < ban.until + FORGET_S}
        before = self._bans.get(key)
        seconds = FIRST_S if before is None else min(2 * before.seconds, LONGEST_S)
        self._bans[key] = _Ban(now + seconds, seconds)

    def require_over(self, key: TrackKey) -> None:
        """Raises PublisherFlooded with when to ask again."""
        ban = self._bans.get(key)
        if ban is not None and (left_s := ban.until - self.now()) > 0:
            raise PublisherFlooded(
                "this track was cut off for sending too much", retry_after_s=int(left_s) + 1
            )
