"""A sitting's paper: which items, in which order, with which order of their parts."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exam_api.domain.errors import ExamNotReady
from exam_api.domain.items import Body, ItemKind
from exam_api.domain.responses import (
    MatchingResponse,
    MultipleResponse,
    OrderingResponse,
    Response,
    SingleResponse,
)


@dataclass(frozen=True, slots=True)
class PaperItem:
    """``choice_ids``: choices, left sides, or what is to be ordered; ``target_ids``: right sides.

    ``fixed``: the choices keep their order.
    """

    item_id: str
    choice_ids: tuple[str, ...] = ()
    kind: ItemKind = ItemKind.SINGLE
    target_ids: tuple[str, ...] = ()
    fixed: bool = False

    @classmethod
    def of(cls, item_id: str, kind: ItemKind, body: Body) -> "PaperItem":
        choices = tuple(option.id for option in body.choices)
        targets = tuple(option.id for option in body.targets)
        # The stored order of what is to be ordered is the answer: never shown as it is.
        fixed = not body.shuffle and kind is not ItemKind.ORDERING
        return cls(item_id, choices, kind, targets, fixed)

    def takes(self, response: Response) -> bool:
        """Whether the answer is one to this item: of its kind, and of its parts only."""
        if response.kind != self.kind:
            return False
        match response:
            case SingleResponse():
                return response.choice in self.choice_ids
            case MultipleResponse():
                return set(response.choices) <= set(self.choice_ids)
            case MatchingResponse():
                sides = set(response.pairs), set(response.pairs.values())
                return sides[0] <= set(self.choice_ids) and sides[1] <= set(self.target_ids)
            case OrderingResponse():
                return not response.order or sorted(response.order) == sorted(self.choice_ids)
        return True

    def shuffled(self, chance: random.Random) -> "PaperItem":
        choices, targets = self.choice_ids, self.target_ids
        if not self.fixed:
            choices = tuple(chance.sample(choices, len(choices)))
        targets = tuple(chance.sample(targets, len(targets)))
        return PaperItem(self.item_id, choices, self.kind, targets, self.fixed)

    def to_json(self) -> dict[str, Any]:
        return {
            "item": self.item_id,
            "kind": self.kind.value,
            "choices": list(self.choice_ids),
            "targets": list(self.target_ids),
            "fixed": self.fixed,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "PaperItem":
        """Papers of the time when every item was a single choice name no kind."""
        return cls(
            row["item"],
            tuple(row["choices"]),
            ItemKind(row.get("kind", ItemKind.SINGLE)),
            tuple(row.get("targets", ())),
            row.get("fixed", False),
        )


@dataclass(frozen=True, slots=True)
class Paper:
    """Drawn once, stored with its seed: a refresh shows the same order again.

    ``test_id``: the loaded test that it was drawn from; None: the whole bank of the discipline.
    """

    seed: int
    items: tuple[PaperItem, ...]
    test_id: str | None = None

    def item(self, item_id: str) -> PaperItem | None:
        return next((item for item in self.items if item.item_id == item_id), None)

    def position(self, item_id: str) -> int:
        """Counts from 1, as the student saw it. The item is one of the paper's."""
        return [item.item_id for item in self.items].index(item_id) + 1

    def to_json(self) -> dict[str, Any]:
        items = [item.to_json() for item in self.items]
        return {"seed": self.seed, "test": self.test_id, "items": items}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Paper":
        items = tuple(PaperItem.from_json(row) for row in stored["items"])
        return cls(stored["seed"], items, stored.get("test"))


def draw(bank: Sequence[PaperItem], count: int, seed: int) -> Paper:
    """``count`` items of the bank (T-4.5), shuffled, their parts too. ExamNotReady.

    The bank must come in a stable order: the same seed then gives the same paper.
    """
    if len(bank) < count:
        raise ExamNotReady(f"the test has {len(bank)} questions, the exam needs {count}")
    chance = random.Random(seed)  # noqa: S311 - order, not a secret; the seed is
    chosen = chance.sample(bank, count)
    return Paper(seed, tuple(item.shuffled(chance) for item in chosen))
