"""The form of an item: what its fields are called, and the way from them to an item and back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from exam_api.domain.item_rules import ItemContent, ItemInvalid, Problem
from exam_api.domain.items import (
    FULL,
    Body,
    ChoiceKey,
    ItemKind,
    Key,
    MatchingKey,
    NumberAnswer,
    NumberKey,
    Option,
    OrderingKey,
    TextAnswer,
    TextKey,
    even_weights,
    new_option_id,
)
from exam_api.domain.languages import LANGUAGES, Texts
from exam_api.domain.written import number_of

ROWS: Final = 5
ROWS_LIMIT: Final = 50
PERCENT: Final = FULL // 100
Fields = Mapping[str, str]
FLAGS: Final = ("shuffle", "partial", "match_case", "yo_is_ye", "plain_kazakh")


@dataclass
class ItemForm:
    """Field → text, as typed: what was refused is shown again unchanged."""

    kind: ItemKind
    rows: int = ROWS
    fields: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")


def empty_form(kind: ItemKind) -> ItemForm:
    return ItemForm(kind, ROWS, {"shuffle": "on", "partial": "on", "yo_is_ye": "on"})


# --- from an item ---------------------------------------------------------------------------------


def form_of(content: ItemContent) -> ItemForm:
    form = ItemForm(content.kind, max(ROWS, len(content.body.choices) + 1))
    fields = form.fields
    fields |= {"topic": content.topic, "difficulty": str(content.difficulty)}
    fields |= _typed("stem", content.body.stem)
    fields |= {"shuffle": "on" if content.body.shuffle else ""}
    for number, option in enumerate(content.body.choices, 1):
        fields |= _typed(f"c{number}", option.text)
    _KEY_FIELDS[type(content.key)](form, content)
    return form


def _typed(name: str, texts: Texts) -> dict[str, str]:
    return {f"{name}-{language}": text for language, text in texts.items()}


def _choice_fields(form: ItemForm, content: ItemContent) -> None:
    key = content.key
    assert isinstance(key, ChoiceKey)
    usual = _usual(content.kind, len(key.right), len(content.body.choices) - len(key.right))
    for number, option in enumerate(content.body.choices, 1):
        weight = key.weights.get(option.id, 0)
        form.fields[f"c{number}-right"] = "on" if weight > 0 else ""
        if weight != usual[weight <= 0]:
            form.fields[f"c{number}-weight"] = _percent(weight)
    form.fields["partial"] = "on" if key.partial else ""


def _matching_fields(form: ItemForm, content: ItemContent) -> None:
    """A pair a row; right sides that belong to none stand in rows without a left side."""
    key = content.key
    assert isinstance(key, MatchingKey)
    texts = {target.id: target.text for target in content.body.targets}
    for number, option in enumerate(content.body.choices, 1):
        form.fields |= _typed(f"t{number}", texts[key.pairs[option.id]])
    used = set(key.pairs.values())
    spare = [target for target in content.body.targets if target.id not in used]
    for number, target in enumerate(spare, len(content.body.choices) + 1):
        form.fields |= _typed(f"t{number}", target.text)
    form.rows = max(form.rows, len(content.body.choices) + len(spare) + 1)
    form.fields["partial"] = "on" if key.partial else ""


def _text_fields(form: ItemForm, content: ItemContent) -> None:
    key = content.key
    assert isinstance(key, TextKey)
    form.rows = max(form.rows, len(key.answers) + 1)
    for number, one in enumerate(key.answers, 1):
        form.fields |= {f"a{number}": one.text, f"a{number}-weight": _percent(one.weight)}
    for flag in ("match_case", "yo_is_ye", "plain_kazakh"):
        form.fields[flag] = "on" if getattr(key, flag) else ""


def _number_fields(form: ItemForm, content: ItemContent) -> None:
    key = content.key
    assert isinstance(key, NumberKey)
    form.rows = max(form.rows, len(key.answers) + 1)
    for number, one in enumerate(key.answers, 1):
        tolerance = one.tolerance * 100 if one.relative else one.tolerance
        form.fields |= {
            f"a{number}": _plain(one.value),
            f"a{number}-tolerance": _plain(tolerance),
            f"a{number}-relative": "on" if one.relative else "",
            f"a{number}-weight": _percent(one.weight),
        }


def _ordering_fields(form: ItemForm, content: ItemContent) -> None:
    key = content.key
    assert isinstance(key, OrderingKey)
    texts = {option.id: option.text for option in content.body.choices}
    for number, ref in enumerate(key.order, 1):
        form.fields |= _typed(f"c{number}", texts[ref])
    form.fields["partial"] = "on" if key.partial else ""


_KEY_FIELDS: Final[Mapping[type[Key], Callable[[ItemForm, ItemContent], None]]] = {
    ChoiceKey: _choice_fields,
    MatchingKey: _matching_fields,
    TextKey: _text_fields,
    NumberKey: _number_fields,
    OrderingKey: _ordering_fields,
}


def _percent(weight: int) -> str:
    return _plain(Decimal(weight) / PERCENT)


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


# --- to an item -----------------------------------------------------------------------------------


def read_form(fields: Fields) -> ItemForm:
    """Only fields that a form has; ``rows`` stays within its limit."""
    kind = ItemKind(fields["kind"]) if fields.get("kind") in set(ItemKind) else ItemKind.SINGLE
    rows = fields.get("rows", "")
    count = int(rows) if rows.isascii() and rows.isdigit() and len(rows) < 4 else ROWS
    texts = {name: text.replace("\r\n", "\n") for name, text in fields.items()}
    return ItemForm(kind, min(max(count, 1), ROWS_LIMIT), texts)


def content_of(form: ItemForm) -> ItemContent:
    """ItemInvalid where a field cannot be read; what it means is checked by domain.item_rules."""
    body, key = _READ[form.kind](form)
    difficulty = form["difficulty"]
    return ItemContent(
        form.kind,
        body,
        key,
        form["topic"].strip(),
        int(difficulty) if difficulty in {"1", "2", "3"} else 2,
    )


def _texts(form: ItemForm, name: str) -> Texts:
    """The languages that were filled in."""
    found = {language: form[f"{name}-{language}"].strip() for language in LANGUAGES}
    return {language: text for language, text in found.items() if text}


def _options(form: ItemForm, letter: str, taken: set[str]) -> dict[int, Option]:
    """By row; rows that are empty are none."""
    rows = ((number, _texts(form, f"{letter}{number}")) for number in range(1, form.rows + 1))
    return {number: Option(new_option_id(taken), texts) for number, texts in rows if texts}


def _choices(form: ItemForm) -> tuple[Body, Key]:
    options = _options(form, "c", set())
    right = {number for number in options if _is_right(form, number)}
    usual = _usual(form.kind, len(right), len(options) - len(right))
    weights = {}
    for number, option in options.items():
        typed = form[f"c{number}-weight"].strip()
        weight = _weight(f"choice {number}", typed) if typed else usual[number not in right]
        weights[option.id] = weight
    body = _body(form, tuple(options.values()))
    return body, ChoiceKey(weights=weights, partial=bool(form["partial"]))


def _is_right(form: ItemForm, number: int) -> bool:
    """A radio button names the row; a tick belongs to it."""
    if form.kind is ItemKind.SINGLE:
        return form["right"] == str(number) or form[f"c{number}-right"] == "on"
    return form[f"c{number}-right"] == "on"


def _usual(kind: ItemKind, right: int, wrong: int) -> tuple[int, int]:
    """What a right and a wrong choice weigh where the form says nothing."""
    if kind is ItemKind.SINGLE or not right:
        return FULL, 0
    return even_weights(right, wrong)


def _matching(form: ItemForm) -> tuple[Body, Key]:
    taken: set[str] = set()
    lefts, rights = _options(form, "c", taken), _options(form, "t", taken)
    if missing := [number for number in lefts if number not in rights]:
        raise ItemInvalid((Problem(f"target {missing[0]}", "text_missing"),))
    # Two left sides may share a right side: then it is offered once.
    targets: dict[tuple[tuple[str, str], ...], Option] = {}
    for option in rights.values():
        targets.setdefault(tuple(sorted(option.text.items())), option)
    pairs = {
        left.id: targets[tuple(sorted(rights[number].text.items()))].id
        for number, left in lefts.items()
    }
    body = _body(form, tuple(lefts.values()), tuple(targets.values()))
    return body, MatchingKey(pairs=pairs, partial=bool(form["partial"]))


def _written(form: ItemForm) -> tuple[Body, Key]:
    answers = tuple(
        TextAnswer(form[f"a{number}"].strip(), _weight_of(form, number))
        for number in _answered(form)
    )
    key = TextKey(
        answers=answers,
        match_case=bool(form["match_case"]),
        yo_is_ye=bool(form["yo_is_ye"]),
        plain_kazakh=bool(form["plain_kazakh"]),
    )
    return _body(form), key


def _numbers(form: ItemForm) -> tuple[Body, Key]:
    return _body(form), NumberKey(answers=tuple(_number(form, n) for n in _answered(form)))


def _number(form: ItemForm, number: int) -> NumberAnswer:
    value = number_of(form[f"a{number}"])
    tolerance = number_of(form[f"a{number}-tolerance"] or "0")
    if value is None or tolerance is None:
        raise ItemInvalid((Problem(f"answer {number}", "no_number"),))
    relative = bool(form[f"a{number}-relative"])
    share = tolerance / 100 if relative else tolerance
    return NumberAnswer(value, share, relative, _weight_of(form, number))


def _ordering(form: ItemForm) -> tuple[Body, Key]:
    options = tuple(_options(form, "c", set()).values())
    order = tuple(option.id for option in options)
    return _body(form, options), OrderingKey(order=order, partial=bool(form["partial"]))


_READ: Final[Mapping[ItemKind, Callable[[ItemForm], tuple[Body, Key]]]] = {
    ItemKind.SINGLE: _choices,
    ItemKind.MULTIPLE: _choices,
    ItemKind.MATCHING: _matching,
    ItemKind.TEXT: _written,
    ItemKind.NUMBER: _numbers,
    ItemKind.ORDERING: _ordering,
}


def _body(
    form: ItemForm, choices: tuple[Option, ...] = (), targets: tuple[Option, ...] = ()
) -> Body:
    return Body(_texts(form, "stem"), choices, targets, bool(form["shuffle"]))


def _answered(form: ItemForm) -> list[int]:
    return [number for number in range(1, form.rows + 1) if form[f"a{number}"].strip()]


def _weight_of(form: ItemForm, number: int) -> int:
    return _weight(f"answer {number}", form[f"a{number}-weight"].strip() or "100")


def _weight(place: str, percent: str) -> int:
    """ItemInvalid where it is no percentage."""
    typed = number_of(percent.removesuffix("%"))
    try:
        weight = int((typed * PERCENT).to_integral_value()) if typed is not None else None
    except (InvalidOperation, OverflowError):
        weight = None
    if weight is None or abs(weight) > FULL:
        raise ItemInvalid((Problem(place, "weight_out_of_range"),))
    return weight
