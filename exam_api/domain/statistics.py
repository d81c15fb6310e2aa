"""What the results of a session say, for the academic council (T-6.6, T-6.7): pure numbers."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exam_api.domain.grading import GRADES

BIN: Final = 10  # points a bar of the histogram covers
_STEP: Final = 2  # points between two places of the normal curve


@dataclass(frozen=True, slots=True)
class Summary:
    """``deviation``: the standard deviation of all students (not of a sample of them)."""

    count: int
    mean: float | None = None
    median: float | None = None
    deviation: float | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """Students from ``least`` points up to and with ``most``; ``expected``: by the normal curve."""

    least: int
    most: int
    count: int
    expected: float


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """``difficulty``: the mean share of the mark, 0…1: the higher, the easier.

    ``discrimination``: the point-biserial correlation of the item with the rest of the test;
    None where everybody earned the same, on the item or on the rest.
    """

    answers: int
    difficulty: float
    discrimination: float | None


def summary(points: Sequence[int]) -> Summary:
    if not points:
        return Summary(0)
    return Summary(
        len(points),
        statistics.fmean(points),
        statistics.median(points),
        statistics.pstdev(points),
    )


def letters(given: Iterable[str]) -> Mapping[str, int]:
    """How many students have each letter, best first; those that nobody has are there too."""
    counted = Counter(given)
    return {grade.letter: counted[grade.letter] for grade in GRADES}


def histogram(points: Sequence[int]) -> tuple[Bar, ...]:
    """Bars of ten points, the last with 100; beside each what the normal curve expects."""
    found = summary(points)
    counted = Counter(min(each // BIN, 100 // BIN - 1) for each in points)
    bars = []
    for place in range(100 // BIN):
        least = place * BIN
        most = 100 if place == 100 // BIN - 1 else least + BIN - 1
        bars.append(Bar(least, most, counted[place], _expected(found, least, most)))
    return tuple(bars)


def _expected(found: Summary, least: int, most: int) -> float:
    if not found.deviation or found.mean is None:
        return 0.0
    below = _below(found, least - 0.5 if least else -math.inf)
    upto = _below(found, most + 0.5 if most < 100 else math.inf)
    return found.count * (upto - below)


def _below(found: Summary, points: float) -> float:
    assert found.mean is not None
    assert found.deviation
    return 0.5 * (1 + math.erf((points - found.mean) / (found.deviation * math.sqrt(2))))


def normal_curve(points: Sequence[int]) -> tuple[tuple[float, float], ...]:
    """(points, students a bar): the curve of the same mean and deviation; empty without one."""
    found = summary(points)
    if not found.deviation or found.mean is None:
        return ()
    top = found.count * BIN / (found.deviation * math.sqrt(2 * math.pi))
    return tuple(
        (float(x), top * math.exp(-0.5 * ((x - found.mean) / found.deviation) ** 2))
        for x in range(0, 101, _STEP)
    )


def item_figures(credits_of: Mapping[str, Mapping[str, int]]) -> Mapping[str, ItemFigures]:
    """By item. ``credits_of``: sitting → item → hundredths of the mark that it earned."""
    totals = {sitting: sum(earned.values()) for sitting, earned in credits_of.items()}
    pairs: dict[str, list[tuple[int, int]]] = {}
    for sitting, earned in credits_of.items():
        for item, hundredths in earned.items():
            pairs.setdefault(item, []).append((hundredths, totals[sitting] - hundredths))
    return {item: _figures(found) for item, found in pairs.items()}


def _figures(pairs: Sequence[tuple[int, int]]) -> ItemFigures:
    own, rest = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    varies = len(set(own)) > 1 and len(set(rest)) > 1
    correlation = statistics.correlation(own, rest) if varies else None
    return ItemFigures(len(pairs), statistics.fmean(own) / 100, correlation)
