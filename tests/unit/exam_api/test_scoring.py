"""The rules of docs/scoring.md, kind by kind, and what must hold whatever is answered."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.items import (
    FULL,
    ChoiceKey,
    MatchingKey,
    NumberAnswer,
    NumberKey,
    OrderingKey,
    TextAnswer,
    TextKey,
    even_weights,
)
from exam_api.domain.responses import (
    MatchingResponse,
    MultipleResponse,
    NumberResponse,
    OrderingResponse,
    SingleResponse,
    TextResponse,
)
from exam_api.domain.scoring import credit
from exam_api.domain.written import comparable, number_of

REFS = "abcdefgh"
typed = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
subsets = st.sets(st.sampled_from(REFS)).map(tuple)


def multiple(right: str, wrong: str, **more: bool) -> ChoiceKey:
    up, down = even_weights(len(right), len(wrong))
    return ChoiceKey(weights=dict.fromkeys(right, up) | dict.fromkeys(wrong, down), **more)


def ticked(key: ChoiceKey, refs: str) -> int:
    return credit(key, MultipleResponse(choices=tuple(refs)))


def test_single_choice_earns_the_weight_of_the_choice() -> None:
    key = ChoiceKey(weights={"a": FULL, "b": FULL // 2, "c": -FULL})
    earned = [credit(key, SingleResponse(choice=ref)) for ref in "abcd"]
    assert earned == [100, 50, 0, 0]


@pytest.mark.parametrize(
    ("ticks", "earned"),
    [("ab", 100), ("a", 50), ("", 0), ("ac", 0), ("abc", 50), ("abcd", 0), ("cd", 0)],
)
def test_multiple_choice_adds_right_ones_and_takes_wrong_ones(ticks: str, earned: int) -> None:
    assert ticked(multiple("ab", "cd"), ticks) == earned


def test_three_thirds_are_the_whole() -> None:
    assert ticked(multiple("abc", "d"), "abc") == 100
    assert ticked(multiple("abc", "d"), "ab") == 67


def test_all_or_nothing() -> None:
    key = multiple("ab", "cd", partial=False)
    assert [ticked(key, refs) for refs in ("ab", "ba", "a", "abc", "")] == [100, 100, 0, 0, 0]
    pairs = MatchingKey(pairs={"a": "x", "b": "y"}, partial=False)
    assert credit(pairs, MatchingResponse(pairs={"a": "x"})) == 0
    assert credit(pairs, MatchingResponse(pairs={"a": "x", "b": "y"})) == 100
    order = OrderingKey(order=("a", "b", "c"), partial=False)
    assert credit(order, OrderingResponse(order=("b", "c", "a"))) == 0
    assert credit(order, OrderingResponse(order=("a", "b", "c"))) == 100


@given(st.integers(1, 4), st.integers(1, 4))
def test_ticking_everything_earns_nothing(right: int, wrong: int) -> None:
    assert ticked(multiple(REFS[:right], REFS[4 : 4 + wrong]), REFS[:right] + REFS[4:][:wrong]) == 0


@given(subsets, subsets, st.sampled_from(REFS))
def test_one_more_right_tick_never_earns_less(right: tuple, ticks: tuple, ref: str) -> None:
    right = right or ("a",)
    key = multiple("".join(right), "".join(set(REFS) - set(right)))
    before = credit(key, MultipleResponse(choices=ticks))
    after = credit(key, MultipleResponse(choices=tuple({*ticks, ref})))
    assert 0 <= before <= 100
    assert after >= before if ref in right else after <= before


@given(st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz")))
def test_matching_counts_right_pairs(pairs: dict[str, str]) -> None:
    key = MatchingKey(pairs={"a": "x", "b": "y", "c": "z"})
    right = sum(key.pairs[left] == target for left, target in pairs.items())
    assert credit(key, MatchingResponse(pairs=pairs)) == [0, 33, 67, 100][right]


@given(st.permutations("abcd"))
def test_ordering_counts_steps_that_follow_each_other(order: list[str]) -> None:
    earned = credit(OrderingKey(order=tuple("abcd")), OrderingResponse(order=tuple(order)))
    follow = sum(pair in "".join(order) for pair in ("ab", "bc", "cd"))
    assert earned == [0, 33, 67, 100][follow]


def test_ordering_reversed_or_taken_back_earns_nothing() -> None:
    key = OrderingKey(order=tuple("abcd"))
    assert credit(key, OrderingResponse(order=tuple("dcba"))) == 0
    assert credit(key, OrderingResponse(order=())) == 0


@pytest.mark.parametrize(
    "given_answer",
    ["Алматы", " алматы ", "АЛМАТЫ", "Алма\u200bты", "\u00a0Алматы"],
)
def test_case_and_spaces_make_no_other_text(given_answer: str) -> None:
    key = TextKey(answers=(TextAnswer("Алматы"),))
    assert credit(key, TextResponse(text=given_answer)) == 100


@pytest.mark.parametrize(
    ("settings", "accepted", "given_answer", "earned"),
    [
        ({}, "учёт", "учет", 100),
        ({"yo_is_ye": False}, "учёт", "учет", 0),
        ({"match_case": True}, "pH", "PH", 0),
        ({}, "қаңтар", "кантар", 0),
        ({"plain_kazakh": True}, "қаңтар", "кантар", 100),
        ({"plain_kazakh": True}, "Іле өзені", "иле озени", 100),
        ({}, "д’Аламбер", "д'Аламбер", 100),
        ({}, "бай – кедей", "бай - кедей", 100),
        ({}, "ﬁle", "file", 100),
        ({}, "Өскемен", "өскемен", 100),
        ({}, "Алматы", "", 0),
    ],
)
def test_what_counts_as_the_same_text(settings, accepted, given_answer, earned) -> None:
    key = TextKey(answers=(TextAnswer(accepted),), **settings)
    assert credit(key, TextResponse(text=given_answer)) == earned


def test_the_largest_fitting_weight_counts() -> None:
    key = TextKey(answers=(TextAnswer("HTTP", FULL // 2), TextAnswer("http"), TextAnswer("x", 0)))
    assert credit(key, TextResponse(text="Http")) == 100
    assert credit(key, TextResponse(text="x")) == 0


@given(typed, st.booleans(), st.booleans(), st.booleans())
def test_a_comparable_text_is_comparable_to_itself(text, case, yo, kazakh) -> None:
    key = TextKey(answers=(TextAnswer(text),), match_case=case, yo_is_ye=yo, plain_kazakh=kazakh)
    assert credit(key, TextResponse(text=text)) == (100 if comparable(text, key) else 0)
    assert comparable(f"  {text}\n", key) == comparable(text, key)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3.14", "3.14"),
        ("3,14", "3.14"),
        ("−2", "-2"),
        ("+5", "5"),
        (".5", "0.5"),
        ("7.", "7"),
        ("1 000 000,5", "1000000.5"),
        ("1\u00a0000", "1000"),
        ("6.02e23", "6.02e23"),
        ("６", "6"),
    ],
)
def test_numbers_as_people_write_them(text: str, number: str) -> None:
    assert number_of(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1 2", "1,000,000", "1e999", "nan", "inf", "0x10", "1/2", "1_000", "٣", "9" * 40],
)
def test_what_is_no_number(text: str) -> None:
    assert number_of(text) is None


@given(typed)
def test_any_text_may_be_typed_for_a_number(text: str) -> None:
    key = NumberKey(answers=(NumberAnswer(Decimal(1), Decimal(1)),))
    assert credit(key, NumberResponse(text=text)) in {0, 100}


finite = st.decimals("-1e9", "1e9", places=4)


@given(finite, st.decimals("0", "1e4", places=4), st.decimals("-2", "2", places=4))
def test_an_absolute_tolerance_is_a_distance(value, tolerance, times) -> None:
    key = NumberKey(answers=(NumberAnswer(value, tolerance),))
    text = format(value + tolerance * times, "f")
    inside = abs(tolerance * times) <= tolerance
    assert credit(key, NumberResponse(text=text)) == (100 if inside else 0)


@pytest.mark.parametrize(
    ("text", "earned"), [("9.81", 100), ("10.0062", 100), ("9.6138", 100), ("10.01", 0)]
)
def test_a_relative_tolerance_is_a_share_of_the_value(text: str, earned: int) -> None:
    key = NumberKey(answers=(NumberAnswer(Decimal("9.81"), Decimal("0.02"), relative=True),))
    assert credit(key, NumberResponse(text=text)) == earned


def test_no_answer_and_an_answer_of_another_kind_earn_nothing() -> None:
    key = multiple("ab", "cd")
    assert credit(key, None) == 0
    assert credit(key, TextResponse(text="a")) == 0
    assert credit(OrderingKey(order=("a", "b")), SingleResponse(choice="a")) == 0
