"""Drawing by topic and difficulty, the technical check, and the deadlines before an exam."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.bank_tests import (
    BankPolicy,
    ControlType,
    Drawable,
    LoadedTest,
    Share,
    Step,
    TestProblem,
    TestState,
    assigned,
    deadlines,
    draw_test,
    problems_of_test,
)
from exam_api.domain.errors import ExamNotReady
from exam_api.domain.paper import Paper, PaperItem

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
drawables = st.builds(
    Drawable, st.just(PaperItem("x")), st.sampled_from(["a", "b", None]), st.integers(1, 3)
)
shares = st.builds(
    Share, st.integers(1, 3), st.sampled_from(["a", "b", None]), st.sampled_from([1, 2, None])
)


def bank(*rows: tuple[str | None, int]) -> list[Drawable]:
    return [
        Drawable(PaperItem(f"q{n}", ("x", "y")), topic, difficulty)
        for n, (topic, difficulty) in enumerate(rows)
    ]


def loaded(*parts: Share, questions: int | None = None, **more: object) -> LoadedTest:
    count = sum(share.count for share in parts) if questions is None else questions
    values = {
        "id": "t",
        "discipline_id": "d",
        "discipline_code": "X1",
        "name": "Тест",
        "control": ControlType.EXAM,
        "languages": ("kk",),
        "questions": count,
        "shares": parts,
        "state": TestState.LOADED,
        "loaded_by": "u",
        "loaded_at": NOW,
    }
    return LoadedTest(**(values | more))


def most_places(items: list[Drawable], parts: list[Share]) -> int:
    """The largest number of places that any assignment fills, by trying them all."""
    places = [share for share in parts for _ in range(share.count)]

    def best(number: int, left: frozenset[int]) -> int:
        if number == len(places):
            return 0
        skipped = best(number + 1, left)
        fits = [one for one in left if places[number].fits(items[one])]
        return max([skipped, *(1 + best(number + 1, left - {one}) for one in fits)])

    return best(0, frozenset(range(len(items))))


@given(st.lists(drawables, max_size=5), st.lists(shares, min_size=1, max_size=2))
def test_every_place_that_can_be_filled_is_filled_and_no_item_twice(items, parts) -> None:
    found = assigned(items, parts)
    wanted = sum(share.count for share in parts)
    assert len(found) == len({id(one) for one in found})
    assert (len(found) == wanted) == (most_places(items, parts) == wanted)


@given(st.integers(0, 2**31 - 1))
def test_a_draw_holds_what_its_shares_ask_for(seed: int) -> None:
    items = bank(*[("a", 1)] * 4, *[("a", 3)] * 4, *[("b", 2)] * 4, *[(None, 2)] * 4)
    test = loaded(Share(2, "a", 1), Share(2, "a"), Share(3, None, 2))
    paper = draw_test(items, test, 7, seed)
    chosen = [next(one for one in items if one.item.item_id == p.item_id) for p in paper.items]
    assert len({one.item.item_id for one in chosen}) == 7
    assert sum(one.topic_id == "a" for one in chosen) == 4
    assert sum(one.difficulty == 2 for one in chosen) == 3
    assert paper.test_id == "t"
    assert draw_test(items, test, 7, seed) == paper == Paper.from_json(paper.to_json())


def test_shares_that_overlap_give_way_to_each_other() -> None:
    items = bank(("a", 3), ("a", 1))
    assert len(assigned(items, [Share(1, "a"), Share(1, None, 3)])) == 2


def test_every_item_comes_up_in_some_draw() -> None:
    items, test = bank(*[("a", 1)] * 10), loaded(Share(2))
    seen = {p.item_id for seed in range(60) for p in draw_test(items, test, 2, seed).items}
    assert len(seen) == 10


def test_a_bank_that_has_shrunk_begins_no_exam() -> None:
    with pytest.raises(ExamNotReady):
        draw_test(bank(("a", 1)), loaded(Share(2)), 2, 1)


@pytest.mark.parametrize("count", [1, 3, 8])
def test_the_exam_s_number_rules_over_the_test_s(count: int) -> None:
    """T-4.5: others of the bank stand in where the test or its bank gives fewer."""
    items = bank(*[("a", 1)] * 4, *[("b", 2)] * 4)
    paper = draw_test(items, loaded(Share(3, "a")), count, 7)
    drawn = [one.item_id for one in paper.items]
    assert len(set(drawn)) == count
    asked = {one.item.item_id for one in items if one.topic_id == "a"}
    assert len(asked & set(drawn)) >= min(count, 3)


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        (loaded(Share(2), discipline_code="X2"), TestProblem.CODE_DIFFERS),
        (loaded(Share(2), name=" "), TestProblem.NAME_MISSING),
        (loaded(Share(2), languages=()), TestProblem.LANGUAGE_MISSING),
        (loaded(Share(1), Share(2), questions=2), TestProblem.COUNT_DIFFERS),
        (loaded(Share(3)), TestProblem.EXAM_COUNT_DIFFERS),
        (loaded(Share(2, "b")), TestProblem.TOO_FEW_ITEMS),
    ],
)
def test_the_check_finds_each_error(test: LoadedTest, problem: TestProblem) -> None:
    found = problems_of_test(test, "X1", bank(*[("a", 1)] * 5), 2)
    assert problem in found
    assert len(found) == 1 or problem is TestProblem.COUNT_DIFFERS


def test_a_sound_test_has_no_problems() -> None:
    items = bank(("a", 1), ("a", 1))
    assert problems_of_test(loaded(Share(2)), "X1", items, 2) == ()
    midterm = loaded(Share(2), control=ControlType.MIDTERM_1)
    assert problems_of_test(midterm, "X1", items, 25) == (), "only an exam's number is its own"


def test_deadlines_are_late_when_they_pass_undone_or_are_done_late() -> None:
    opens = NOW + timedelta(days=10)
    done = {Step.NAMED: NOW - timedelta(days=30), Step.APPROVED: NOW, Step.LOADED: None}
    named, approved, waiting = deadlines(opens, done, NOW, BankPolicy())
    assert (named.late, approved.late, waiting.late) == (False, True, False)
    assert waiting.due_at == opens - timedelta(days=2)
    assert deadlines(opens, done, opens, BankPolicy())[2].late
