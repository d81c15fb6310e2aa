"""The session's report for the academic council (T-6.6, T-6.7)."""

from dataclasses import dataclass
from datetime import datetime

from acts.chart import Distribution
from acts.contracts import Language
from acts.paper import Cell, Number, Paper, Table, render_pdf, render_xlsx
from acts.paper_html import render_html

_LINES = (
    ("report.enrolled", 17.0),
    ("report.graded", 17.0),
    ("report.mean", 18.0),
    ("report.median", 18.0),
    ("report.deviation", 22.0),
    ("report.passed", 17.0),
    ("report.incidents", 19.0),
    ("report.acts", 15.0),
)
_BARS = (("report.points", 40.0), ("report.students", 40.0), ("report.expected", 50.0))
_LETTERS = (("report.letter", 40.0), ("report.students", 40.0), ("report.share", 40.0))
_ITEMS = (
    ("report.discipline", 60.0),
    ("report.item", 28.0),
    ("report.answers", 25.0),
    ("report.difficulty", 28.0),
    ("report.discrimination", 32.0),
)


@dataclass(frozen=True, slots=True)
class ReportLine:
    name: str
    enrolled: int
    graded: int
    mean: float | None
    median: float | None
    deviation: float | None
    passed: int
    incidents: int
    acts: int


@dataclass(frozen=True, slots=True)
class ReportItem:
    """An item is named by the end of its id: its text is confidential (T-6.4)."""

    discipline: str
    item: str
    answers: int
    difficulty: float
    discrimination: float | None


@dataclass(frozen=True, slots=True)
class SessionReport:
    """``bars``: (from, to, students, expected); ``curve``: (points, students)."""

    made_at: datetime
    session: str
    overall: ReportLine
    bars: tuple[tuple[int, int, int, float], ...]
    curve: tuple[tuple[float, float], ...]
    letters: tuple[tuple[str, int], ...]
    departments: tuple[ReportLine, ...]
    disciplines: tuple[ReportLine, ...]
    groups: tuple[ReportLine, ...]
    items: tuple[ReportItem, ...]


def render_report_pdf(report: SessionReport, language: Language) -> bytes:
    """The same report and language give the same bytes. Raises DocumentInvalid."""
    return render_pdf(_paper(report), language)


def render_report_xlsx(report: SessionReport, language: Language) -> bytes:
    return render_xlsx(_paper(report), language)


def render_report_html(report: SessionReport, language: Language) -> bytes:
    """The accessible twin. Raises DocumentInvalid."""
    return render_html(_paper(report), language)


def _paper(report: SessionReport) -> Paper:
    overall = report.overall
    bars = tuple((least, most, count) for least, most, count, _ in report.bars)
    return Paper(
        name="report.name",
        made_at=report.made_at,
        landscape=True,
        fields=(
            ("report.session", report.session or None),
            ("report.enrolled", overall.enrolled),
            ("report.graded", overall.graded),
            ("report.mean", _number(overall.mean)),
            ("report.median", _number(overall.median)),
            ("report.deviation", _number(overall.deviation)),
            ("report.passed", overall.passed),
            ("report.incidents", overall.incidents),
            ("report.acts", overall.acts),
        ),
        blocks=(
            Distribution("report.histogram", bars, report.curve),
            Table(_BARS, tuple(_bar(*bar) for bar in report.bars), "report.distribution"),
            Table(_LETTERS, _letters(report), "report.letters"),
            _lines("report.departments", "report.department", report.departments),
            _lines("report.disciplines", "report.discipline", report.disciplines),
            _lines("report.groups", "report.group", report.groups),
            Table(_ITEMS, tuple(_item(item) for item in report.items), "report.items"),
        ),
        signatures=(("statement.registrar", ""),),
    )


def _number(value: float | None, places: int = 2) -> Number | None:
    return None if value is None else Number(value, places)


def _bar(least: int, most: int, count: int, expected: float) -> tuple[Cell, ...]:
    return f"{least}–{most}", count, Number(expected, 1)


def _letters(report: SessionReport) -> tuple[tuple[Cell, ...], ...]:
    total = report.overall.graded
    return tuple(
        (letter, count, Number(100 * count / total, 1) if total else None)
        for letter, count in report.letters
    )


def _lines(caption: str, name: str, lines: tuple[ReportLine, ...]) -> Table:
    rows = tuple(
        (
            line.name,
            line.enrolled,
            line.graded,
            _number(line.mean),
            _number(line.median),
            _number(line.deviation),
            line.passed,
            line.incidents,
            line.acts,
        )
        for line in lines
    )
    return Table(((name, 80.0), *_LINES), rows, caption)


def _item(item: ReportItem) -> tuple[Cell, ...]:
    return (
        item.discipline,
        item.item,
        item.answers,
        Number(item.difficulty),
        _number(item.discrimination),
    )
