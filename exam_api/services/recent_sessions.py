"""Log-in sessions read a moment ago: pages that ask each few seconds need no query each time."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from exam_api.services.ports import LogInRecord

_MOST = 20_000


@dataclass(frozen=True, slots=True)
class _Read:
    record: LogInRecord
    at: datetime


class RecentSessions:
    """By the cookie's digest.

    What this process revokes is gone from here at once; what another one does (a second server,
    the command line) is seen when ``trust`` has passed.
    """

    def __init__(self, trust: timedelta) -> None:
        self._trust = trust
        self._reads: OrderedDict[str, _Read] = OrderedDict()
        self.changes = 0

    def get(self, id_hash: str, now: datetime) -> LogInRecord | None:
        read = self._reads.get(id_hash)
        if read is None or not timedelta(0) <= now - read.at < self._trust:
            return None
        return read.record

    def put(self, id_hash: str, record: LogInRecord, now: datetime, *, changes: int) -> None:
        """``changes`` as before the reading: what was revoked meanwhile must not come back."""
        if changes != self.changes:
            return
        self._reads[id_hash] = _Read(record, now)
        self._reads.move_to_end(id_hash)
        while len(self._reads) > _MOST:
            self._reads.popitem(last=False)

    def forget(self, id_hash: str) -> None:
        self.changes += 1
        self._reads.pop(id_hash, None)

    def forget_person(self, user_id: str) -> None:
        self.changes += 1
        gone = [key for key, read in self._reads.items() if read.record.actor.id == user_id]
        for key in gone:
            del self._reads[key]
