"""GIFT by the cases of its documentation, in our words; what is refused, and the reason."""

from decimal import Decimal

import pytest

from exam_api.adapters.interchange.gift import read_gift, write_gift
from exam_api.domain.item_rules import ItemContent
from exam_api.domain.items import FULL, ChoiceKey, ItemKind, MatchingKey, NumberKey, TextKey
from exam_api.services.interchange import FileRefused, ReadFile


def read(text: str, language: str = "en") -> ReadFile:
    return read_gift(text.encode(), language)


def one(text: str) -> ItemContent:
    found = read(text)
    assert found.refused == ()
    (item,) = found.items
    return item.content


def weights(content: ItemContent) -> dict[str, int]:
    assert isinstance(content.key, ChoiceKey)
    texts = {choice.id: choice.text["en"] for choice in content.body.choices}
    return {texts[ref]: weight for ref, weight in content.key.weights.items()}


def refusal(text: str) -> str:
    found = read(text)
    assert found.items == ()
    return found.refused[0].reason


def test_single_choice() -> None:
    item = one("Which gas do plants take in? {=carbon dioxide ~oxygen ~neon}")
    assert item.kind is ItemKind.SINGLE
    assert item.body.stem == {"en": "Which gas do plants take in?"}
    assert weights(item) == {"carbon dioxide": FULL, "oxygen": 0, "neon": 0}


