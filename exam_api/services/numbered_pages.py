"""Numbered pages, for people who leaf through a list (services.paging is for programs)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class PageWanted:
    """``number`` counts from 1."""

    number: int = 1
    size: int = 50

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


@dataclass(frozen=True, slots=True)
class NumberedPage(Generic[Row]):
    rows: Sequence[Row]
    total: int
    wanted: PageWanted

    @property
    def last(self) -> int:
        """The number of the last page, 1 for an empty list."""
        return max(1, -(-self.total // self.wanted.size))
