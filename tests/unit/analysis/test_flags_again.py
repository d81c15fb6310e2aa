"""What is stored with a flag is enough to reach its opening again: scores and the rule's numbers.

The evidence package carries both, so that an appeal can repeat the decision without the server.
"""

import pytest

from analysis.contracts import Flag, FlagKind, FlagPhase, ModelRef, Severity
from analysis.offline import flag_json
from analysis.policy import DEFAULT_POLICY
from analysis.rules import Rule, RuleState, SequentialRule, Timing, WindowRule, numbers, step

TIMING = ("enter_ms", "leave_ms", "cool_ms", "max_gap_ms", "longest_ms", "alert_ms")
RULES = {kind: one.rule for kind, one in DEFAULT_POLICY.kinds.items()}


def _from_numbers(stored: dict[str, float]) -> Rule:
    rest = dict(stored)
    timing = Timing(**{name: int(rest.pop(name)) for name in TIMING})
    return SequentialRule(timing, **rest) if "rho" in rest else WindowRule(timing, **rest)


def _opened(rule: Rule, votes) -> tuple[tuple[int, float], ...] | None:
    """The scores that a flag keeps when it opens."""
    state = RuleState()
    for at_ms, score in votes:
        state, changes = step(rule, state, at_ms, score)
        for change in changes:
            if change.phase is FlagPhase.OPENED:
                return change.scores
    return None


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("fps", [1, 2, 5])
def test_a_flag_opens_again_from_what_is_stored_with_it(kind, fps):
    rule = RULES[kind]
    step_ms = 1000 // fps
    calm = [(at_ms, 0.0) for at_ms in range(0, 30_000, step_ms)]
    seen = [
        (at_ms, 1.0 if at_ms // step_ms % 5 else 0.0) for at_ms in range(30_000, 90_000, step_ms)
    ]
    kept = _opened(rule, calm + seen)
    assert kept is not None
    before = (kept[0][0] - step_ms, 0.0)  # weighs the first score; out of the window by the last
    assert _opened(_from_numbers(dict(numbers(rule))), [before, *kept]) is not None


def test_a_flag_without_a_picture_tells_its_models_and_limits_in_the_file_too():
    flag = Flag(
        kind=FlagKind.ANALYSIS_LOST,
        severity=Severity.TECHNICAL,
        start_ms=1000,
        end_ms=2000,
        confidence=1.0,
        models=(ModelRef("voice", "1", "0" * 64),),
        thresholds={"enter_ms": 3000.0},
        scores=(),
        evidence=None,
    )
    told = flag_json(flag)
    assert told["evidence"] is None
    assert (told["models"], told["thresholds"]) == (["voice"], {"enter_ms": 3000.0})
