"""Session statistics by department, discipline and group, on a page and as the council's report."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, Protocol
from zoneinfo import ZoneInfo

from acts.contracts import Language
from acts.session_report import ReportItem, ReportLine, SessionReport
from exam_api.domain.errors import Forbidden
from exam_api.domain.items import short_code
from exam_api.domain.languages import Texts
from exam_api.domain.roles import Actor, Role
from exam_api.domain.statistics import (
    Bar,
    ItemFigures,
    Summary,
    histogram,
    item_figures,
    letters,
    normal_curve,
    summary,
)
from exam_api.services.ports import Clock

READERS: Final = frozenset(
    {
        Role.REGISTRAR,
        Role.TESTING_CENTRE,
        Role.ADMINISTRATOR,
        Role.DEAN_OFFICE,
        Role.DEPARTMENT_HEAD,
        Role.TEACHER,
    }
)
Dimension = Literal["department", "discipline", "group"]
DIMENSIONS: Final[tuple[Dimension, ...]] = ("department", "discipline", "group")
Render = Callable[[SessionReport, Language], bytes]


@dataclass(frozen=True, slots=True)
class Period:
    id: str
    title: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Outcome:
    """One enrolled student in one exam. ``points``: of the exam; None where there are none.

    ``letter``: of the final grade, as the statement has it; empty where there is none.
    ``discipline_code`` tells disciplines of one title apart.
    """

    sitting_id: str | None
    discipline_id: str
    discipline_code: str
    discipline: Texts
    department_id: str | None
    department: Texts | None
    group: str
    state: str
    points: int | None
    letter: str
    pass_points: int
    incidents: int
    acts: int


@dataclass(frozen=True, slots=True)
class Line:
    """A department, discipline or group."""

    name: str
    enrolled: int
    figures: Summary
    passed: int
    incidents: int
    acts: int


@dataclass(frozen=True, slots=True)
class ItemLine:
    discipline: str
    item: str
    kind: str
    figures: ItemFigures


@dataclass(frozen=True, slots=True)
class SessionFigures:
    period: Period | None
    overall: Line
    bars: tuple[Bar, ...]
    curve: tuple[tuple[float, float], ...]
    letters: Mapping[str, int]  # of final grades; all other figures are of exam points
    lines: Mapping[str, tuple[Line, ...]]
    items: tuple[ItemLine, ...]


class StatisticsRows(Protocol):
    """Every query asks for the actor: a dean's office counts the students of its own faculty."""

    async def periods(self) -> Sequence[Period]:
        """Newest first."""
        ...

    async def outcomes(self, actor: Actor, period_id: str | None) -> Sequence[Outcome]: ...
    async def credits(self, sitting_ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """Sitting → item → hundredths."""
        ...

    async def item_kinds(self, item_ids: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Item → (discipline, kind)."""
        ...


class StatisticsUnit(Protocol):
    @property
    def statistics(self) -> StatisticsRows: ...


class StatisticsUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[StatisticsUnit]: ...


class SessionStatistics:
    def __init__(
        self,
        units: StatisticsUnits,
        clock: Clock,
        renders: Mapping[str, Render],
        zone: ZoneInfo,
    ) -> None:
        self._units = units
        self._clock = clock
        self._renders = renders
        self._zone = zone

    async def periods(self, actor: Actor) -> tuple[Period, ...]:
        _require_reader(actor)
        async with self._units.read() as unit:
            return tuple(await unit.statistics.periods())

    async def figures(
        self, actor: Actor, period_id: str | None, language: Language
    ) -> SessionFigures:
        """Of one session, or of everything. Forbidden."""
        _require_reader(actor)
        async with self._units.read() as unit:
            rows = unit.statistics
            periods = {period.id: period for period in await rows.periods()}
            found = await rows.outcomes(actor, period_id)
            graded = [one.sitting_id for one in found if one.sitting_id and one.points is not None]
            figures = item_figures(await rows.credits(graded))
            kinds = await rows.item_kinds(list(figures))
        names = _names(found, "discipline", language)
        points = [one.points for one in found if one.points is not None]
        return SessionFigures(
            period=periods.get(period_id or ""),
            overall=_line("", found),
            bars=histogram(points),
            curve=normal_curve(points),
            letters=letters(one.letter for one in found),
            lines={by: _lines(found, by, language) for by in DIMENSIONS},
            items=_items(figures, kinds, names),
        )

    async def report(
        self, actor: Actor, period_id: str | None, language: Language, kind: str
    ) -> bytes:
        """T-6.7: for the academic council. ``kind``: pdf, xlsx or html."""
        figures = await self.figures(actor, period_id, language)
        made_at = self._clock.now().astimezone(self._zone).replace(microsecond=0)
        document = SessionReport(
            made_at=made_at,
            session=figures.period.title if figures.period else "",
            overall=_report_line(figures.overall),
            bars=tuple((bar.least, bar.most, bar.count, bar.expected) for bar in figures.bars),
            curve=figures.curve,
            letters=tuple(figures.letters.items()),
            departments=tuple(map(_report_line, figures.lines["department"])),
            disciplines=tuple(map(_report_line, figures.lines["discipline"])),
            groups=tuple(map(_report_line, figures.lines["group"])),
            items=tuple(_report_item(item) for item in figures.items),
        )
        return self._renders[kind](document, language)


def _lines(found: Sequence[Outcome], by: Dimension, language: Language) -> tuple[Line, ...]:
    grouped: dict[str, list[Outcome]] = {}
    for one in found:
        grouped.setdefault(_place(one, by, language).key, []).append(one)
    names = _names(found, by, language)
    ordered = sorted(grouped, key=lambda key: (names[key], key))
    return tuple(_line(names[key], grouped[key]) for key in ordered)


def _line(name: str, rows: Sequence[Outcome]) -> Line:
    graded = [(one.points, one.pass_points) for one in rows if one.points is not None]
    return Line(
        name=name,
        enrolled=len(rows),
        figures=summary([points for points, _ in graded]),
        passed=sum(points >= least for points, least in graded),
        incidents=sum(one.incidents for one in rows),
        acts=sum(one.acts for one in rows),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """What a student is counted under. ``mark``: told with the name where others have it too."""

    key: str
    name: str
    mark: str = ""


def _place(one: Outcome, by: Dimension, language: Language) -> _Place:
    if by == "discipline":
        return _Place(one.discipline_id, one.discipline[language], one.discipline_code)
    if by == "group":
        return _Place(one.group, one.group or "—")
    if one.department is None:
        return _Place("", "—")
    # The Kazakh name is its own in the whole university, its translations need not be.
    return _Place(one.department_id or "", one.department[language], one.department["kk"])


def _names(found: Sequence[Outcome], by: Dimension, language: Language) -> Mapping[str, str]:
    """Key of a place → its name, each another one."""
    places = {(place := _place(one, by, language)).key: place for one in found}
    shared = Counter(place.name for place in places.values())
    return {
        key: f"{place.name} ({place.mark})" if place.mark and shared[place.name] > 1 else place.name
        for key, place in places.items()
    }


def _items(
    figures: Mapping[str, ItemFigures],
    kinds: Mapping[str, tuple[str, str]],
    names: Mapping[str, str],
) -> tuple[ItemLine, ...]:
    """Hardest first within a discipline; an item is named by its id only (T-6.4)."""
    lines = [
        ItemLine(names.get(kinds[item][0], ""), short_code(item), kinds[item][1], found)
        for item, found in figures.items()
        if item in kinds
    ]
    return tuple(sorted(lines, key=lambda one: (one.discipline, one.figures.difficulty, one.item)))


def _report_line(line: Line) -> ReportLine:
    figures = line.figures
    return ReportLine(
        line.name,
        line.enrolled,
        figures.count,
        figures.mean,
        figures.median,
        figures.deviation,
        line.passed,
        line.incidents,
        line.acts,
    )


def _report_item(line: ItemLine) -> ReportItem:
    figures = line.figures
    return ReportItem(
        line.discipline, line.item, figures.answers, figures.difficulty, figures.discrimination
    )


def _require_reader(actor: Actor) -> None:
    if not actor.has(*READERS):
        raise Forbidden
