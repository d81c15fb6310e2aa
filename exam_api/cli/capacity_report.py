"""What a capacity run found: numbers for a program, words for a person."""

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from exam_api.cli.terminal import say, text

_BUCKET: Final = re.compile(r'^baqylau_flag_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)
_ENOUGH: Final = 0.99  # on record, of the time that was to be recorded


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds."""

    p50: float
    p95: float
    count: int


@dataclass(frozen=True, slots=True)
class Machine:
    """``load_before``: how many other processes wanted a core before anything was started.

    ``generator_lag_ms``: how late the load generator itself was; much of it spoils the latencies.
    """

    cores: int
    load_before: float
    generator_lag_ms: Spread | None


@dataclass(frozen=True, slots=True)
class Capacity:
    """Null where it cannot be seen: cost of a server elsewhere, flags where none was raised.

    ``relief``: what the server did without at worst (``capture.contracts.Relief``).
    """

    sessions: int
    seconds: float
    cpu_pct_per_session: float | None
    cpu_pct: float | None
    mb_per_session: float | None
    mb_idle: float | None
    coverage: float | None
    worst_coverage: float | None
    frames_dropped_pct: float | None
    relief: str | None
    first_live_ms: Spread | None
    reconnect_ms: Spread | None
    answer_ms: Spread | None
    health_ms: Spread | None
    flag_ms: Spread | None
    failures: int
    machine: Machine

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def spread(seconds: Sequence[float | None]) -> Spread | None:
    known = sorted(1000 * one for one in seconds if one is not None)
    if not known:
        return None
    p95 = known[min(len(known) - 1, int(0.95 * len(known)))]
    return Spread(round(statistics.median(known), 1), round(p95, 1), len(known))


def metric(page: str, name: str) -> float | None:
    """A figure without labels of a metrics page."""
    found = re.search(rf"^{name} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else None


def flag_delays(before: str, after: str) -> Spread | None:
    """From two metrics pages; a quantile is its bucket's upper edge, so never better than true."""
    counts = {
        edge: after_n - _buckets(before).get(edge, 0) for edge, after_n in _buckets(after).items()
    }
    total = counts.get(float("inf"), 0)
    if not total:
        return None

    def quantile(share: float) -> float:
        return next(edge for edge, count in sorted(counts.items()) if count >= share * total)

    return Spread(1000 * quantile(0.5), 1000 * quantile(0.95), round(total))


def _buckets(page: str) -> Mapping[float, float]:
    return {float(edge): float(count) for edge, count in _BUCKET.findall(page)}


def tell(found: Capacity) -> None:
    """The summary in words."""
    say(text("capacity.summary", sessions=found.sessions, seconds=round(found.seconds)))
    if found.cpu_pct_per_session is not None and found.mb_per_session is not None:
        say(
            text(
                "capacity.cost",
                cpu=found.cpu_pct_per_session,
                total=found.cpu_pct,
                cores=found.machine.cores,
                mb=found.mb_per_session,
                idle=found.mb_idle,
            )
        )
    else:
        say(text("capacity.cost_unknown"))
    if found.coverage is not None and found.worst_coverage is not None:
        say(text("capacity.coverage", mean=100 * found.coverage, worst=100 * found.worst_coverage))
    if found.frames_dropped_pct is not None:
        say(text("capacity.dropped", pct=found.frames_dropped_pct))
    if found.relief not in {None, "nothing"}:
        say(text(f"capacity.relief.{found.relief}"))
    for name in ("first_live", "reconnect", "answer", "health", "flag"):
        measured: Spread | None = getattr(found, f"{name}_ms")
        if measured is not None:
            say(text(f"capacity.{name}", p50=measured.p50, p95=measured.p95, n=measured.count))
    lag = found.machine.generator_lag_ms
    say(
        text(
            "capacity.machine",
            cores=found.machine.cores,
            load=found.machine.load_before,
            lag=lag.p95 if lag else 0.0,
        )
    )
    say(text(_verdict(found), failures=found.failures))


def _verdict(found: Capacity) -> str:
    if found.failures:
        return "capacity.failed"
    if found.worst_coverage is not None and found.worst_coverage < _ENOUGH:
        return "capacity.too_much"
    if found.relief not in {None, "nothing"}:
        return "capacity.relieved"
    return "capacity.fine"