def test_feedback_is_dropped_and_said_to_be() -> None:
    found = read(
        "::Gas:: Which gas? {\n=CO#well done\n~O#no\n~%50%Ne#half\n####general words\n}"
    ).items[0]
    assert found.place == "Gas"
    assert found.dropped == ("feedback",)
    assert weights(found.content) == {"CO": FULL, "O": 0, "Ne": FULL // 2}


def test_missing_word() -> None:
    item = one("A day has {=24 ~12 ~60} hours.")
    assert item.body.stem["en"] == "A day has _____ hours."


def test_several_right_answers_by_weights() -> None:
    item = one("Primes? {~%50%2 ~%50%3 ~%-100%4 ~%-100%6}")
    assert item.kind is ItemKind.MULTIPLE
    assert weights(item) == {"2": FULL // 2, "3": FULL // 2, "4": -FULL, "6": -FULL}


def test_thirds_are_whole_enough() -> None:
    item = one("Which? {~%33.33333%a ~%33.33333%b ~%33.33333%c ~%-100%d}")
    assert weights(item)["a"] == 333_333


@pytest.mark.parametrize(
    ("answer", "right"), [("T", "True"), ("TRUE", "True"), ("F", "False"), ("false", "False")]
)
def test_true_and_false(answer: str, right: str) -> None:
    item = one(f"Ice floats.{{{answer}}}")
    assert [text for text, weight in weights(item).items() if weight == FULL] == [right]
    assert not item.body.shuffle


def test_true_false_with_feedback_for_both() -> None:
    item = one("Ice sinks. {FALSE#it floats#right}")
    assert weights(item) == {"True": 0, "False": FULL}


def test_short_answers_with_weights() -> None:
    item = one("Who? {=Abai =%50%Abai Kunanbaiuly}")
    assert isinstance(item.key, TextKey)
    assert [(a.text, a.weight) for a in item.key.answers] == [
        ("Abai", FULL),
        ("Abai Kunanbaiuly", FULL // 2),
    ]


def test_matching_with_a_side_that_fits_nothing() -> None:
    item = one("Capitals? {=Canada -> Ottawa =Italy -> Rome = -> Madrid}")
    assert isinstance(item.key, MatchingKey)
    texts = {o.id: o.text["en"] for o in (*item.body.choices, *item.body.targets)}
    assert {texts[a]: texts[b] for a, b in item.key.pairs.items()} == {
        "Canada": "Ottawa",
        "Italy": "Rome",
    }
    assert sorted(o.text["en"] for o in item.body.targets) == ["Madrid", "Ottawa", "Rome"]


@pytest.mark.parametrize(
    ("inner", "value", "tolerance"),
    [
        ("#3:2", "3", "2"),
        ("#1..5", "3", "2"),
        ("#3", "3", "0"),
        ("#-1.5:0.25", "-1.5", "0.25"),
        ("#=3:2", "3", "2"),
        ("# 3.141..3.142 # feedback", "3.1415", "0.0005"),
    ],
)
def test_numbers(inner: str, value: str, tolerance: str) -> None:
    item = one(f"How many? {{{inner}}}")
    assert isinstance(item.key, NumberKey)
    (answer,) = item.key.answers
    assert (answer.value, answer.tolerance) == (Decimal(value), Decimal(tolerance))


def test_several_numbers_with_weights_and_words_for_the_rest() -> None:
    item = one("When? {#\n=1822:0#right\n=%50%1822:2#near\n~#not at all\n}")
    assert isinstance(item.key, NumberKey)
    assert [answer.weight for answer in item.key.answers] == [FULL, FULL // 2]


def test_escapes_comments_and_categories() -> None:
    found = read(
        "// a comment with { and }\n"
        "$CATEGORY: $course$/top/Algebra\n\n"
        "// another\n"
        "::a\\:b:: Solve \\{x\\: x \\= 2\\} \\~ \\# \\\\ line\\nbreak {\n"
        "// a comment inside\n"
        "= x \\= 2\n~ x\\=3 }\n\n\n"
        "$CATEGORY: Chemistry//Physics\n"
        "Is 1 odd? {T}\n"
    )
    assert found.refused == ()
    first, second = found.items
    assert first.place == "a:b"
    assert first.content.topic == "Algebra"
    assert first.content.body.stem["en"] == "Solve {x: x = 2} ~ # \\ line\nbreak"
    assert set(weights(first.content)) == {"x = 2", "x=3"}
    assert second.content.topic == "Chemistry/Physics"


def test_html_loses_its_markup_and_keeps_its_lines() -> None:
    item = one("[html]<p>H<sub>2</sub>O <b>is</b></p><p>a &lt; b</p> {=water ~x}")
    assert item.body.stem["en"] == "H\\(_{\\mathrm{2}}\\)O is\na < b"
    assert one("[plain]1 <b> 2 {=a ~b}").body.stem["en"] == "1 <b> 2"


def test_formulas_between_dollars() -> None:
    assert one("Find $$x^2$$ {=a ~b}").body.stem["en"] == "Find \\(x^2\\)"


def test_three_languages_in_blocks() -> None:
    found = read(
        "\\{mlang kk\\}Су\\{mlang\\}\\{mlang ru\\}Вода\\{mlang\\}? {=H2O ~\\{mlang kk\\}жоқ"
        "\\{mlang\\}\\{mlang ru\\}нет\\{mlang\\}}"
    )
    content = found.items[0].content
    assert content.body.stem == {"kk": "Су?", "ru": "Вода?"}
    assert content.body.choices[0].text == {"kk": "H2O", "ru": "H2O"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Write about bees. {}", "essay"),
        ("Only a description.", "no_answers"),
        ("What? {=a ~b", "braces"),
        ("What? {=a {~b}}", "braces"),
        ("What? {a =b}", "answer_without_sign"),
        ("What? {~a ~b}", "problem.no_right_choice"),
        ("What? {=*}", "wildcard"),
        ("What? {#abc}", "no_number"),
        ("What? {#5..1}", "range_reversed"),
        ("What? {=only}{=twice}", "braces"),
        ("What? {=a ~a}", "problem.same_text"),
        ("What? {~%150%a ~b}", "problem.weight_out_of_range"),
        ("[html]See <table><tr><td>1</td></tr></table> {=a ~b}", "markup"),
        ("[html]See <img src='http://x/y.png'> {=a ~b}", "picture_elsewhere"),
        ("\\{mlang de\\}Was\\{mlang\\} {=a ~b}", "language_unknown"),
        ("{=a ~b}", "problem.text_missing"),
    ],
)
def test_what_cannot_be_held_is_refused_with_the_reason(text: str, reason: str) -> None:
    assert refusal(text) == reason


def test_the_place_of_a_refusal_is_its_line() -> None:
    found = read("Is 1 odd? {T}\n\n// words\nBees. {}\n")
    assert [(one.place, one.reason) for one in found.refused] == [("4", "essay")]
    assert len(found.items) == 1


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", "\ue000 {T}".encode()])
def test_what_is_no_gift_file(data: bytes) -> None:
    with pytest.raises(FileRefused):
        read_gift(data, "en")


def test_what_gift_cannot_hold_is_not_written() -> None:
    item = one("Is 1 odd? {T}")
    written = write_gift([item], "en", {})
    assert written.data == b""
    assert [(one.place, one.reason, one.about) for one in written.refused] == [
        ("1", "not_in_format", "shuffle")
    ]
