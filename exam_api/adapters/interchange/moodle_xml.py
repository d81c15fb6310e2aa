"""Moodle XML: https://docs.moodle.org/en/Moodle_XML_format. Pictures lie in it as base64."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import unquote
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from exam_api.adapters.interchange.archives import parsed_xml
from exam_api.adapters.interchange.building import (
    choice_item,
    collected,
    matching_item,
    number,
    number_item,
    ordering_item,
    percent_of,
    text_item,
    weight_of,
)
from exam_api.adapters.interchange.gift import TRUE_FALSE
from exam_api.adapters.interchange.pictures import PictureShelf
from exam_api.adapters.interchange.texts import (
    ItemTexts,
    html_of,
    marked_languages,
    pictures_of,
)
from exam_api.domain.item_rules import TOPIC_LIMIT, ItemContent
from exam_api.domain.items import (
    ChoiceKey,
    ItemKind,
    MatchingKey,
    NumberAnswer,
    NumberKey,
    OrderingKey,
    TextKey,
)
from exam_api.domain.languages import Language, Texts
from exam_api.services.interchange import (
    FileRefused,
    ItemRefused,
    ReadFile,
    ReadItem,
    Refusal,
    WrittenFile,
)

_AT: Final = "@@PLUGINFILE@@/"
_QUERY: Final = re.compile("[?#]")
_ONE: Final = re.compile(r"1([.,]0*)?")


# --- reading --------------------------------------------------------------------------------------


def read_moodle_xml(data: bytes, language: Language) -> ReadFile:
    """FileRefused."""
    root = parsed_xml(data)
    if root.tag != "quiz":
        raise FileRefused("not_moodle_xml")
    shelf = PictureShelf()
    topic = ""
    places: list[tuple[str, Callable[[], ReadItem | None]]] = []
    for place, question in enumerate(root.findall("question"), 1):
        if question.get("type") == "category":
            topic = _last(question.findtext("category/text") or "")
        else:
            reader = _Question(question, language, shelf)
            places.append((f"{place}", partial(reader.item, topic)))
    items, refused = collected(places)
    return ReadFile(items, refused, shelf.pictures)


def _last(path: str) -> str:
    parts = [part.strip() for part in path.replace("//", "\0").split("/")]
    named = [part for part in parts if part and part not in {"$course$", "$system$", "top"}]
    return named[-1].replace("\0", "/")[:TOPIC_LIMIT] if named else ""


class _Question:
    def __init__(self, node: Element, language: Language, shelf: PictureShelf) -> None:
        self._node = node
        self._shelf = shelf
        self._texts = ItemTexts(language, self._keep)
        self._files: dict[str, str] = {}

    def item(self, topic: str) -> ReadItem:
        node = self._node
        read = _READ.get(node.get("type") or "")
        if read is None:
            raise ItemRefused("kind_unknown", node.get("type") or "")
        content = replace(read(self), topic=topic)
        return ReadItem((node.findtext("name/text") or "")[:60], content, tuple(_dropped(node)))

    def _keep(self, address: str) -> str:
        # Moodle encodes the address ("%D1%80%D0%B8%D1%81%201.png"), and not the file's name.
        name = unquote(_QUERY.split(address.removeprefix(_AT))[0])
        if not address.startswith(_AT) or name not in self._files:
            raise ItemRefused("picture_elsewhere", address)
        try:
            data = base64.b64decode(self._files[name], validate=False)
        except (binascii.Error, ValueError):
            raise ItemRefused("picture_bad", address) from None
        return self._shelf.keep(data, address)

    def _read(self, node: Element | None) -> dict[str, str]:
        """A <text> and the files beside it."""
        if node is None:
            return {"": ""}
        self._files = {_path(one): one.text or "" for one in node.findall("file")}
        form = node.get("format", "moodle_auto_format")
        html = {"html": True, "plain_text": False, "markdown": False}.get(form)
        return self._texts.read(node.findtext("text") or "", html=html)

    def _stem(self) -> dict[str, str]:
        return self._read(self._node.find("questiontext"))

    def _says(self, name: str, *, usual: bool) -> bool:
        text = (self._node.findtext(name) or "").strip().lower()
        return text in {"1", "true", "yes"} if text else usual

    def choice(self) -> ItemContent:
        stem = self._stem()
        answers = [(self._read(answer), _weight(answer)) for answer in self._node.findall("answer")]
        kind = ItemKind.SINGLE if self._says("single", usual=True) else ItemKind.MULTIPLE
        settled = self._texts.settled
        return choice_item(
            kind,
            settled(stem),
            [(settled(text), weight) for text, weight in answers],
            shuffle=self._says("shuffleanswers", usual=True),
        )

    def true_false(self) -> ItemContent:
        stem = self._texts.settled(self._stem())
        weights = {
            (answer.findtext("text") or "").strip().lower(): _weight(answer)
            for answer in self._node.findall("answer")
        }
        if set(weights) != {"true", "false"}:
            raise ItemRefused("answer_unknown", ", ".join(sorted(weights)))
        words = [{code: TRUE_FALSE[code][place] for code in stem} for place in (0, 1)]
        choices = [(words[0], weights["true"]), (words[1], weights["false"])]
        return choice_item(ItemKind.SINGLE, stem, choices, shuffle=False)

    def short_answer(self) -> ItemContent:
        stem = self._texts.settled(self._stem())
        answers = []
        for answer in self._node.findall("answer"):
            text = (answer.findtext("text") or "").strip()
            if "*" in text.replace("\\*", ""):
                raise ItemRefused("wildcard", text)
            answers.append((text.replace("\\*", "*"), _weight(answer)))
        return text_item(stem, answers, match_case=self._says("usecase", usual=False))

    def numerical(self) -> ItemContent:
        if self._node.find("units") is not None:
            raise ItemRefused("units")
        stem = self._texts.settled(self._stem())
        answers = []
        for answer in self._node.findall("answer"):
            text = (answer.findtext("text") or "").strip()
            if text == "*":  # words for every other number
                continue
            tolerance = (answer.findtext("tolerance") or "0").strip()
            answers.append(NumberAnswer(number(text), number(tolerance), weight=_weight(answer)))
        return number_item(stem, answers)

    def matching(self) -> ItemContent:
        stem = self._stem()
        pairs = []
        for sub in self._node.findall("subquestion"):
            left = self._read(sub)
            right = self._texts.read(sub.findtext("answer/text") or "", html=False)
            pairs.append((left if any(left.values()) else None, right))
        settled = self._texts.settled
        return matching_item(
            settled(stem),
            [(settled(left) if left else None, settled(right)) for left, right in pairs],
            shuffle=self._says("shuffleanswers", usual=True),
        )

    def ordering(self) -> ItemContent:
        stem = self._stem()
        steps = [self._read(answer) for answer in self._node.findall("answer")]
        return ordering_item(
            self._texts.settled(stem), [self._texts.settled(step) for step in steps]
        )


_READ: Final[Mapping[str, Callable[[_Question], ItemContent]]] = {
    "multichoice": _Question.choice,
    "truefalse": _Question.true_false,
    "shortanswer": _Question.short_answer,
    "numerical": _Question.numerical,
    "matching": _Question.matching,
    "ordering": _Question.ordering,
}


def _weight(answer: Element) -> int:
    return weight_of(answer.get("fraction") or "0")


def _path(file: Element) -> str:
    return f"{file.get('path') or ''}/{file.get('name') or ''}".lstrip("/").replace("//", "/")


def _dropped(node: Element) -> Iterator[str]:
    """What of a question the bank does not hold: here each counts as much as any other."""
    if any(_words(one) for one in node.iter() if one.tag.endswith("feedback")):
        yield "feedback"
    if any(_words(one) for one in node.iter("hint")):
        yield "hints"
    if not _ONE.fullmatch((node.findtext("defaultgrade") or "1").strip()):
        yield "grade"


def _words(node: Element) -> bool:
    return bool((node.findtext("text") or "").strip())


# --- writing --------------------------------------------------------------------------------------


def write_moodle_xml(
    items: Sequence[ItemContent], _language: Language, pictures: Mapping[str, bytes]
) -> WrittenFile:
    """Texts in several languages as Moodle's {mlang} blocks."""
    root = Element("quiz")
    refused: list[Refusal] = []
    topic = ""
    for place, item in enumerate(items, 1):
        if item.topic != topic:
            topic = item.topic
            category = SubElement(root, "question", type="category")
            path = f"$course$/top/{topic.replace('/', '//')}" if topic else "$course$/top"
            _text(SubElement(category, "category"), path)
        try:
            root.append(_Written(item, pictures).question(str(place)))
        except ItemRefused as refusal:
            refused.append(Refusal(str(place), refusal.reason, refusal.about))
    indent(root)
    data = b"" if refused else tostring(root, "utf-8", xml_declaration=True)
    return WrittenFile(data, "application/xml", "xml", tuple(refused))


