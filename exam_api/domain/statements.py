"""A statement of admission ratings (S-7): a table read row by row into what it would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "login": ("login", "логин", "id"),
    "points": ("points", "rating", "рейтинг", "балл", "баллы", "ұпай", "жр"),
    "debt": ("debt", "долг", "задолженность", "берешек"),
}
_YES: Final = frozenset({"1", "+", "yes", "да", "иә", "ия", "true"})
_NO: Final = frozenset({"", "0", "-", "no", "нет", "жоқ", "false"})


class RowProblem(StrEnum):
    COLUMN_MISSING = "column_missing"
    STUDENT_UNKNOWN = "student_unknown"
    STUDENT_TWICE = "student_twice"
    POINTS_WRONG = "points_wrong"
    DEBT_WRONG = "debt_wrong"


@dataclass(frozen=True, slots=True)
class TableRow:
    """``number``: as the person who opens the file sees it."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enrolled:
    student_id: str
    login: str
    full_name: str
    points: int | None
    debt: bool


@dataclass(frozen=True, slots=True)
class RatingChange:
    """What one row makes of a student's rating; ``before`` is None where there was none."""

    row: int
    student_id: str
    full_name: str
    before: int | None
    points: int
    debt: bool

    @property
    def changes(self) -> bool:
        return self.before != self.points


@dataclass(frozen=True, slots=True)
class RowError:
    """``value``: what stands in the cell, for the person who brought the file."""

    row: int
    problem: RowProblem
    value: str


@dataclass(frozen=True, slots=True)
class StatementPreview:
    """All or nothing: with ``errors`` nothing can be applied. ``left_out``: enrolled, not named."""

    changes: tuple[RatingChange, ...]
    errors: tuple[RowError, ...]
    left_out: tuple[str, ...]


def read_statement(rows: Sequence[TableRow], enrolled: Sequence[Enrolled]) -> StatementPreview:
    """The first row names the columns; empty rows are passed over."""
    filled = [row for row in rows if any(row.cells)]
    columns = _columns(filled[0]) if filled else {}
    missing = [name for name in ("login", "points") if name not in columns]
    if missing:
        number = filled[0].number if filled else 1
        lacking = tuple(RowError(number, RowProblem.COLUMN_MISSING, name) for name in missing)
        return StatementPreview((), lacking, ())
    known = {one.login.casefold(): one for one in enrolled}
    read = [_read(row, columns, known) for row in filled[1:]]
    errors = [found for found in read if isinstance(found, RowError)]
    changes = [found for found in read if isinstance(found, RatingChange)]
    errors += _twice(changes)
    named = {change.student_id for change in changes}
    return StatementPreview(
        tuple(changes),
        tuple(sorted(errors, key=lambda error: error.row)),
        tuple(one.full_name for one in enrolled if one.student_id not in named),
    )


def _columns(header: TableRow) -> Mapping[str, int]:
    names = [cell.strip().casefold() for cell in header.cells]
    return {
        column: next(place for place, name in enumerate(names) if name in words)
        for column, words in COLUMNS.items()
        if any(name in words for name in names)
    }


def _read(
    row: TableRow, columns: Mapping[str, int], known: Mapping[str, Enrolled]
) -> RatingChange | RowError:
    cells = {
        name: row.cells[place].strip() if place < len(row.cells) else ""
        for name, place in columns.items()
    }
    student = known.get(cells["login"].casefold())
    if student is None:
        return RowError(row.number, RowProblem.STUDENT_UNKNOWN, cells["login"])
    points, debt = cells["points"], cells.get("debt", "").casefold()
    if not (points.isascii() and points.isdigit() and int(points) <= 100):
        return RowError(row.number, RowProblem.POINTS_WRONG, points)
    if debt not in _YES | _NO:
        return RowError(row.number, RowProblem.DEBT_WRONG, cells["debt"])
    return RatingChange(
        row.number,
        student.student_id,
        student.full_name,
        student.points,
        int(points),
        debt in _YES,
    )


def _twice(changes: Sequence[RatingChange]) -> list[RowError]:
    seen: set[str] = set()
    found = []
    for change in changes:
        if change.student_id in seen:
            found.append(RowError(change.row, RowProblem.STUDENT_TWICE, change.full_name))
        seen.add(change.student_id)
    return found
