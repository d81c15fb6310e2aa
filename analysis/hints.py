"""First signs: what may become a flag, told before its rule's entry time has passed (ADR 0019).

A flag waits for two to three seconds of evidence, so that a pen picked up is no absence. Whoever
watches may look at the student meanwhile. A hint is no flag: it is kept nowhere, and of what does
not last nothing is left.
"""

from typing import Final

from analysis.contracts import FlagKind
from analysis.rules import Rule, RuleState, SequentialRule, beginning, supports

# What is over in seconds. A glance aside or a word of a sister in the next room is none of it.
HINTED: Final = frozenset({FlagKind.ABSENCE, FlagKind.EXTRA_FACE, FlagKind.PHONE})
LASTS_MS: Final = 400  # two votes of the calm pace
HOLDS_MS: Final = 1000  # after the last vote for it, so that one that misses it does not blink
ENOUGH: Final = 0.6  # of the evidence that opens a sequential rule's flag


def hinted(rule: Rule, state: RuleState) -> bool:
    """Whether votes speak for a flag that is not open yet."""
    votes = state.votes
    last_ms = next((vote.at_ms for vote in reversed(votes) if supports(rule, vote.score)), None)
    if state.ongoing is not None or last_ms is None or votes[-1].at_ms - last_ms > HOLDS_MS:
        return False
    if isinstance(rule, SequentialRule):
        return state.evidence >= ENOUGH * rule.open_at
    return last_ms - beginning(rule, votes) >= LASTS_MS
