r"""An item of the test bank: what a student may see of it, and, apart from that, what is right.

Texts are plain, with two marks: ``\(…\)`` holds a formula (TeX), ``![words](name)`` a picture
of the item. Nothing else has a meaning, so no text can become markup.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal

from exam_api.domain.languages import Texts

FULL: Final = 1_000_000
"""The whole mark of an item, in the unit of weights: 33.33333 % = 333,333."""

MARKS: Final = re.compile(
    r"\\\((?P<tex>.+?)\\\)"
    r"|!\[(?P<words>[^\[\]]*)\]\((?P<name>[0-9a-f]{32}\.(?:png|jpg|gif|webp))\)",
    re.DOTALL,
)


class ItemKind(StrEnum):
    """Stored codes, translated only at the edge."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    MATCHING = "matching"
    TEXT = "text"
    NUMBER = "number"
    ORDERING = "ordering"


class ItemState(StrEnum):
    """S-4: the head of the department approves; only approved items are drawn."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Option:
    """``id`` is drawn at random: neither it nor its order tells what is right."""

    id: str
    text: Texts


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as a picture: SVG text, and its size in CSS pixels beside 16 px letters."""

    svg: str
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Body:
    """What may leave. ``choices``: of matching the left sides, of ordering what is to be ordered.

    ``targets``: the right sides of matching, more than there are pairs where some fit nothing.
    ``shuffle``: false where the order of the choices has a meaning ("none of the above").
    """

    stem: Texts
    choices: tuple[Option, ...] = ()
    targets: tuple[Option, ...] = ()
    shuffle: bool = True
    formulas: Mapping[str, Formula] = field(default_factory=dict)

    def texts(self) -> Iterator[str]:
        for texts in (self.stem, *(option.text for option in (*self.choices, *self.targets))):
            yield from texts.values()


# --- what is right --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceKey:
    """Single and multiple choice: choice → its weight; those not named weigh nothing.

    ``partial``: false where only exactly the right choices count.
    """

    kind: Literal["choice"] = "choice"
    weights: Mapping[str, int]
    partial: bool = True

    @property
    def right(self) -> frozenset[str]:
        return frozenset(ref for ref, weight in self.weights.items() if weight > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingKey:
    """Left side → right side."""

    kind: Literal["matching"] = "matching"
    pairs: Mapping[str, str]
    partial: bool = True


@dataclass(frozen=True, slots=True)
class TextAnswer:
    text: str
    weight: int = FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class TextKey:
    """``yo_is_ye``: ё counts as е.

    ``plain_kazakh``: ә ғ қ ң ө ұ ү һ і count as а г к н о у у х и, for those who sit at a keyboard
    without Kazakh letters.
    """

    kind: Literal["text"] = "text"
    answers: tuple[TextAnswer, ...]
    match_case: bool = False
    yo_is_ye: bool = True
    plain_kazakh: bool = False


@dataclass(frozen=True, slots=True)
class NumberAnswer:
    """``tolerance`` is a distance or, where ``relative``, a share of ``value``; ends included."""

    value: Decimal
    tolerance: Decimal = Decimal(0)
    relative: bool = False
    weight: int = FULL

    def covers(self, number: Decimal) -> bool:
        reach = self.tolerance * abs(self.value) if self.relative else self.tolerance
        return abs(number - self.value) <= reach


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberKey:
    kind: Literal["number"] = "number"
    answers: tuple[NumberAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderingKey:
    kind: Literal["ordering"] = "ordering"
    order: tuple[str, ...]
    partial: bool = True


Key = ChoiceKey | MatchingKey | TextKey | NumberKey | OrderingKey


# How people name an item to each other: the last eight digits of its id, which are random.
SHORT_CODE: Final = re.compile(r"[0-9a-fA-F]{8}")


def short_code(item_id: str) -> str:
    return item_id[-8:]


def even_weights(right: int, wrong: int) -> tuple[int, int]:
    """What a right and a wrong choice weigh where nobody said otherwise.

    Each of the right ones an equal share; each wrong one takes its share of the whole away, so
    that ticking everything gives nothing.
    """
    return FULL // right, -(FULL // wrong) if wrong else 0


def new_option_id(taken: set[str]) -> str:
    """Eight hex digits, new within the item; ``taken`` learns it."""
    while (found := secrets.token_hex(4)) in taken:
        pass
    taken.add(found)
    return found


# --- texts ----------------------------------------------------------------------------------------


def formulas_in(text: str) -> list[str]:
    return [mark["tex"].strip() for mark in MARKS.finditer(text) if mark["tex"] is not None]


def pictures_in(text: str) -> list[str]:
    return [mark["name"] for mark in MARKS.finditer(text) if mark["name"] is not None]
