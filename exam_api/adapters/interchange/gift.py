"""GIFT, Moodle's text format: https://docs.moodle.org/en/GIFT_format."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from exam_api.adapters.interchange.building import (
    choice_item,
    collected,
    matching_item,
    number,
    number_item,
    percent_of,
    text_item,
    weight_of,
)
from exam_api.adapters.interchange.texts import ItemTexts, marked_languages, pictures_of
from exam_api.domain.item_rules import TOPIC_LIMIT, ItemContent
from exam_api.domain.items import (
    FULL,
    ChoiceKey,
    ItemKind,
    MatchingKey,
    NumberAnswer,
    NumberKey,
    TextKey,
)
from exam_api.domain.languages import Language
from exam_api.services.interchange import (
    FILE_LIMIT,
    FileRefused,
    ItemRefused,
    ReadFile,
    ReadItem,
    Refusal,
    WrittenFile,
)

_SPECIAL: Final = "~=#{}:"
# Escaped signs become letters of the private use area while the structure is read.
_HIDDEN: Final = {sign: chr(0xE000 + place) for place, sign in enumerate((*_SPECIAL, "\\", "n"))}
_SHOWN: Final = str.maketrans(
    {hidden: "\n" if sign == "n" else sign for sign, hidden in _HIDDEN.items()}
)
_ESCAPE: Final = re.compile(r"\\([~=#{}:\\n])")
_TITLE: Final = re.compile(r"\s*::(.*?)::", re.DOTALL)
_FORMAT: Final = re.compile(r"\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_BLANK: Final = " _____ "
_PARTS: Final = re.compile(r"(?=[=~])")
_PERCENT: Final = re.compile(r"\s*%(-?[\d.,]+)%")
_TRUE: Final = {"T": True, "TRUE": True, "F": False, "FALSE": False}
TRUE_FALSE: Final[Mapping[Language, tuple[str, str]]] = {
    "kk": ("Дұрыс", "Бұрыс"),
    "ru": ("Верно", "Неверно"),
    "en": ("True", "False"),
}


@dataclass(frozen=True, slots=True)
class _Answer:
    sign: str
    weight: int | None
    text: str
    has_feedback: bool


# --- reading --------------------------------------------------------------------------------------


def read_gift(data: bytes, language: Language) -> ReadFile:
    """FileRefused."""
    if len(data) > FILE_LIMIT:
        raise FileRefused("too_large")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused("not_utf8") from error
    if any(hidden in text for hidden in _HIDDEN.values()):
        raise FileRefused("private_letters")
    topic = ""
    places = []
    for line, block in _blocks(text):
        if block.lstrip().startswith("$CATEGORY:"):
            topic = _topic(block)
        else:
            places.append((f"{line}", partial(_read, block, topic, language)))
    items, refused = collected(places)
    return ReadFile(items, refused)


def _blocks(text: str) -> list[tuple[int, str]]:
    """(line, question): apart by empty lines, without comments. A category is a line of its own."""
    blocks: list[tuple[int, list[str]]] = []
    open_block = False
    for number_, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line.lstrip().startswith("//"):
            continue
        if not line.strip():
            open_block = False
        elif line.lstrip().startswith("$CATEGORY:"):
            blocks.append((number_, [line]))
            open_block = False
        elif open_block:
            blocks[-1][1].append(line)
        else:
            blocks.append((number_, [line]))
            open_block = True
    return [(number_, "\n".join(lines)) for number_, lines in blocks]


def _topic(block: str) -> str:
    """The last part of the path; Moodle's own parts ($course$, top) are none."""
    path = block.partition(":")[2].replace("//", "\0")
    parts = [part.replace("\0", "/").strip() for part in path.split("/")]
    named = [part for part in parts if part and part not in {"$course$", "$system$", "top"}]
    return named[-1][:TOPIC_LIMIT] if named else ""


def _hide(text: str) -> str:
    return _ESCAPE.sub(lambda found: _HIDDEN[found[1]], text)


def _show(text: str) -> str:
    return text.translate(_SHOWN).strip()