_TYPES: Final = {
    ItemKind.SINGLE: "multichoice",
    ItemKind.MULTIPLE: "multichoice",
    ItemKind.MATCHING: "matching",
    ItemKind.TEXT: "shortanswer",
    ItemKind.NUMBER: "numerical",
    ItemKind.ORDERING: "ordering",
}


class _Written:
    def __init__(self, item: ItemContent, pictures: Mapping[str, bytes]) -> None:
        self._item = item
        self._pictures = pictures

    def question(self, name: str) -> Element:
        item, key = self._item, self._item.key
        node = Element("question", type=_TYPES[item.kind])
        _text(SubElement(node, "name"), name)
        self._html(SubElement(node, "questiontext"), item.body.stem)
        SubElement(node, "defaultgrade").text = "1"
        if not getattr(key, "partial", True):
            raise ItemRefused("not_in_format", "partial")
        match key:
            case ChoiceKey():
                self._choices(node, key)
            case MatchingKey():
                self._pairs(node, key)
            case TextKey():
                self._texts(node, key)
            case NumberKey():
                self._numbers(node, key)
            case OrderingKey():
                self._steps(node, key)
        return node

    def _html(self, node: Element, texts: Texts) -> None:
        node.set("format", "html")
        marked = marked_languages(texts)
        _text(node, html_of(marked, lambda name: f"{_AT}{name}"))
        for name in sorted(pictures_of([marked])):
            file = SubElement(node, "file", name=name, path="/", encoding="base64")
            file.text = base64.b64encode(self._pictures[name]).decode()

    def _choices(self, node: Element, key: ChoiceKey) -> None:
        single = self._item.kind is ItemKind.SINGLE
        SubElement(node, "single").text = "true" if single else "false"
        self._shuffled(node)
        for option in self._item.body.choices:
            weight = percent_of(key.weights.get(option.id, 0))
            self._html(SubElement(node, "answer", fraction=weight), option.text)

    def _shuffled(self, node: Element) -> None:
        SubElement(node, "shuffleanswers").text = "true" if self._item.body.shuffle else "false"

    def _pairs(self, node: Element, key: MatchingKey) -> None:
        self._shuffled(node)
        targets = {one.id: marked_languages(one.text) for one in self._item.body.targets}
        if pictures_of(targets.values()):
            raise ItemRefused("not_in_format", "picture")
        for option in self._item.body.choices:
            sub = SubElement(node, "subquestion")
            self._html(sub, option.text)
            _text(SubElement(sub, "answer"), targets[key.pairs[option.id]])
        for ref in targets.keys() - set(key.pairs.values()):
            sub = SubElement(node, "subquestion", format="html")
            _text(sub, "")
            _text(SubElement(sub, "answer"), targets[ref])

    @staticmethod
    def _texts(node: Element, key: TextKey) -> None:
        if not key.yo_is_ye or key.plain_kazakh:
            raise ItemRefused("not_in_format", "text settings")
        SubElement(node, "usecase").text = "1" if key.match_case else "0"
        for one in key.answers:
            answer = SubElement(node, "answer", fraction=percent_of(one.weight))
            _text(answer, one.text.replace("*", "\\*"))

    @staticmethod
    def _numbers(node: Element, key: NumberKey) -> None:
        for one in key.answers:
            if one.relative:
                raise ItemRefused("not_in_format", "%")
            answer = SubElement(node, "answer", fraction=percent_of(one.weight))
            _text(answer, format(one.value.normalize(), "f"))
            SubElement(answer, "tolerance").text = format(one.tolerance.normalize(), "f")

    def _steps(self, node: Element, key: OrderingKey) -> None:
        texts = {one.id: one.text for one in self._item.body.choices}
        for place, ref in enumerate(key.order, 1):
            self._html(SubElement(node, "answer", fraction=str(place)), texts[ref])


def _text(node: Element, text: str) -> None:
    SubElement(node, "text").text = text
