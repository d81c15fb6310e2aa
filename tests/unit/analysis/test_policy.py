"""The default policy: every kind is mapped, every rule consistent."""

import pytest

from analysis.contracts import FlagKind, FlagPhase, Severity
from analysis.detectors.registry import DETECTORS
from analysis.policy import DEFAULT_POLICY, FORM1_ITEM, KindPolicy
from analysis.rules import RuleState, SequentialRule, WindowRule, step

ITEMS = {
    "phone",
    "cheat_sheet",
    "electronic_means",
    "other_screen",
    "leaving_seat",
    "conversation",
}


def test_every_kind_is_mapped_and_every_item_of_form_1_is_supported() -> None:
    assert set(FORM1_ITEM) == set(FlagKind)
    assert {item for item in FORM1_ITEM.values() if item} == ITEMS


def test_technical_kinds_tick_no_item() -> None:
    """Nor does who sits there: that is the subject of form 3."""
    for kind, own in DEFAULT_POLICY.without(FlagKind.IDENTITY_MISMATCH).kinds.items():
        assert (own.severity is Severity.TECHNICAL) == (FORM1_ITEM[kind] is None)


@pytest.mark.parametrize("own", DEFAULT_POLICY.kinds.values(), ids=list(DEFAULT_POLICY.kinds))
def test_rules_are_consistent(own: KindPolicy) -> None:
    timing, rule = own.rule.timing, own.rule
    assert 0 < timing.enter_ms <= timing.leave_ms
    assert set(own.detectors) <= DETECTORS.keys()
    if isinstance(rule, WindowRule):
        assert 0 < rule.off < rule.on <= 1
        # the median must be able to cross before the entry time is over
        assert rule.window_ms / 2 <= rule.timing.enter_ms
    else:
        assert isinstance(rule, SequentialRule)
        assert rule.p0 < rule.p1
        assert rule.down < 0 < rule.up
        assert rule.open_at <= rule.cap


def test_an_accommodation_removes_a_kind_and_nothing_else() -> None:
    excused = DEFAULT_POLICY.without(FlagKind.ABSENCE)
    assert set(DEFAULT_POLICY.kinds) - set(excused.kinds) == {FlagKind.ABSENCE}
    assert FlagKind.ABSENCE in DEFAULT_POLICY.kinds


SELDOM = pytest.mark.parametrize("step_ms", [2000, 2500], ids=["0.5 fps", "key frames"])
EVERY = pytest.mark.parametrize("kind", DEFAULT_POLICY.kinds)


def opened(own: KindPolicy, votes: list[tuple[int, float]]) -> list[tuple[int, int]]:
    """When a flag was opened, and from when on it counts."""
    state, found = RuleState(), []
    for at_ms, score in votes:
        state, changes = step(own.rule, state, at_ms, score)
        found += [(at_ms, one.start_ms) for one in changes if one.phase is FlagPhase.OPENED]
    return found


@SELDOM
@EVERY
@pytest.mark.parametrize("late_ms", [(0,), (0, 60, -40), (0, 350, 100)], ids=["even", "a", "b"])
def test_every_kind_opens_however_few_frames_an_overloaded_machine_looks_at(
    kind: FlagKind, step_ms: int, late_ms: tuple[int, ...]
) -> None:
    own = DEFAULT_POLICY.kinds[kind]
    times = [index * step_ms + late_ms[index % len(late_ms)] for index in range(60)]
    votes = [(at_ms, float(60_000 <= at_ms < 110_000)) for at_ms in times]
    ((at_ms, start_ms),) = opened(own, votes)
    assert 0 <= start_ms - 60_000 <= step_ms + max(late_ms)
    fewest = own.rule.min_votes if isinstance(own.rule, WindowRule) else 3
    assert at_ms - start_ms <= max(own.rule.timing.enter_ms, fewest * step_ms) + step_ms


@SELDOM
@pytest.mark.parametrize("kind", sorted(set(DEFAULT_POLICY.kinds) - {FlagKind.FOCUS_LOST}))
def test_few_frames_do_not_make_a_flag_of_one_or_two(kind: FlagKind, step_ms: int) -> None:
    """Two frames may be wrong together, however long a time lies between them.

    The page's own word is no detector that errs.
    """
    own = DEFAULT_POLICY.kinds[kind]
    votes = [(index * step_ms, float(index % 12 in (5, 6))) for index in range(60)]
    assert opened(own, votes) == []