def _read(block: str, topic: str, language: Language) -> ReadItem:
    text = _hide(block)
    name = ""
    if title := _TITLE.match(text):
        name, text = _show(title[1]), text[title.end() :]
    form = _FORMAT.match(text)
    text = text[form.end() :] if form else text
    before, opened, rest = text.partition("{")
    inner, closed, after = rest.partition("}")
    if not opened:
        raise ItemRefused("no_answers", name)
    if not closed or "{" in inner or "{" in after or "}" in after:
        raise ItemRefused("braces", name)
    missing_word = bool(_show(after))
    stem = f"{before.rstrip()}{_BLANK}{after.lstrip()}" if missing_word else before
    dropped = ("feedback",) if "#" in inner.lstrip().removeprefix("#") else ()
    inner = inner.partition("####")[0]
    html = None if form is None or form[1].lower() == "moodle" else form[1].lower() == "html"
    content = _Question(_show(stem), inner, html, language).content()
    return ReadItem(name or _show(stem)[:60], replace(content, topic=topic), dropped)


class _Question:
    def __init__(self, stem: str, inner: str, html: bool | None, language: Language) -> None:
        self._texts = ItemTexts(language)
        self._html = html
        self._stem = self._texts.read(stem, html=html)
        self._inner = inner.strip()

    def content(self) -> ItemContent:
        inner = self._inner
        if not inner:
            raise ItemRefused("essay")
        word = inner.partition("#")[0].strip().upper()
        if word in _TRUE:
            return self._true_false(right=_TRUE[word])
        if inner.startswith("#"):
            return self._number(inner[1:])
        answers = [_answer(part) for part in _PARTS.split(inner) if part.strip()]
        if any(not answer.sign for answer in answers):
            raise ItemRefused("answer_without_sign", _show(inner))
        if all(answer.sign == "=" for answer in answers):
            if all("->" in answer.text for answer in answers):
                return self._matching(answers)
            return self._text(answers)
        return self._choice(answers)

    def _true_false(self, *, right: bool) -> ItemContent:
        stem = self._texts.settled(self._stem)
        words = [{code: TRUE_FALSE[code][place] for code in stem} for place in (0, 1)]
        choices = [(words[0], FULL * right), (words[1], FULL * (not right))]
        return choice_item(ItemKind.SINGLE, stem, choices, shuffle=False)

    def _number(self, inner: str) -> ItemContent:
        if "=" not in inner and "~" not in inner:
            inner = f"={inner}"
        found = [_answer(part) for part in _PARTS.split(inner) if part.strip()]
        answers = []
        for one in found:
            if one.sign == "~":  # feedback for every other number
                continue
            if not one.sign:
                raise ItemRefused("answer_without_sign", _show(one.text))
            answers.append(_numeric(one))
        return number_item(self._texts.settled(self._stem), answers)

    def _matching(self, answers: Sequence[_Answer]) -> ItemContent:
        pairs = []
        for answer in answers:
            if answer.weight is not None:
                raise ItemRefused("weighted_pair")
            left, _, right = answer.text.partition("->")
            shown = self._texts.read(_show(left), html=self._html) if _show(left) else None
            pairs.append((shown, self._texts.read(_show(right), html=self._html)))
        settled = self._texts.settled
        stem = settled(self._stem)
        return matching_item(
            stem, [(settled(left) if left else None, settled(right)) for left, right in pairs]
        )

    def _text(self, answers: Sequence[_Answer]) -> ItemContent:
        accepted = []
        for answer in answers:
            text = _show(answer.text)
            if "*" in text:
                raise ItemRefused("wildcard", text)
            accepted.append((text, FULL if answer.weight is None else answer.weight))
        return text_item(self._texts.settled(self._stem), accepted)

    def _choice(self, answers: Sequence[_Answer]) -> ItemContent:
        single = any(answer.sign == "=" for answer in answers)
        choices = []
        for answer in answers:
            usual = FULL if answer.sign == "=" else 0
            weight = usual if answer.weight is None else answer.weight
            choices.append((self._texts.read(_show(answer.text), html=self._html), weight))
        stem = self._texts.settled(self._stem)
        kind = ItemKind.SINGLE if single else ItemKind.MULTIPLE
        return choice_item(
            kind, stem, [(self._texts.settled(text), weight) for text, weight in choices]
        )


def _answer(part: str) -> _Answer:
    sign = part[0] if part[0] in "=~" else ""
    text, feedback, _ = part.removeprefix(sign).partition("#")
    weight = None
    if found := _PERCENT.match(text):
        weight, text = weight_of(found[1]), text[found.end() :]
    return _Answer(sign, weight, text, bool(feedback))


