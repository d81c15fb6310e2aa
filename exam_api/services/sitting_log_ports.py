"""What a sitting's log needs from storage."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from exam_api.domain.sitting_log import LogEntry


@dataclass(frozen=True, slots=True)
class NamedEntry:
    entry: LogEntry
    by_name: str


class SittingLog(Protocol):
    """The sitting is locked by who adds, and was allowed to who reads."""

    async def add(self, entry: LogEntry) -> None: ...
    async def of(self, sitting_id: str) -> Sequence[NamedEntry]:
        """Oldest first."""
        ...

    async def of_each(self, sitting_ids: Collection[str]) -> Mapping[str, Sequence[LogEntry]]: ...
