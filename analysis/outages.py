"""What was not watched for: a technical flag from the first detector's failure to the last's end.

Whatever failed is named by its models. Nothing is claimed about that time: it has no votes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from analysis.contracts import Flag, FlagKind, FlagPhase, ModelRef, Severity

Told = tuple[FlagPhase, Flag]
Models = tuple[ModelRef, ...]


def lost(start_ms: int, models: Models) -> Flag:
    return Flag(
        kind=FlagKind.ANALYSIS_LOST,
        severity=Severity.TECHNICAL,
        start_ms=start_ms,
        end_ms=None,
        confidence=1.0,
        models=models,
        thresholds={},
        scores=(),
        evidence=None,
    )


class Outages:
    """One sitting's. ``since``: the flag of a gap that is already told, which this one ends."""

    def __init__(self, since: Flag | None = None) -> None:
        self._open = since
        self._until_ms = since.start_ms if since is not None else 0

    def see(self, at_ms: int, out: Mapping[str, Models]) -> list[Told]:
        """Detector → its models, of those that do not work in this frame."""
        self._until_ms = at_ms
        if not out:
            return self.finish()
        models = _named(ref for refs in out.values() for ref in refs)
        if self._open is None:
            self._open = lost(at_ms, models)
            return [(FlagPhase.OPENED, self._open)]
        more = _named((*self._open.models, *models))
        if more == self._open.models:
            return []
        self._open = replace(self._open, models=more)
        return [(FlagPhase.UPDATED, self._open)]

    def finish(self) -> list[Told]:
        if self._open is None:
            return []
        closing = replace(self._open, end_ms=self._until_ms)
        self._open = None
        return [(FlagPhase.CLOSED, closing)]


def _named(refs: Iterable[ModelRef]) -> Models:
    return tuple(dict.fromkeys(refs))
