"""How far two people agree beyond chance: Cohen's kappa of pairs of verdicts."""

from collections.abc import Sequence


def cohens_kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """From -1 to 1. None where chance alone explains all: no pairs, or one verdict throughout."""
    if not pairs:
        return None
    n = len(pairs)
    observed = sum(first == second for first, second in pairs) / n
    first_yes = sum(first for first, _ in pairs) / n
    second_yes = sum(second for _, second in pairs) / n
    by_chance = first_yes * second_yes + (1 - first_yes) * (1 - second_yes)
    if by_chance == 1:
        return None
    return (observed - by_chance) / (1 - by_chance)
