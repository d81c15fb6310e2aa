"""An absence within a declared break is allowed; what else happens there is not."""

from dataclasses import replace

import pytest

from analysis.contracts import FlagKind, Severity
from exam_api.services.proctoring_ports import Break, StoredFlag
from exam_api.services.review_rules import is_allowed

MINUTE = 60_000
BREAK = Break(10 * MINUTE, 15 * MINUTE)


def flag(start_ms: int, end_ms: int | None, kind: FlagKind = FlagKind.ABSENCE) -> StoredFlag:
    return StoredFlag(
        id="f",
        sitting_id="s",
        kind=kind,
        severity=Severity.ALERT,
        start_ms=start_ms,
        end_ms=end_ms,
        confidence=1.0,
    )


@pytest.mark.parametrize(
    ("start_min", "end_min", "allowed"),
    [
        (11, 14, True),
        (10, 15, True),
        (9, 14, False),
        (11, 16, False),
        (11, None, False),
        (20, 21, False),
        (2, 3, False),
    ],
)
def test_only_an_absence_that_ends_with_the_break_is_allowed(
    start_min: float, end_min: float | None, allowed: bool
) -> None:
    end_ms = None if end_min is None else int(end_min * MINUTE)
    assert is_allowed(flag(int(start_min * MINUTE), end_ms), [BREAK]) is allowed


def test_while_the_break_lasts_an_absence_may_last() -> None:
    lasting = replace(BREAK, end_ms=None)
    assert is_allowed(flag(11 * MINUTE, None), [lasting])


def test_without_a_break_nothing_is_allowed() -> None:
    assert not is_allowed(flag(11 * MINUTE, 12 * MINUTE), [])


@pytest.mark.parametrize("kind", [kind for kind in FlagKind if kind is not FlagKind.ABSENCE])
def test_a_phone_in_a_break_is_a_phone(kind: FlagKind) -> None:
    assert not is_allowed(flag(11 * MINUTE, 12 * MINUTE, kind), [BREAK])
