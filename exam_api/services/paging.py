"""Lists cut into pages: the same way in every service, by the keys of the last row."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from exam_api.domain.errors import CursorInvalid

Row = TypeVar("Row")
Shown = TypeVar("Shown")
Key = tuple[str | int, ...]

DEFAULT_LIMIT = 50
MOST = 200


@dataclass(frozen=True, slots=True)
class PageAsk:
    """At most ``limit`` rows that come after the one whose keys are ``after``."""

    limit: int = DEFAULT_LIMIT
    after: Key | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """``next`` = the keys to go on after; None where this is the last page."""

    rows: tuple[Row, ...]
    next: Key | None = None

    def shown(self, view: Callable[[Row], Shown]) -> "Page[Shown]":
        return Page(tuple(view(row) for row in self.rows), self.next)


def page_of(found: Sequence[Row], ask: PageAsk, key: Callable[[Row], Key]) -> Page[Row]:
    """``found`` holds up to ``limit + 1`` rows: the one too many says that there is a next page."""
    rows = tuple(found[: ask.limit])
    return Page(rows, key(rows[-1]) if len(found) > ask.limit else None)


def page_after(rows: Iterable[Row], ask: PageAsk, key: Callable[[Row], Key]) -> Page[Row]:
    """Of a list that is at hand as a whole, in the order of its keys. CursorInvalid."""
    ordered = sorted(rows, key=key)
    try:
        found = [row for row in ordered if ask.after is None or key(row) > ask.after]
    except TypeError:  # another list's cursor
        raise CursorInvalid from None
    return page_of(found[: ask.limit + 1], ask, key)
