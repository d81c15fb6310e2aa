"""Items put together from what the readers found, the same way for every format."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from exam_api.domain.item_rules import ItemContent, problems_of
from exam_api.domain.items import (
    FULL,
    Body,
    ChoiceKey,
    ItemKind,
    MatchingKey,
    NumberAnswer,
    NumberKey,
    Option,
    OrderingKey,
    TextAnswer,
    TextKey,
    new_option_id,
)
from exam_api.domain.languages import Texts
from exam_api.domain.written import number_of
from exam_api.services.interchange import ITEMS_LIMIT, FileRefused, ItemRefused, ReadItem, Refusal


def checked(content: ItemContent) -> ItemContent:
    """ItemRefused where our own rules would not have it."""
    for problem in problems_of(content):
        raise ItemRefused(f"problem.{problem.code}", problem.place)
    return content


def collected(
    places: Sequence[tuple[str, Callable[[], ReadItem | None]]],
) -> tuple[tuple[ReadItem, ...], tuple[Refusal, ...]]:
    """Every item read, or refused with its reason; None is no item (a category)."""
    if len(places) > ITEMS_LIMIT:
        raise FileRefused("too_many_items")
    items: list[ReadItem] = []
    refused: list[Refusal] = []
    for place, read in places:
        try:
            if (item := read()) is not None:
                items.append(item)
        except ItemRefused as refusal:
            refused.append(Refusal(place, refusal.reason, refusal.about))
    return tuple(items), tuple(refused)


def choice_item(
    kind: ItemKind,
    stem: Texts,
    choices: Sequence[tuple[Texts, int]],
    *,
    shuffle: bool = True,
    partial: bool = True,
) -> ItemContent:
    taken: set[str] = set()
    options = tuple(Option(new_option_id(taken), texts) for texts, _ in choices)
    weights = {option.id: weight for option, (_, weight) in zip(options, choices, strict=True)}
    body = Body(stem, options, shuffle=shuffle)
    return checked(ItemContent(kind, body, ChoiceKey(weights=weights, partial=partial)))


def matching_item(
    stem: Texts,
    pairs: Sequence[tuple[Texts | None, Texts]],
    *,
    shuffle: bool = True,
    partial: bool = True,
) -> ItemContent:
    """A pair without a left side offers a right side that fits nothing."""
    taken: set[str] = set()
    targets: dict[str, Option] = {}
    lefts: dict[str, tuple[Option, str]] = {}
    for left, right in pairs:
        name = repr(sorted(right.items()))
        target = targets.setdefault(name, Option(new_option_id(taken), right))
        if left is not None:
            option = Option(new_option_id(taken), left)
            lefts[option.id] = (option, target.id)
    body = Body(
        stem, tuple(one for one, _ in lefts.values()), tuple(targets.values()), shuffle=shuffle
    )
    key = MatchingKey(pairs={ref: to for ref, (_, to) in lefts.items()}, partial=partial)
    return checked(ItemContent(ItemKind.MATCHING, body, key))


def ordering_item(stem: Texts, steps: Sequence[Texts], *, partial: bool = True) -> ItemContent:
    taken: set[str] = set()
    options = tuple(Option(new_option_id(taken), texts) for texts in steps)
    key = OrderingKey(order=tuple(option.id for option in options), partial=partial)
    return checked(ItemContent(ItemKind.ORDERING, Body(stem, options), key))


def text_item(stem: Texts, answers: Sequence[tuple[str, int]], **settings: bool) -> ItemContent:
    key = TextKey(
        answers=tuple(TextAnswer(text, weight) for text, weight in answers),
        match_case=settings.get("match_case", False),
        yo_is_ye=settings.get("yo_is_ye", True),
        plain_kazakh=settings.get("plain_kazakh", False),
    )
    return checked(ItemContent(ItemKind.TEXT, Body(stem), key))


def number_item(stem: Texts, answers: Sequence[NumberAnswer]) -> ItemContent:
    return checked(ItemContent(ItemKind.NUMBER, Body(stem), NumberKey(answers=tuple(answers))))


def number(text: str) -> Decimal:
    """ItemRefused where it is none."""
    found = number_of(text)
    if found is None:
        raise ItemRefused("no_number", text)
    return found


def weight_of(percent: str) -> int:
    """Percent as written (33.33333) → millionths."""
    exact = number(percent) * (FULL // 100)
    weight = int(exact.to_integral_value()) if abs(exact) <= 2 * FULL else 2 * FULL
    if abs(weight) > FULL:
        raise ItemRefused("problem.weight_out_of_range", percent)
    return weight


def percent_of(weight: int) -> str:
    return format((Decimal(weight) / (FULL // 100)).normalize(), "f")


def texts_by_id(options: Sequence[Option]) -> Mapping[str, Texts]:
    return {option.id: option.text for option in options}
