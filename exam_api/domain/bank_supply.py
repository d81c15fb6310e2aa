"""What the bank holds for one exam: whether it has items enough, and a test accepted for it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from exam_api.domain.bank_tests import Drawable, LoadedTest, assigned
from exam_api.domain.conflicts import ConflictKind
from exam_api.domain.paper import PaperItem


@dataclass(frozen=True, slots=True)
class ItemGroup:
    """``count`` approved items that a draw cannot tell apart. ``approved_at``: of them all."""

    topic_id: str | None
    difficulty: int
    languages: frozenset[str]
    approved_at: datetime | None
    count: int


@dataclass(frozen=True, slots=True)
class Supply:
    """``approved_at``, ``loaded_at``: when that step was done for this exam; None: it waits (S-4).

    ``lacks``: what the exam's sheet says (T-4.5, S-6).
    """

    approved_at: datetime | None
    loaded_at: datetime | None
    lacks: tuple[ConflictKind, ...]


def supply_of(
    questions: int,
    tests: Sequence[LoadedTest],
    groups: Sequence[ItemGroup],
    since: datetime | None,
) -> Supply:
    """``tests``: accepted, newest first. ``since``: the end of the discipline's session before."""
    test = test_for(tests, questions)
    of_now = [one for one in tests if since is None or one.loaded_at > since]
    own = [one.loaded_at for one in of_now if one.questions == questions]
    return Supply(
        approved_at=_approved_at(questions, groups),
        loaded_at=min(own, default=None),
        lacks=tuple(_lacks(questions, test, groups, of_now)),
    )


def test_for(tests: Sequence[LoadedTest], questions: int) -> LoadedTest | None:
    """What an exam draws from: the newest test of as many questions, else the newest at all."""
    return next((one for one in tests if one.questions == questions), next(iter(tests), None))


def _approved_at(questions: int, groups: Sequence[ItemGroup]) -> datetime | None:
    """When the bank had as many approved items as the exam asks for."""
    dated = [(one.approved_at, one.count) for one in groups if one.approved_at]
    held = sum(one.count for one in groups if one.approved_at is None)
    for at, count in sorted(dated):
        held += count
        if held >= questions:
            return at
    return None


def _lacks(
    questions: int,
    test: LoadedTest | None,
    groups: Sequence[ItemGroup],
    of_now: Collection[LoadedTest],
) -> Iterator[ConflictKind]:
    if test not in of_now:
        yield ConflictKind.NO_TEST
    if test is not None and test.questions != questions:
        yield ConflictKind.TEST_COUNT
    languages = set(test.languages) if test else set()
    whole = [one for one in groups if languages <= one.languages]
    shares = test.shares if test else ()
    bank = _sample(whole, max(questions, sum(share.count for share in shares)))
    filled = len(assigned(bank, shares)) == sum(share.count for share in shares)
    if len(bank) < questions or not filled:
        yield ConflictKind.TOO_FEW_ITEMS


def _sample(groups: Sequence[ItemGroup], most: int) -> list[Drawable]:
    """Items of which only topic and difficulty are known, of each group as many as can matter."""
    unknown = PaperItem("")
    return [
        Drawable(unknown, one.topic_id, one.difficulty)
        for one in groups
        for _ in range(min(one.count, most))
    ]
