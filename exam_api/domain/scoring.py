"""What an answer earns: one pure function for each kind of item, by rules that are written down.

The rules are in docs/scoring.md, word for word; an appeal is decided by them. A credit is a share
of the item's one mark in whole hundredths, so that the credits a student sees add up to the score.
"""

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise

from exam_api.domain.items import (
    FULL,
    ChoiceKey,
    Key,
    MatchingKey,
    NumberKey,
    OrderingKey,
    TextKey,
)
from exam_api.domain.responses import (
    MatchingResponse,
    MultipleResponse,
    NumberResponse,
    OrderingResponse,
    Response,
    SingleResponse,
    TextResponse,
)
from exam_api.domain.written import comparable, number_of

HUNDREDTHS = 100


def credit(key: Key, response: Response | None) -> int:
    """Hundredths of the item's mark, 0 to 100. No answer, or one of another kind, earns nothing."""
    share = Fraction(0)
    match key, response:
        case ChoiceKey(), SingleResponse():
            share = Fraction(key.weights.get(response.choice, 0), FULL)
        case ChoiceKey(), MultipleResponse():
            share = _chosen(key, frozenset(response.choices))
        case MatchingKey(), MatchingResponse():
            share = _matched(key, response.pairs)
        case TextKey(), TextResponse():
            share = _written(key, response.text)
        case NumberKey(), NumberResponse():
            share = _measured(key, response.text)
        case OrderingKey(), OrderingResponse():
            share = _ordered(key, response.order)
    return _hundredths(share)


def _hundredths(share: Fraction) -> int:
    """Within 0 and 1, halves up. Three thirds of 333,333 millionths are the whole mark."""
    within = min(max(share, Fraction(0)), Fraction(1))
    return int(within * HUNDREDTHS + Fraction(1, 2))


def _chosen(key: ChoiceKey, chosen: frozenset[str]) -> Fraction:
    if not key.partial:
        return Fraction(chosen == key.right)
    return Fraction(sum(key.weights.get(ref, 0) for ref in chosen), FULL)


def _matched(key: MatchingKey, pairs: Mapping[str, str]) -> Fraction:
    right = sum(pairs.get(left) == target for left, target in key.pairs.items())
    return _share(right, len(key.pairs), partial=key.partial)


def _written(key: TextKey, text: str) -> Fraction:
    given = comparable(text, key)
    weights = [one.weight for one in key.answers if comparable(one.text, key) == given]
    return Fraction(max(weights, default=0), FULL) if given else Fraction(0)


def _measured(key: NumberKey, text: str) -> Fraction:
    number = number_of(text)
    if number is None:
        return Fraction(0)
    weights = [one.weight for one in key.answers if one.covers(number)]
    return Fraction(max(weights, default=0), FULL)


def _ordered(key: OrderingKey, order: tuple[str, ...]) -> Fraction:
    """Steps that are directly followed by the step that ought to follow them."""
    wanted = list(pairwise(key.order))
    given = set(pairwise(order))
    return _share(sum(pair in given for pair in wanted), len(wanted), partial=key.partial)


def _share(right: int, all_of_them: int, *, partial: bool) -> Fraction:
    return Fraction(right, all_of_them) if partial else Fraction(right == all_of_them)
