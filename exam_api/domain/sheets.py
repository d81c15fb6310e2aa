"""A table that a person sent, as read: text cells, and what was wrong with each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exam_api.domain.errors import InvalidRequest


class SheetUnreadable(InvalidRequest):
    """The whole file: ``code`` says why, ``row`` where it is known."""

    code = "sheet_malformed"

    def __init__(self, code: str, row: int | None = None) -> None:
        super().__init__(code if row is None else f"row {row}: {code}", code=code)
        self.row = row


@dataclass(frozen=True, slots=True)
class Cell:
    """``problem``: the code of what keeps the cell from being read; its text is empty then."""

    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """``rows``: (number as the person's program shows it, cells); ``heading_row`` likewise."""

    heading: tuple[str, ...]
    rows: Sequence[tuple[int, tuple[Cell, ...]]]
    heading_row: int = 1


ReadSheet = Callable[[bytes, Callable[[str], bool]], Sheet]
