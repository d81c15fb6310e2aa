"""A statement of admission ratings (S-7): a table read row by row into what it would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from exam_api.domain.sheets import Cell, Sheet

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "login": ("login", "логин", "id"),
    "points": ("points", "rating", "рейтинг", "балл", "баллы", "ұпай", "жр"),
    "debt": ("debt", "долг", "задолженность", "берешек"),
}
_BY_NAME: Final = {word: column for column, words in COLUMNS.items() for word in words}
_NEEDED: Final = ("login", "points")
_MOST_POINTS: Final = 100
_YES: Final = frozenset({"1", "+", "yes", "да", "иә", "ия", "true"})
_NO: Final = frozenset({"", "0", "-", "no", "нет", "жоқ", "false"})


class RowProblem(StrEnum):
    COLUMN_MISSING = "column_missing"
    STUDENT_UNKNOWN = "student_unknown"
    STUDENT_TWICE = "student_twice"
    POINTS_WRONG = "points_wrong"
    DEBT_WRONG = "debt_wrong"
    CELL_FORMULA = "cell_formula"
    CELL_TOO_LONG = "cell_too_long"


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
    """``value``: what stands in the cell, or the column, for the person who brought the file."""

    row: int
    problem: RowProblem
    value: str


@dataclass(frozen=True, slots=True)
class StatementPreview:
    """All or nothing: with ``errors`` nothing can be applied. ``left_out``: enrolled, not named."""

    changes: tuple[RatingChange, ...]
    errors: tuple[RowError, ...]
    left_out: tuple[str, ...]


def column_of(heading: str) -> str | None:
    return _BY_NAME.get(" ".join(heading.casefold().split()))


def read_statement(sheet: Sheet, enrolled: Sequence[Enrolled]) -> StatementPreview:
    columns = _columns(sheet.heading)
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        lacking = [RowError(sheet.heading_row, RowProblem.COLUMN_MISSING, one) for one in missing]
        return StatementPreview((), tuple(lacking), ())
    known = {one.login.casefold(): one for one in enrolled}
    read = [_read(number, _named(cells, columns), known) for number, cells in sheet.rows]
    errors = [found for found in read if isinstance(found, RowError)]
    changes = [found for found in read if isinstance(found, RatingChange)]
    errors += _twice(changes)
    named = {change.student_id for change in changes}
    return StatementPreview(
        tuple(changes),
        tuple(sorted(errors, key=lambda error: error.row)),
        tuple(one.full_name for one in enrolled if one.student_id not in named),
    )


def _columns(heading: Sequence[str]) -> Mapping[str, int]:
    """Of a column that is named twice, the first."""
    places: dict[str, int] = {}
    for place, name in enumerate(heading):
        column = column_of(name)
        if column is not None:
            places.setdefault(column, place)
    return places


def _named(cells: Sequence[Cell], columns: Mapping[str, int]) -> Mapping[str, Cell]:
    """What the row lacks at its end is empty, and so is a column that the file lacks."""
    found = {name: cells[place] for name, place in columns.items() if place < len(cells)}
    return {name: found.get(name, Cell("")) for name in COLUMNS}


def _read(
    number: int, cells: Mapping[str, Cell], known: Mapping[str, Enrolled]
) -> RatingChange | RowError:
    for name, cell in cells.items():
        if cell.problem:
            return RowError(number, RowProblem(cell.problem), name)
    login, points = cells["login"].text, cells["points"].text
    debt = cells["debt"].text.casefold()
    student = known.get(login.casefold())
    if student is None:
        return RowError(number, RowProblem.STUDENT_UNKNOWN, login)
    if not (points.isascii() and points.isdigit() and int(points) <= _MOST_POINTS):
        return RowError(number, RowProblem.POINTS_WRONG, points)
    if debt not in _YES | _NO:
        return RowError(number, RowProblem.DEBT_WRONG, debt)
    return RatingChange(
        number, student.student_id, student.full_name, student.points, int(points), debt in _YES
    )


def _twice(changes: Sequence[RatingChange]) -> list[RowError]:
    seen: set[str] = set()
    found = []
    for change in changes:
        if change.student_id in seen:
            found.append(RowError(change.row, RowProblem.STUDENT_TWICE, change.full_name))
        seen.add(change.student_id)
    return found
