"""A filled form 4 that was sent back, row by row against what is on record (S-17).

The link names the sitting. What the file says otherwise of students, dates and the like is shown
and never taken; of the ACT column only that is taken which the record bears out.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from acts.contracts import Form4Row
from acts.form4 import COLUMNS, safe_text
from acts.labels import label
from exam_api.domain.check_lists import Finding, RowProblem, following, problem_of
from exam_api.domain.languages import LANGUAGES
from exam_api.domain.sheets import Cell, Sheet, SheetUnreadable
from exam_api.services.check_lists_ports import ListRow

_NEEDED: Final = frozenset(COLUMNS) - {"no"}
_COMPARED: Final = ("student", "programme", "course_group", "discipline", "link", "proctor")
_FOOTER: Final = ("form4.checked", "form4.acts_made", "form4.member", "form4.date")
_DAY: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_SERIAL: Final = re.compile(r"[1-9]\d{4}")
_EXCEL_ZERO: Final = date(1899, 12, 30)


class SheetProblem(StrEnum):
    """Why a row of the file refuses the whole file: what it is about is not certain."""

    ROW_UNKNOWN = "row_unknown"
    ROW_TWICE = "row_twice"
    ACT_UNCLEAR = "act_unclear"
    CELL_FORMULA = "cell_formula"
    CELL_TOO_LONG = "cell_too_long"


@dataclass(frozen=True, slots=True)
class Refusal:
    """``row`` as the person's program numbers it."""

    row: int
    column: str
    problem: SheetProblem
    given: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The file says otherwise than the record; the record stays."""

    row: int
    student: str
    column: str
    known: str
    given: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What the ACT column says cannot be taken now; the row stays as it was."""

    row: int
    student: str
    given: str
    problem: RowProblem


@dataclass(frozen=True, slots=True)
class Change:
    row: int
    sitting_id: str
    student: str
    before: Finding | None
    after: Finding


