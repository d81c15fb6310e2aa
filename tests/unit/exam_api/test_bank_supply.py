"""What the bank lacks for an exam is known beforehand, and done means done for that exam."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from exam_api.domain import bank_supply
from exam_api.domain.bank_supply import ItemGroup, Supply, supply_of
from exam_api.domain.bank_tests import ControlType, LoadedTest, Share, TestState
from exam_api.domain.conflicts import ConflictKind

drawn_from = bank_supply.test_for
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
DAY = timedelta(days=1)
TEST = LoadedTest(
    id="t",
    discipline_id="d",
    discipline_code="X1",
    name="Тест",
    control=ControlType.EXAM,
    languages=("kk", "ru"),
    questions=25,
    shares=(Share(25),),
    state=TestState.ACCEPTED,
    loaded_by="u",
    loaded_at=NOW,
)


def group(
    count: int, at: datetime | None = NOW, topic: str = "a", said: str = "kk ru"
) -> ItemGroup:
    return ItemGroup(topic, 2, frozenset(said.split()), at, count)


def lacks(*tests: LoadedTest, items: tuple[ItemGroup, ...] = (group(40),), **more) -> list[str]:
    return list(supply_of(more.get("questions", 25), tests, items, more.get("since")).lacks)


def test_an_exam_with_its_test_and_items_enough_lacks_nothing() -> None:
    assert supply_of(25, [TEST], [group(25)], None) == Supply(NOW, NOW, ())


def test_a_test_of_another_number_is_told_of_and_is_not_loaded_for_this_exam() -> None:
    found = supply_of(40, [TEST], [group(40)], None)
    assert found.lacks == (ConflictKind.TEST_COUNT,)
    assert found.loaded_at is None
    assert lacks(TEST, questions=40) == [ConflictKind.TEST_COUNT]


def test_the_test_of_the_exam_s_number_is_drawn_from_before_a_newer_one() -> None:
    newer = replace(TEST, id="n", questions=40, shares=(Share(40),), loaded_at=NOW + DAY)
    assert drawn_from([newer, TEST], 25) == TEST
    assert drawn_from([newer, TEST], 30) == newer
    assert lacks(newer, TEST) == []


def test_without_a_test_for_this_session_the_sheet_says_so() -> None:
    assert lacks() == [ConflictKind.NO_TEST]
    assert lacks(TEST, since=NOW + DAY) == [ConflictKind.NO_TEST], "it was last session's"
    assert supply_of(25, [TEST], [group(25)], NOW + DAY).loaded_at is None
    assert lacks(TEST, since=NOW - DAY) == []


@pytest.mark.parametrize(
    "items",
    [
        (group(24),),
        (group(20), group(40, said="kk")),
        (group(5, topic="b"), group(5)),
    ],
    ids=["too few", "not in its languages", "altogether"],
)
def test_too_few_items_are_told_of(items) -> None:
    assert lacks(TEST, items=items) == [ConflictKind.TOO_FEW_ITEMS]


def test_places_of_a_topic_that_its_items_do_not_fill_are_told_of() -> None:
    hard = replace(TEST, shares=(Share(20, "a"), Share(5, "b")))
    assert lacks(hard, items=(group(40), group(4, topic="b"))) == [ConflictKind.TOO_FEW_ITEMS]
    assert lacks(hard, items=(group(40), group(5, topic="b"))) == []


def test_items_are_approved_once_there_are_as_many_as_the_exam_asks() -> None:
    """S-4: not with the first one."""
    early, late = group(1, NOW), group(24, NOW + DAY)
    assert supply_of(25, [], [early], None).approved_at is None
    assert supply_of(25, [], [late, early], None).approved_at == NOW + DAY
    assert supply_of(1, [], [late, early], None).approved_at == NOW
