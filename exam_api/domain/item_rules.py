"""An item as a teacher writes it, and what must hold before it may be put before a student."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from exam_api.domain.errors import ExamError
from exam_api.domain.items import (
    FULL,
    Body,
    ChoiceKey,
    ItemKind,
    Key,
    MatchingKey,
    NumberKey,
    Option,
    OrderingKey,
    TextKey,
)
from exam_api.domain.languages import LANGUAGES, Language, Texts

RESPONSE_LIMIT: Final = 500  # domain.responses: a longer one could not be typed
TEXT_LIMIT: Final = 10_000
CHOICES_LIMIT: Final = 50
ANSWERS_LIMIT: Final = 50
TOPIC_LIMIT: Final = 200
# What neither a database nor XML takes; line breaks and tabs are letters of a text.
CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
DIFFICULTIES: Final = (1, 2, 3)  # easy, medium, hard


@dataclass(frozen=True, slots=True)
class Problem:
    """``place``: stem, choice 2, target 1, answer 3 …; ``code`` is translated at the edge."""

    place: str
    code: str


class ItemInvalid(ExamError):
    """Nothing was saved; ``problems`` say where."""

    code = "item_invalid"
    status = 422

    def __init__(self, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__("; ".join(f"{one.place}: {one.code}" for one in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class ItemContent:
    """``topic`` is its name within the discipline, "" for none."""

    kind: ItemKind
    body: Body
    key: Key
    topic: str = ""
    difficulty: int = 2

    @property
    def languages(self) -> tuple[Language, ...]:
        return tuple(language for language in LANGUAGES if language in self.body.stem)


_KEYS: Final[Mapping[ItemKind, type[Key]]] = {
    ItemKind.SINGLE: ChoiceKey,
    ItemKind.MULTIPLE: ChoiceKey,
    ItemKind.MATCHING: MatchingKey,
    ItemKind.TEXT: TextKey,
    ItemKind.NUMBER: NumberKey,
    ItemKind.ORDERING: OrderingKey,
}


def problems_of(content: ItemContent) -> tuple[Problem, ...]:
    """Everything that is wrong, in the order of the form; empty where the item may be used."""
    return tuple(_problems(content))


def require_valid(content: ItemContent) -> None:
    """ItemInvalid."""
    if found := problems_of(content):
        raise ItemInvalid(found)


def _problems(content: ItemContent) -> Iterator[Problem]:
    body = content.body
    if not isinstance(content.key, _KEYS[content.kind]):
        yield Problem("answer", "key_of_another_kind")
        return
    if not content.languages:
        yield Problem("stem", "text_missing")
    yield from _text_problems("stem", body.stem, content.languages)
    for name, options in (("choice", body.choices), ("target", body.targets)):
        if len(options) > CHOICES_LIMIT:
            yield Problem(name, "too_many")
        for number, option in enumerate(options, 1):
            yield from _text_problems(f"{name} {number}", option.text, content.languages)
        yield from _alike(name, options)
    yield from _key_problems(content)
    if len(content.topic) > TOPIC_LIMIT:
        yield Problem("topic", "too_long")
    if CONTROL.search(content.topic):
        yield Problem("topic", "control_letters")
    if content.difficulty not in DIFFICULTIES:
        yield Problem("difficulty", "difficulty_unknown")


def _text_problems(place: str, texts: Texts, languages: tuple[Language, ...]) -> Iterator[Problem]:
    """Each text in the languages of the question, none of them empty."""
    if set(texts) != set(languages):
        yield Problem(place, "language_missing")
    for text in texts.values():
        if not text.strip():
            yield Problem(place, "text_missing")
        if len(text) > TEXT_LIMIT:
            yield Problem(place, "too_long")
        if CONTROL.search(text):
            yield Problem(place, "control_letters")


def _alike(name: str, options: tuple[Option, ...]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], int] = {}
    for number, option in enumerate(options, 1):
        for language, text in option.text.items():
            if seen.setdefault((language, text.strip()), number) != number:
                yield Problem(f"{name} {number}", "same_text")
                break


def _key_problems(content: ItemContent) -> Iterator[Problem]:
    match content.key:
        case ChoiceKey():
            yield from _choice_problems(content.kind, content.body, content.key)
        case MatchingKey():
            yield from _matching_problems(content.body, content.key)
        case TextKey() | NumberKey():
            yield from _answer_problems(content.key)
        case OrderingKey():
            if len(content.body.choices) < 2:
                yield Problem("choice", "too_few")
            if sorted(content.key.order) != sorted(one.id for one in content.body.choices):
                yield Problem("answer", "unknown_part")


def _choice_problems(kind: ItemKind, body: Body, key: ChoiceKey) -> Iterator[Problem]:
    if len(body.choices) < 2:
        yield Problem("choice", "too_few")
    if not set(key.weights) <= {one.id for one in body.choices}:
        yield Problem("answer", "unknown_part")
    if any(not -FULL <= weight <= FULL for weight in key.weights.values()):
        yield Problem("answer", "weight_out_of_range")
    positive = [weight for weight in key.weights.values() if weight > 0]
    # Thirds and sevenths, cut to millionths, add up to a little less than the whole.
    enough = FULL in positive if kind is ItemKind.SINGLE else FULL - sum(positive) <= len(positive)
    if not positive or not enough:
        yield Problem("answer", "no_right_choice")


def _matching_problems(body: Body, key: MatchingKey) -> Iterator[Problem]:
    if len(body.choices) < 2 or len(body.targets) < 2:
        yield Problem("choice", "too_few")
    if set(key.pairs) != {one.id for one in body.choices}:
        yield Problem("answer", "pair_missing")
    if not set(key.pairs.values()) <= {one.id for one in body.targets}:
        yield Problem("answer", "unknown_part")


def _answer_problems(key: TextKey | NumberKey) -> Iterator[Problem]:
    weights = [one.weight for one in key.answers]
    if FULL not in weights:
        yield Problem("answer", "no_right_answer")
    if len(weights) > ANSWERS_LIMIT:
        yield Problem("answer", "too_many")
    for number, weight in enumerate(weights, 1):
        if not 0 <= weight <= FULL:
            yield Problem(f"answer {number}", "weight_out_of_range")
    yield from _number_problems(key) if isinstance(key, NumberKey) else _written_problems(key)


def _number_problems(key: NumberKey) -> Iterator[Problem]:
    for number, one in enumerate(key.answers, 1):
        if not one.value.is_finite() or not one.tolerance.is_finite():
            yield Problem(f"answer {number}", "no_number")
        elif one.tolerance < 0:
            yield Problem(f"answer {number}", "tolerance_negative")


def _written_problems(key: TextKey) -> Iterator[Problem]:
    for number, one in enumerate(key.answers, 1):
        if not one.text.strip():
            yield Problem(f"answer {number}", "text_missing")
        if CONTROL.search(one.text):
            yield Problem(f"answer {number}", "control_letters")
        if len(one.text) > RESPONSE_LIMIT:
            yield Problem(f"answer {number}", "too_long")
