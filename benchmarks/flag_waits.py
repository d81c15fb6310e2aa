"""What waiting buys: how soon a phone is an alert, and how often wrongly, by how long it lasts.

    uv run python -m benchmarks.flag_waits --json [--quick]

The phone's own rule in virtual time, with its policy's hit rates. Errors come in runs of random
length, 1.5 s in the mean, on both sides: a badge that looks like a phone, a hand that hides one.
Runs that last are harder than what is met on clips: compare the lines, do not take the rates for
those of real rooms. ``first_hit`` is the earliest that anything could be said at all,
``first_sign`` the flag as it opens, which nobody has to decide on (ADR 0019).
"""

import argparse
import json
import random
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from analysis.contracts import FlagKind, FlagPhase
from analysis.policy import DEFAULT_POLICY
from analysis.rules import RuleState, SequentialRule, step

RUN_S = 1.5
IN_RUNS = 0.8  # share of the errors that come in runs
CALM_EVERY_S, SUSPECTED_EVERY_S, SUSPECTED_S = 0.5, 0.2, 5.0  # as the schedule samples
SHOWN_S = 15.0
SOON_S = 2.0
ALERTS_MS = (0, 1500, 2000, 2500, 3000, 4000)
SEED = 1


def phone_rule() -> SequentialRule:
    rule = DEFAULT_POLICY.kinds[FlagKind.PHONE].rule
    assert isinstance(rule, SequentialRule)
    return rule


class Runs:
    """Errors of one sort: on for a while, off for a while. Asked in order of time."""

    def __init__(self, share: float, rng: random.Random) -> None:
        self._rng = rng
        self._mean_s = {True: RUN_S, False: RUN_S * (1 - share) / share}
        self._on = rng.random() < share
        self._until_s = rng.expovariate(1 / self._mean_s[self._on])

    def at(self, now_s: float) -> bool:
        while self._until_s <= now_s:
            self._on = not self._on
            self._until_s += self._rng.expovariate(1 / self._mean_s[self._on])
        return self._on


@dataclass(frozen=True, slots=True)
class Told:
    """When flags opened, when they became alerts, and when the detector hit: s of the sitting."""

    signs_s: tuple[float, ...]
    alerts_s: tuple[float, ...]
    hits_s: tuple[float, ...]


def sitting(rule: SequentialRule, lasts_s: float, shown_from_s: float, rng: random.Random) -> Told:
    """A sitting in which a phone is shown from a moment on (never, where that is past its end)."""
    look_alike = Runs(rule.p0 * IN_RUNS / rule.p1, rng)
    missed = (1 - rule.p1) * IN_RUNS
    hidden = Runs(missed, rng)
    state, signs, alerts, hits = RuleState(), list[float](), list[float](), list[float]()
    alerted = False
    now_s, suspected_until_s = rng.random() * CALM_EVERY_S, 0.0
    while now_s < lasts_s:
        if now_s >= shown_from_s:
            chance = 0.0 if hidden.at(now_s) else rule.p1 / (1 - missed)
        else:
            chance = rule.p1 if look_alike.at(now_s) else rule.p0 * (1 - IN_RUNS)
        hit = rng.random() < chance
        state, changes = step(rule, state, round(now_s * 1000), float(hit))
        for change in changes:
            if change.phase is FlagPhase.OPENED:
                signs.append(now_s)
                alerted = False
            if not change.brief and not alerted:
                alerts.append(now_s)
                alerted = True
        if hit:
            hits.append(now_s)
            suspected_until_s = now_s + SUSPECTED_S
        now_s += SUSPECTED_EVERY_S if now_s < suspected_until_s else CALM_EVERY_S
    return Told(tuple(signs), tuple(alerts), tuple(hits))


@dataclass(frozen=True, slots=True)
class Waits:
    """Of a phone that is shown: seconds to the first hit, the sign, the alert; inf where none."""

    hit_s: float
    sign_s: float
    alert_s: float


def delays(rule: SequentialRule, events: int) -> Iterator[Waits]:
    rng = random.Random(SEED)
    for _ in range(events):
        told = sitting(rule, SHOWN_S, 0.0, rng)  # no errors before it that its flag could rest on
        found = (told.hits_s, told.signs_s, told.alerts_s)
        yield Waits(*(next(iter(times), float("inf")) for times in found))


def summary(waits_s: list[float]) -> dict[str, float]:
    soon = sum(wait <= SOON_S for wait in waits_s) / len(waits_s)
    return {"p50_s": round(statistics.median(waits_s), 2), "within_2_s": round(soon, 3)}


def measure(events: int, hours: float) -> Mapping[str, object]:
    policy = phone_rule()
    rules = {ms: replace(policy, timing=replace(policy.timing, alert_ms=ms)) for ms in ALERTS_MS}
    by_alert: dict[str, dict[str, float]] = {}
    for alert_ms, rule in rules.items():
        calm = sitting(rule, hours * 3600, float("inf"), random.Random(SEED))
        shown = list(delays(rule, events))
        waits = [one.alert_s for one in shown]
        rate = {"false_per_hour": round(len(calm.alerts_s) / hours, 2)}
        by_alert[str(alert_ms)] = summary(waits) | rate
    # How soon a flag opens does not hang on when it becomes an alert: any of the lines tells it.
    rate = {"false_per_hour": round(len(calm.signs_s) / hours, 2)}
    return {
        "policy": {"enter_ms": policy.timing.enter_ms, "alert_ms": policy.timing.alert_ms},
        "events": events,
        "hours": hours,
        "by_alert_ms": by_alert,
        "first_sign": summary([one.sign_s for one in shown]) | rate,
        "first_hit": summary([one.hit_s for one in shown]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object (the default)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the events and hours")
    options = parser.parse_args()
    found = measure(50, 2.0) if options.quick else measure(500, 20.0)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
