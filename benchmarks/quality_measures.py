"""What is right, late, missed and false: pure functions over labels and flags, with intervals."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

TOLERANCE_S = 2.0  # a flag this near to a labelled event still means it
Z = 1.96  # 95 % intervals


@dataclass(frozen=True, slots=True)
class Event:
    """A labelled truth, in seconds of the clip."""

    kind: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Claim:
    """A flag. ``told_s``: the frame at which it opened, so when a proctor could see it.

    ``judged_s``: at which it was more than a first sign; None where it ended as one.
    """

    kind: str
    start_s: float
    end_s: float
    told_s: float
    judged_s: float | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one kind. ``delays``: from an event's start to its flag's opening, in seconds.

    ``judged``: to its being more than a first sign. ``signs``: of the false ones, those never more.
    ``fragments``: further flags of an event that has one already; neither right nor false.
    """

    events: int
    met: int
    false: int
    fragments: int
    delays: tuple[float, ...]
    judged: tuple[float, ...] = ()
    signs: int = 0

    def plus(self, other: "Tally") -> "Tally":
        return Tally(
            self.events + other.events,
            self.met + other.met,
            self.false + other.false,
            self.fragments + other.fragments,
            self.delays + other.delays,
            self.judged + other.judged,
            self.signs + other.signs,
        )


NOTHING = Tally(0, 0, 0, 0, ())


def near(event: Event, claim: Claim) -> bool:
    """A flag told before the event began was about something else, however long it lasted."""
    late = claim.start_s > event.end_s + TOLERANCE_S
    early = claim.told_s < event.start_s or claim.end_s < event.start_s - TOLERANCE_S
    return event.kind == claim.kind and not late and not early


def tallied(events: Iterable[Event], claims: Iterable[Claim]) -> dict[str, Tally]:
    """An event is met once, by the first flag near it."""
    found: dict[str, Tally] = {}
    waiting, met = list(events), list[Event]()
    for event in waiting:
        one = Tally(1, 0, 0, 0, ())
        found[event.kind] = found.get(event.kind, NOTHING).plus(one)
    for claim in sorted(claims, key=lambda one: one.told_s):
        hit = next((one for one in waiting if near(one, claim)), None)
        if hit is not None:
            waiting.remove(hit)
            met.append(hit)
            judged = () if claim.judged_s is None else (max(0.0, claim.judged_s - hit.start_s),)
            one = Tally(0, 1, 0, 0, (max(0.0, claim.told_s - hit.start_s),), judged)
        else:
            again = any(near(one, claim) for one in met)
            sign = not again and claim.judged_s is None
            one = Tally(0, 0, int(not again), int(again), (), signs=int(sign))
        found[claim.kind] = found.get(claim.kind, NOTHING).plus(one)
    return found


def merged(tallies: Iterable[Mapping[str, Tally]]) -> dict[str, Tally]:
    total: dict[str, Tally] = {}
    for tally in tallies:
        for kind, one in tally.items():
            total[kind] = total.get(kind, NOTHING).plus(one)
    return total


def wilson(hits: int, of: int) -> tuple[float, float] | None:
    """95 % interval of a share; None of nothing."""
    if of == 0:
        return None
    share, spread = hits / of, Z * Z / of
    middle = share + spread / 2
    half = Z * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    low, high = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
    return max(0.0, low), min(1.0, high)


def most_likely_below(count: int) -> float:
    """Upper end of the 95 % interval of a Poisson count (Wilson-Hilferty)."""
    more = count + 1
    return more * (1 - 1 / (9 * more) + Z / (3 * math.sqrt(more))) ** 3


def share_json(hits: int, of: int) -> dict[str, object]:
    interval = wilson(hits, of)
    return {
        "share": round(hits / of, 3) if of else None,
        "interval_95": interval and [round(end, 3) for end in interval],
        "of": of,
    }


def percentile(values: Sequence[float], share: float) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)], 2)


def tally_json(tally: Tally) -> dict[str, object]:
    """Keys as the project's numbers are named; null where there was nothing to divide by."""
    right = share_json(tally.met, tally.met + tally.false)
    found = share_json(tally.met, tally.events)
    delays = tally.delays
    return {
        "events": tally.events,
        "precision": right["share"],
        "precision_interval_95": right["interval_95"],
        "recall": found["share"],
        "recall_interval_95": found["interval_95"],
        "false_flags": tally.false,
        "fragments": tally.fragments,
        "delay_p50_s": round(statistics.median(delays), 2) if delays else None,
        "delay_p95_s": percentile(delays, 0.95),
        "more_than_a_sign": share_json(len(tally.judged), tally.met)["share"],
        "judged_p50_s": percentile(tally.judged, 0.5),
        "judged_p95_s": percentile(tally.judged, 0.95),
    }


def threshold_at(scores_without: Sequence[float], false_share: float) -> float:
    """The lowest score that at most this share of the pictures without the thing reaches."""
    ordered = sorted(scores_without, reverse=True)
    allowed = math.floor(false_share * len(ordered))
    return math.nextafter(ordered[allowed], 1.0) if ordered else 0.0
