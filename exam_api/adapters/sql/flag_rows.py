"""A flag's row ↔ the value that services work with."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from analysis.contracts import Box, Flag, FlagKind, ModelRef, Severity
from exam_api.adapters.sql.tables import FlagRow
from exam_api.services.proctoring_ports import SecondFinding, SecondLook, StoredFlag, StoredStill


def stored_flag(row: FlagRow) -> StoredFlag:
    return StoredFlag(
        id=row.id,
        sitting_id=row.sitting_id,
        kind=FlagKind(row.kind),
        severity=Severity(row.severity),
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        confidence=row.confidence,
        models=tuple(ModelRef(**model) for model in row.models),
        thresholds=row.thresholds,
        scores=tuple((int(at_ms), float(score)) for at_ms, score in row.scores),
        evidence_key=row.evidence_key,
        evidence_at_ms=row.evidence_at_ms,
        boxes=tuple(_box(box) for box in row.boxes),
        second=_second(row),
        before=tuple(StoredStill(**still) for still in row.before or ()),
    )


def _second(row: FlagRow) -> SecondLook | None:
    if row.second_finding is None or row.second_confidence is None or row.second_at is None:
        return None
    return SecondLook(SecondFinding(row.second_finding), row.second_confidence, row.second_at)


def flag_columns(
    flag: Flag, evidence_key: str | None, before: Sequence[StoredStill]
) -> dict[str, Any]:
    """The columns that follow the analysis while the flag lasts.

    Without new pictures the old ones stay, so their columns are left out.
    """
    columns: dict[str, Any] = {
        "severity": str(flag.severity),
        "end_ms": flag.end_ms,
        "confidence": flag.confidence,
        "models": [asdict(model) for model in flag.models],
        "thresholds": dict(flag.thresholds),
        "scores": [[at_ms, score] for at_ms, score in flag.scores],
    }
    if flag.evidence is not None and evidence_key is not None:
        columns["evidence_key"] = evidence_key
        columns["evidence_at_ms"] = flag.evidence.at_ms
        columns["boxes"] = [_box_json(box) for box in flag.evidence.boxes]
    if before:
        columns["before"] = [asdict(still) for still in before]
    return columns


def _box_json(box: Box) -> dict[str, Any]:
    return {
        "label": box.label,
        "score": box.score,
        "x0": box.x0,
        "y0": box.y0,
        "x1": box.x1,
        "y1": box.y1,
    }


def _box(stored: Mapping[str, Any]) -> Box:
    return Box(**stored)
