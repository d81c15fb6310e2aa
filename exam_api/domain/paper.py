"""A sitting's paper: which questions, in which order, with which order of choices."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exam_api.domain.errors import ExamNotReady


@dataclass(frozen=True, slots=True)
class PaperItem:
    item_id: str
    choice_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """Drawn once, stored with its seed: a refresh shows the same order again."""

    seed: int
    items: tuple[PaperItem, ...]

    def item(self, item_id: str) -> PaperItem | None:
        return next((item for item in self.items if item.item_id == item_id), None)

    def to_json(self) -> dict[str, Any]:
        items = [{"item": item.item_id, "choices": list(item.choice_ids)} for item in self.items]
        return {"seed": self.seed, "items": items}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Paper":
        items = tuple(PaperItem(row["item"], tuple(row["choices"])) for row in stored["items"])
        return cls(stored["seed"], items)


def draw(bank: Sequence[PaperItem], count: int, seed: int) -> Paper:
    """``count`` questions of the bank (T-4.5), shuffled, their choices too. ExamNotReady.

    The bank must come in a stable order: the same seed then gives the same paper.
    """
    if len(bank) < count:
        raise ExamNotReady(f"the test has {len(bank)} questions, the exam needs {count}")
    chance = random.Random(seed)  # noqa: S311 - order, not a secret; the seed is
    chosen = chance.sample(bank, count)
    items = tuple(
        PaperItem(item.item_id, tuple(chance.sample(item.choice_ids, len(item.choice_ids))))
        for item in chosen
    )
    return Paper(seed, items)
