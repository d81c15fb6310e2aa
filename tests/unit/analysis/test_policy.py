"""The default policy: every kind is mapped, every rule consistent."""

import pytest

from analysis.contracts import FlagKind, Severity
from analysis.detectors.registry import DETECTORS
from analysis.policy import DEFAULT_POLICY, FORM1_ITEM, KindPolicy
from analysis.rules import SequentialRule, WindowRule

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
