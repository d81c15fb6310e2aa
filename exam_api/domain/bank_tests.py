"""A loaded test: what an exam draws from, by topic and difficulty; its check and its deadlines."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from exam_api.domain.errors import ExamNotReady
from exam_api.domain.languages import Language
from exam_api.domain.paper import Paper, PaperItem

NAME_LIMIT: Final = 200
SHARES_LIMIT: Final = 100


class TestState(StrEnum):
    """S-6: what a teacher has loaded the testing centre accepts, or returns with the error."""

    __test__ = False  # no test of pytest's

    LOADED = "loaded"
    ACCEPTED = "accepted"
    RETURNED = "returned"


class ControlType(StrEnum):
    MIDTERM_1 = "midterm_1"
    MIDTERM_2 = "midterm_2"
    EXAM = "exam"


@dataclass(frozen=True, slots=True)
class Drawable:
    """An approved item as the draw sees it."""

    item: PaperItem
    topic_id: str | None = None
    difficulty: int = 2


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` items of a topic and a difficulty; None: of any."""

    count: int
    topic_id: str | None = None
    difficulty: int | None = None

    def fits(self, drawable: Drawable) -> bool:
        return self.topic_id in {None, drawable.topic_id} and self.difficulty in {
            None,
            drawable.difficulty,
        }

    def to_json(self) -> dict[str, Any]:
        return {"count": self.count, "topic": self.topic_id, "difficulty": self.difficulty}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Share":
        return cls(row["count"], row["topic"], row["difficulty"])


@dataclass(frozen=True, slots=True)
class LoadedTest:
    """``discipline_code`` as the teacher wrote it: the testing centre checks it (S-6)."""

    id: str
    discipline_id: str
    discipline_code: str
    name: str
    control: ControlType
    languages: tuple[Language, ...]
    questions: int
    shares: tuple[Share, ...]
    state: TestState
    loaded_by: str
    loaded_at: datetime
    remark: str = ""
    checked_by: str | None = None
    checked_at: datetime | None = None


class TestProblem(StrEnum):
    """What the technical check finds by itself (S-6); a person decides."""

    __test__ = False

    CODE_DIFFERS = "code_differs"
    NAME_MISSING = "name_missing"
    LANGUAGE_MISSING = "language_missing"
    COUNT_DIFFERS = "count_differs"
    EXAM_COUNT_DIFFERS = "exam_count_differs"
    TOO_FEW_ITEMS = "too_few_items"


def problems_of_test(
    test: LoadedTest,
    discipline_code: str,
    bank: Sequence[Drawable],
    exam_questions: int | None,
) -> tuple[TestProblem, ...]:
    """``bank``: approved items complete in the test's languages.

    ``exam_questions``: what the discipline's next exam asks for (T-4.5); None where none is set.
    """
    return tuple(_problems(test, discipline_code, bank, exam_questions))


def _problems(
    test: LoadedTest, discipline_code: str, bank: Sequence[Drawable], exam_questions: int | None
) -> Iterator[TestProblem]:
    if test.discipline_code != discipline_code:
        yield TestProblem.CODE_DIFFERS
    if not test.name.strip():
        yield TestProblem.NAME_MISSING
    if not test.languages:
        yield TestProblem.LANGUAGE_MISSING
    if sum(share.count for share in test.shares) != test.questions:
        yield TestProblem.COUNT_DIFFERS
    if test.control is ControlType.EXAM and exam_questions not in {None, test.questions}:
        yield TestProblem.EXAM_COUNT_DIFFERS
    if len(assigned(bank, test.shares)) < sum(share.count for share in test.shares):
        yield TestProblem.TOO_FEW_ITEMS


def assigned(bank: Sequence[Drawable], shares: Sequence[Share]) -> list[Drawable]:
    """An item for each place of the shares, none twice: as many places as can be filled.

    The bank's order decides between items that fit equally. Places that overlap ("topic A", "any
    hard one") give way to each other (Kuhn's matching), so that what can be filled is filled.
    """
    places = [share for share in shares for _ in range(share.count)]
    holder: dict[int, int] = {}  # item → place

    def seat(place: int, tried: set[int]) -> bool:
        for number, drawable in enumerate(bank):
            if number in tried or not places[place].fits(drawable):
                continue
            tried.add(number)
            if number not in holder or seat(holder[number], tried):
                holder[number] = place
                return True
        return False

    for place in range(len(places)):
        if not seat(place, set()):
            break
    return [bank[number] for number in holder]


# --- deadlines ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BankPolicy:
    """How long before an exam each step is to be done; settings of the server."""

    named_before: timedelta = timedelta(days=14)  # row 2: teachers who may load are named
    approved_before: timedelta = timedelta(days=60)  # S-4: the department approved the items
    loaded_before: timedelta = timedelta(days=2)  # S-4: the test is loaded


class Step(StrEnum):
    NAMED = "named"
    APPROVED = "approved"
    LOADED = "loaded"


@dataclass(frozen=True, slots=True)
class Deadline:
    """``done_at`` is None while the step waits; ``late``: it waits, or was done, past its time."""

    step: Step
    due_at: datetime
    done_at: datetime | None
    late: bool


def deadlines(
    opens_at: datetime,
    done: Mapping[Step, datetime | None],
    now: datetime,
    policy: BankPolicy,
) -> tuple[Deadline, ...]:
    before = {
        Step.NAMED: policy.named_before,
        Step.APPROVED: policy.approved_before,
        Step.LOADED: policy.loaded_before,
    }
    return tuple(
        Deadline(step, due_at := opens_at - before[step], at, (at or now) > due_at)
        for step, at in ((step, done.get(step)) for step in Step)
    )


# --- the draw -------------------------------------------------------------------------------------


def draw_test(bank: Sequence[Drawable], test: LoadedTest, count: int, seed: int) -> Paper:
    """By topic and difficulty (S-4), shuffled. ExamNotReady where the whole bank has too few.

    ``count`` is the exam's (T-4.5) and rules: where the test or its bank gives fewer, others of the
    bank stand in, which the exam's sheet says beforehand (domain.bank_supply).
    """
    if len(bank) < count:
        raise ExamNotReady(f"the bank has {len(bank)} questions, the exam needs {count}")
    chance = random.Random(seed)  # noqa: S311 - order, not a secret; the seed is
    mixed = chance.sample(bank, len(bank))
    chosen = assigned(mixed, test.shares)
    known = {one.item.item_id for one in chosen}
    others = [one for one in mixed if one.item.item_id not in known]
    drawn = [*chance.sample(chosen, len(chosen)), *others][:count]
    order = chance.sample(drawn, len(drawn))
    return Paper(seed, tuple(one.item.shuffled(chance) for one in order), test.id)
