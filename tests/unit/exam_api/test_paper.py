"""The draw: stable by its seed, complete, and different between students."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.errors import ExamNotReady
from exam_api.domain.paper import Paper, PaperItem, draw

BANK = [PaperItem(f"q{n}", tuple(f"q{n}c{m}" for m in range(4))) for n in range(40)]
seeds = st.integers(0, 2**31 - 1)


@given(seeds)
def test_the_same_seed_gives_the_same_paper(seed: int) -> None:
    assert draw(BANK, 25, seed) == draw(BANK, 25, seed)


@given(seeds)
def test_a_paper_holds_different_questions_with_all_their_choices(seed: int) -> None:
    paper = draw(BANK, 25, seed)
    chosen = {item.item_id: item for item in paper.items}
    assert len(chosen) == 25
    originals = {item.item_id: item for item in BANK}
    assert all(
        sorted(item.choice_ids) == sorted(originals[item_id].choice_ids)
        for item_id, item in chosen.items()
    )


@given(seeds)
def test_a_paper_survives_its_storing(seed: int) -> None:
    paper = draw(BANK, 25, seed)
    assert Paper.from_json(paper.to_json()) == paper


def test_papers_of_different_seeds_differ_in_questions_and_in_choices() -> None:
    papers = [draw(BANK, 25, seed) for seed in range(20)]
    assert len({tuple(item.item_id for item in paper.items) for paper in papers}) == 20
    assert len({paper.item("q1").choice_ids for paper in papers if paper.item("q1")}) > 3


def test_every_question_and_every_place_of_the_first_choice_comes_up() -> None:
    papers = [draw(BANK, 25, seed) for seed in range(200)]
    assert {item.item_id for paper in papers for item in paper.items} == {
        item.item_id for item in BANK
    }
    places = {
        item.choice_ids.index(f"{item.item_id}c0") for paper in papers for item in paper.items
    }
    assert places == {0, 1, 2, 3}


def test_too_small_a_bank_is_refused() -> None:
    with pytest.raises(ExamNotReady):
        draw(BANK[:24], 25, 1)


def test_a_question_that_is_not_in_the_paper_is_not_found() -> None:
    assert draw(BANK[:25], 25, 1).item("q39") is None
