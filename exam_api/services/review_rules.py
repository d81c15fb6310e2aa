"""Pure rules of reviewing: the verdict that counts, how much is on record, how urgent a tile is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from analysis.contracts import AnalysedStretch, FlagKind, Severity
from analysis.policy import FORM1_ITEM
from capture.contracts import Recording
from exam_api.domain.sitting import Sitting
from exam_api.services.proctoring_ports import (
    Break,
    SecondFinding,
    SittingTimes,
    StoredDecision,
    StoredFlag,
    Verdict,
)

_WEIGHT: Final = {
    Severity.ALERT: 1.0,
    Severity.NOTICE: 0.4,
    Severity.TECHNICAL: 0.2,
    Severity.SIGN: 0.1,
}
# Standing up and sitting down again: the rule for absence looks back over some seconds.
_BREAK_EDGE_MS: Final = 5_000
_DOUBTED: Final = 0.4
_LASTING: Final = 2.0  # a flag that still lasts is the one to look at now


def newest(decisions: Iterable[StoredDecision]) -> Mapping[str, StoredDecision]:
    """By flag: the verdict that counts. ``decisions`` come oldest first."""
    return {decision.flag_id: decision for decision in decisions}


def confirmed(
    flags: Iterable[StoredFlag], decisions: Iterable[StoredDecision]
) -> list[tuple[StoredFlag, StoredDecision]]:
    counts = newest(decisions)
    return [
        (flag, counts[flag.id])
        for flag in flags
        if flag.id in counts and counts[flag.id].verdict is Verdict.CONFIRMED
    ]


def grounds(
    flags: Iterable[StoredFlag], decisions: Iterable[StoredDecision]
) -> list[tuple[StoredFlag, StoredDecision]]:
    """What form 1 is made of: nothing, unless a confirmed flag supports one of its items.

    A technical flag is no breach of T-4.8, and a face that is not the student's is form 3's, drawn
    up by a commission (S-12): alone they would make an act with no box ticked. Beside a breach
    they stand in its annex.
    """
    found = confirmed(flags, decisions)
    return found if any(FORM1_ITEM.get(flag.kind) for flag, _ in found) else []


def analysed_fps(stretches: Iterable[AnalysedStretch]) -> float | None:
    """Frames a second while the analysis ran; None where nothing was counted."""
    counted = [one for one in stretches if one.end_ms > one.start_ms]
    if not counted:
        return None
    steps = sum(one.frames - 1 for one in counted)
    return round(steps * 1000 / sum(one.end_ms - one.start_ms for one in counted), 2)


def risk(flags: Iterable[StoredFlag], decisions: Iterable[StoredDecision]) -> float:
    """Orders the console's tiles: weight of the flags that nobody has decided yet."""
    decided = newest(decisions)
    return round(
        sum(
            _WEIGHT[flag.severity] * (_LASTING if flag.end_ms is None else 1.0) * _trust(flag)
            for flag in flags
            if flag.id not in decided
        ),
        2,
    )


def _trust(flag: StoredFlag) -> float:
    """Less urgent, never gone: what the second look did not see again."""
    doubted = flag.second is not None and flag.second.finding is SecondFinding.DOUBTED
    return _DOUBTED if doubted else 1.0


def is_allowed(flag: StoredFlag, breaks: Sequence[Break]) -> bool:
    """Nobody before the camera during a declared break is no breach, as long as it ends with it."""
    if flag.kind is not FlagKind.ABSENCE:
        return False
    return any(
        one.start_ms - _BREAK_EDGE_MS <= flag.start_ms
        and (
            one.end_ms is None
            or (flag.end_ms is not None and flag.end_ms <= one.end_ms + _BREAK_EDGE_MS)
        )
        for one in breaks
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the test is on record (S-13): as the server received it, and as the student's
    computer supplied it afterwards.
    """  # noqa: D205 - one thought

    recorded_ms: int
    exam_ms: int
    supplied_ms: int = 0

    @property
    def ratio(self) -> float | None:
        on_record = self.recorded_ms + self.supplied_ms
        return min(1.0, on_record / self.exam_ms) if self.exam_ms else None


def times_of(sitting: Sitting) -> SittingTimes:
    return SittingTimes(
        id=sitting.id,
        exam_id=sitting.exam_id,
        origin=sitting.origin,
        began_at=sitting.began_at,
        finished_at=sitting.finished_at,
    )


def coverage(
    times: SittingTimes, recording: Recording, recorded_until_ms: int, now_ms: int
) -> Coverage:
    """Counts only what was recorded between the beginning and the end of the test."""
    began_ms = times.at_ms(times.began_at)
    if began_ms is None:
        return Coverage(0, 0)
    finished_ms = times.at_ms(times.finished_at)
    until_ms = now_ms if finished_ms is None else finished_ms
    test = (began_ms, until_ms)
    return Coverage(
        recorded_ms=_within(test, _spans(recording, recorded_until_ms)),
        exam_ms=max(0, until_ms - began_ms),
        supplied_ms=_within(test, [(one.start_ms, one.end_ms) for one in recording.supplied]),
    )


def _within(test: tuple[int, int], spans: Iterable[tuple[int, int]]) -> int:
    """Segments never overlap, and what was supplied lies in the gaps: a sum is enough."""
    began_ms, until_ms = test
    return sum(max(0, min(end, until_ms) - max(start, began_ms)) for start, end in spans)


def _spans(recording: Recording, recorded_until_ms: int) -> list[tuple[int, int]]:
    """Closed segments, and the open one: it began where the last segment or gap ended."""
    spans = [(segment.start_ms, segment.end_ms) for segment in recording.segments]
    ends = [end for _, end in spans] + [gap.end_ms for gap in recording.gaps]
    open_from = max(ends, default=0)
    if recorded_until_ms > open_from:
        spans.append((open_from, recorded_until_ms))
    return spans