def _numeric(answer: _Answer) -> NumberAnswer:
    text = answer.text.strip()
    weight = FULL if answer.weight is None else answer.weight
    if ".." in text:
        low, high = (number(_show(part)) for part in text.split("..", 1))
        if low > high:
            raise ItemRefused("range_reversed", text)
        return NumberAnswer((low + high) / 2, (high - low) / 2, weight=weight)
    value, _, tolerance = text.partition(":")
    reach = number(_show(tolerance)) if tolerance.strip() else number("0")
    return NumberAnswer(number(_show(value)), reach, weight=weight)


# --- writing --------------------------------------------------------------------------------------


def write_gift(
    items: Sequence[ItemContent], _language: Language, _pictures: Mapping[str, bytes]
) -> WrittenFile:
    """Texts in several languages as Moodle's {mlang} blocks."""
    blocks: list[str] = []
    refused: list[Refusal] = []
    topic = ""
    for place, item in enumerate(items, 1):
        if item.topic != topic:
            topic = item.topic
            blocks.append(f"$CATEGORY: {topic.replace('/', '//') or 'top'}")
        try:
            blocks.append(_written(item, place))
        except ItemRefused as refusal:
            refused.append(Refusal(str(place), refusal.reason, refusal.about))
    data = b"" if refused else ("\n\n".join(blocks) + "\n").encode()
    return WrittenFile(data, "text/plain; charset=utf-8", "gift", tuple(refused))


def _written(item: ItemContent, place: int) -> str:
    if item.kind is ItemKind.ORDERING or pictures_of(item.body.texts()):
        raise ItemRefused("not_in_format", item.kind)
    if isinstance(item.key, ChoiceKey | MatchingKey) and not item.key.partial:
        raise ItemRefused("not_in_format", "partial")
    answers = "\n".join(f"  {answer}" for answer in _answers(item))
    return f"::{place}::[plain]{_escaped(marked_languages(item.body.stem))} {{\n{answers}\n}}"


def _answers(item: ItemContent) -> list[str]:
    key, body = item.key, item.body
    if not body.shuffle:
        raise ItemRefused("not_in_format", "shuffle")
    if isinstance(key, MatchingKey):
        return _pairs(item, key)
    if isinstance(key, TextKey):
        if (key.match_case, key.yo_is_ye, key.plain_kazakh) != (False, True, False):
            raise ItemRefused("not_in_format", "text settings")
        return [f"={_weighed(one.weight, _plain(one.text))}" for one in key.answers]
    if isinstance(key, NumberKey):
        return [f"#{''.join(_number(one) for one in key.answers)}"]
    assert isinstance(key, ChoiceKey)
    return _choices(item, key)


def _choices(item: ItemContent, key: ChoiceKey) -> list[str]:
    single = item.kind is ItemKind.SINGLE
    lines: list[str] = []
    for option in item.body.choices:
        weight = key.weights.get(option.id, 0)
        text = marked_languages(option.text)
        if single and weight == FULL and not any(line.startswith("=") for line in lines):
            lines.append(f"={_weighed(weight, text)}")
        else:
            lines.append(f"~%{percent_of(weight)}%{_escaped(text)}")
    return lines


def _pairs(item: ItemContent, key: MatchingKey) -> list[str]:
    texts = {one.id: marked_languages(one.text) for one in item.body.targets}
    if any("->" in text for option in item.body.choices for text in option.text.values()):
        raise ItemRefused("not_in_format", "->")
    lines = [
        f"={_escaped(marked_languages(option.text))} -> {_escaped(texts[key.pairs[option.id]])}"
        for option in item.body.choices
    ]
    used = set(key.pairs.values())
    return lines + [f"= -> {_escaped(text)}" for ref, text in texts.items() if ref not in used]


def _number(one: NumberAnswer) -> str:
    if one.relative:
        raise ItemRefused("not_in_format", "%")
    value, tolerance = (format(part.normalize(), "f") for part in (one.value, one.tolerance))
    return f"={_weighed(one.weight, value)}:{tolerance} "


def _weighed(weight: int, text: str) -> str:
    """A text that begins like a weight gets one, so that it is none itself."""
    bare = weight == FULL and not text.startswith("%")
    return _escaped(text) if bare else f"%{percent_of(weight)}%{_escaped(text)}"


def _plain(text: str) -> str:
    """Stars stand for any letters in GIFT, arrows for pairs."""
    if "*" in text or "->" in text:
        raise ItemRefused("not_in_format", text)
    return text


def _escaped(text: str) -> str:
    escaped = "".join(f"\\{sign}" if sign in (*_SPECIAL, "\\") else sign for sign in text)
    return escaped.replace("\n", "\\n")
