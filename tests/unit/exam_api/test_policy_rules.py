"""Kinds of settings: what is stored comes back, what makes no sense is named."""

import json
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.contracts import FlagKind
from exam_api.domain.errors import InvalidRequest
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.policy_rules import (
    OneOf,
    SomeOf,
    Switch,
    Whole,
    read_setting,
    rules_of,
    stored,
)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


NUMBER, SWITCH = Whole("T-1", least=2, most=9), Switch("T-1")
ONE, SOME = OneOf("T-1", Colour), SomeOf("T-1", Colour)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(Colour),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (NUMBER, 2),
        (NUMBER, 9),
        (SWITCH, True),
        (ONE, Colour.BLUE),
        (SOME, ()),
        (SOME, (Colour.RED, Colour.BLUE)),
    ],
)
def test_a_value_comes_back_from_json_as_it_was(rule, value) -> None:
    read = read_setting(rule, "x", json.loads(json.dumps(stored(value))))
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("rule", "value", "word"),
    [
        (NUMBER, 1, "from 2 to 9"),
        (NUMBER, 10, "from 2 to 9"),
        (NUMBER, 5.0, "whole"),
        (NUMBER, True, "whole"),
        (SWITCH, 1, "true or false"),
        (ONE, "green", "red, blue"),
        (ONE, ["red"], "red, blue"),
        (SOME, "red", "list"),
        (SOME, ["red", "red"], "once"),
        (SOME, ["green"], "red, blue"),
    ],
)
def test_what_is_wrong_is_named_with_what_it_must_be(rule, value, word) -> None:
    with pytest.raises(InvalidRequest, match=rf"lamp.*{word}"):
        read_setting(rule, "lamp", value)


@given(st.sampled_from([NUMBER, SWITCH, ONE, SOME]), anything)
def test_anything_at_all_is_read_or_refused(rule, value) -> None:
    try:
        read = rule.read(value)
    except ValueError:
        return
    assert rule.read(stored(read)) == read


def test_each_setting_of_an_exam_names_its_clause() -> None:
    assert all(rule.clause for rule in rules_of(ExamPolicy).values())


def test_the_whole_policy_passes_through_json() -> None:
    policy = ExamPolicy(unwatched=(FlagKind.NOTES, FlagKind.SEAT_CHANGED))
    assert ExamPolicy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


@pytest.mark.parametrize("name", list(rules_of(ExamPolicy)))
def test_a_setting_of_no_known_kind_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(InvalidRequest, match=name):
        ExamPolicy.from_json({name: {"a": "dictionary"}})