@dataclass(frozen=True, slots=True)
class SheetCheck:
    """``missing``: students of the list whom the file does not name; they stay as they are."""

    refusals: tuple[Refusal, ...]
    changes: tuple[Change, ...]
    contradictions: tuple[Contradiction, ...]
    differences: tuple[Difference, ...]
    missing: tuple[str, ...]

    @property
    def takes(self) -> bool:
        return bool(self.changes) and not self.refusals

    @property
    def digest(self) -> str:
        """Stands for all that a person was shown."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    cells: Mapping[str, Cell]

    def text(self, column: str) -> str:
        return self.cells[column].text


def is_heading(text: str) -> bool:
    return _plain(text) in _TITLES


def check_sheet(
    sheet: Sheet, listed: Sequence[ListRow], form: Mapping[str, Form4Row]
) -> SheetCheck:
    """``form``: by sitting, the row as form 4 prints it. SheetUnreadable without the columns."""
    known = {row.sitting_id: row for row in listed}
    refusals: list[Refusal] = []
    found: dict[str, _Line] = {}
    for line in _lines(sheet):
        refusal = _refused(line) or _misplaced(line, known, found)
        if refusal is None:
            found[_sitting_of(line)] = line
        else:
            refusals.append(refusal)
    changes, contradictions = _answers(found, known)
    return SheetCheck(
        refusals=tuple(refusals),
        changes=tuple(changes),
        contradictions=tuple(contradictions),
        differences=tuple(
            difference
            for sitting, line in found.items()
            for difference in _differences(line, form[sitting])
        ),
        missing=tuple(row.student.full_name for row in listed if row.sitting_id not in found),
    )


# --- the table in the file ------------------------------------------------------------------------


def _lines(sheet: Sheet) -> Iterator[_Line]:
    """Titles, in either language, and the footer are no lines; nor are rows that say nothing."""
    heading = tuple(Cell(text) for text in sheet.heading)
    places: dict[str, int] | None = None
    for number, cells in ((0, heading), *sheet.rows):
        if places is None:
            titles = {_TITLES.get(_plain(cell.text), ""): place for place, cell in enumerate(cells)}
            places = titles if set(titles) >= _NEEDED else None
            continue
        line = _Line(number, {name: _at(cells, place) for name, place in places.items()})
        if not _says_nothing(line, cells):
            yield line
    if places is None:
        raise SheetUnreadable("check_sheet_columns")


def _at(cells: Sequence[Cell], place: int) -> Cell:
    return cells[place] if place < len(cells) else Cell("")


def _says_nothing(line: _Line, cells: Sequence[Cell]) -> bool:
    first = next((cell.text for cell in cells if cell.text), "")
    if first.startswith(_FOOTERS) or _plain(line.text("link")) in _TITLES:
        return True
    return not any(cell.text or cell.problem for cell in map(line.cells.get, _NEEDED) if cell)


def _refused(line: _Line) -> Refusal | None:
    for column in COLUMNS:
        cell = line.cells.get(column)
        if cell is not None and cell.problem:
            return Refusal(line.number, column, SheetProblem(cell.problem), "")
    word = _plain(line.text("act"))
    if word and word not in _WORDS:
        return Refusal(line.number, "act", SheetProblem.ACT_UNCLEAR, line.text("act"))
    return None


def _misplaced(
    line: _Line, known: Mapping[str, ListRow], found: Mapping[str, _Line]
) -> Refusal | None:
    sitting = _sitting_of(line)
    if sitting not in known:
        return Refusal(line.number, "link", SheetProblem.ROW_UNKNOWN, line.text("student"))
    if sitting in found:
        return Refusal(line.number, "link", SheetProblem.ROW_TWICE, line.text("student"))
    return None


def _sitting_of(line: _Line) -> str:
    return line.text("link").rstrip("/").rpartition("/")[2]


# --- what it says ---------------------------------------------------------------------------------


def _answers(
    found: Mapping[str, _Line], known: Mapping[str, ListRow]
) -> tuple[list[Change], list[Contradiction]]:
    changes, contradictions = [], []
    for sitting, line in found.items():
        row = known[sitting]
        word = _plain(line.text("act"))
        if not word:
            continue
        stated = _finding(row, act_made=_WORDS[word])
        problem = problem_of(stated, row.facts, row.proctor.id)
        name = row.student.full_name
        if problem is not None:
            contradictions.append(Contradiction(line.number, name, line.text("act"), problem))
        elif stated is not row.finding:
            changes.append(Change(line.number, sitting, name, row.finding, stated))
    return changes, contradictions


def _finding(row: ListRow, *, act_made: bool) -> Finding:
    """The column does not tell a sitting without breach from one with nothing to review."""
    if act_made:
        return Finding.ACT_MADE
    if row.finding in {Finding.NO_ACT, Finding.NOTHING}:
        return row.finding
    follows = following(row.facts)
    return Finding.NO_ACT if follows is Finding.ACT_MADE else follows


def _differences(line: _Line, form: Form4Row) -> Iterator[Difference]:
    for column in _COMPARED:
        known, given = str(getattr(form, column)), line.text(column)
        if _same(given) not in {_same(known), _same(safe_text(known))}:
            yield Difference(line.number, form.student, column, known, given)
    given = line.text("exam_date")
    if _day(given) != form.exam_date:
        shown = f"{form.exam_date:%d.%m.%Y}"
        yield Difference(line.number, form.student, "exam_date", shown, given)


def _day(text: str) -> date | None:
    """A date as text, as ISO, or as the number that Excel keeps."""
    try:
        if found := _DAY.fullmatch(text):
            day, month, year = map(int, found.groups())
            return date(year, month, day)
        if _SERIAL.fullmatch(text):
            return _EXCEL_ZERO + timedelta(days=int(text))
        return date.fromisoformat(text)
    except (ValueError, OverflowError):
        return None


def _same(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _plain(text: str) -> str:
    return _same(text).casefold()


_TITLES: Final[Mapping[str, str]] = {
    _plain(label(f"form4.{column}", language)): column
    for column in COLUMNS
    for language in LANGUAGES
}
_WORDS: Final[Mapping[str, bool]] = {
    _plain(label(key, language)): made
    for key, made in (("form4.made", True), ("form4.not_made", False))
    for language in LANGUAGES
}
_FOOTERS: Final = tuple(
    label(key, language).partition("___")[0].strip() for key in _FOOTER for language in LANGUAGES
)
