"""Writing QTI packages, 2.1 or 3.0: the same items, in the names of either generation."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

from exam_api.adapters.interchange.archives import packed
from exam_api.adapters.interchange.texts import html_of, pictures_of
from exam_api.domain.item_rules import ItemContent
from exam_api.domain.items import (
    FULL,
    ChoiceKey,
    ItemKind,
    MatchingKey,
    NumberKey,
    OrderingKey,
    TextKey,
)
from exam_api.domain.languages import Language, Texts
from exam_api.services.interchange import ItemRefused, Refusal, WrittenFile

_RESPONSE: Final = "RESPONSE"
_UPPER: Final = re.compile(r"[A-Z]")


@dataclass(frozen=True, slots=True)
class Generation:
    namespace: str
    templates: str
    item_type: str
    package: str
    schema: str
    dashed: bool


QTI_21: Final = Generation(
    "http://www.imsglobal.org/xsd/imsqti_v2p1",
    "http://www.imsglobal.org/question/qti_v2p1/rptemplates/",
    "imsqti_item_xmlv2p1",
    "http://www.imsglobal.org/xsd/imscp_v1p1",
    "QTIv2.1 Package",
    dashed=False,
)
QTI_30: Final = Generation(
    "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
    "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/",
    "imsqti_item_xmlv3p0",
    "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
    "QTI Package",
    dashed=True,
)


def _write(
    generation: Generation,
    items: Sequence[ItemContent],
    language: Language,
    pictures: Mapping[str, bytes],
) -> WrittenFile:
    files: dict[str, bytes] = {}
    refused: list[Refusal] = []
    used: dict[str, set[str]] = {}
    for place, item in enumerate(items, 1):
        path = f"items/item{place:04d}.xml"
        try:
            written = _Written(item, language, generation)
            files[path] = _xml(written.item(place), generation)
        except ItemRefused as refusal:
            refused.append(Refusal(str(place), refusal.reason, refusal.about))
            continue
        used[path] = written.pictures
    for name in sorted(set().union(*used.values())):
        files[f"pictures/{name}"] = pictures[name]
    manifest = _manifest(generation, used)
    data = b"" if refused else packed({"imsmanifest.xml": manifest, **files})
    return WrittenFile(data, "application/zip", "zip", tuple(refused))


write_qti_21: Final = partial(_write, QTI_21)
write_qti_30: Final = partial(_write, QTI_30)


def _manifest(generation: Generation, used: Mapping[str, set[str]]) -> bytes:
    root = Element("manifest", xmlns=generation.package, identifier="baqylau-items")
    metadata = SubElement(root, "metadata")
    SubElement(metadata, "schema").text = generation.schema
    SubElement(metadata, "schemaversion").text = "3.0.0" if generation.dashed else "1.0.0"
    SubElement(root, "organizations")
    resources = SubElement(root, "resources")
    for place, (path, names) in enumerate(used.items(), 1):
        given = {"identifier": f"item{place}", "type": generation.item_type, "href": path}
        resource = SubElement(resources, "resource", given)
        SubElement(resource, "file", href=path)
        for name in sorted(names):
            SubElement(resource, "file", href=f"pictures/{name}")
    return _bytes(root)


class _Written:
    """One item in the names of 2.x."""

    def __init__(self, item: ItemContent, language: Language, generation: Generation) -> None:
        if language not in item.body.stem:
            raise ItemRefused("language_missing", language)
        self._item = item
        self._language = language
        self._templates = generation.templates
        self._suffix = ".xml" if generation.dashed else ""
        self.pictures: set[str] = set()

    def item(self, place: int) -> Element:
        root = Element(
            "assessmentItem",
            {
                "identifier": f"item{place}",
                "title": f"{place}",
                "adaptive": "false",
                "timeDependent": "false",
                "xml:lang": self._language,
            },
        )
        key = self._item.key
        match key:
            case ChoiceKey():
                self._choice(root, key)
            case MatchingKey():
                self._matching(root, key)
            case TextKey():
                self._text(root, key)
            case NumberKey():
                self._number(root, key)
            case OrderingKey():
                self._ordering(root, key)
        return root

    # --- the kinds --------------------------------------------------------------------------------

    def _choice(self, root: Element, key: ChoiceKey) -> None:
        single = self._item.kind is ItemKind.SINGLE
        declared = _declare(root, "single" if single else "multiple", "identifier")
        _correct(declared, sorted(key.right) if not single else _whole(key))
        exact = not single and not key.partial
        if not exact:
            points = {ref: weight for ref, weight in key.weights.items() if weight}
            _map(declared, {ref: _share(weight) for ref, weight in points.items()})
        body = self._body(root)
        node = self._interaction(body, "choiceInteraction")
        node.set("maxChoices", "1" if single else "0")
        self._options(node, "simpleChoice", {one.id: one.text for one in self._item.body.choices})
        self._process(root, "match_correct" if exact else "map_response")

    def _matching(self, root: Element, key: MatchingKey) -> None:
        pairs = [f"_{left} _{right}" for left, right in key.pairs.items()]
        declared = _declare(root, "multiple", "directedPair")
        _correct(declared, pairs, named=False)
        if key.partial:
            share = _share(FULL // len(pairs))
            _map(declared, dict.fromkeys(pairs, share), named=False)
        node = self._interaction(self._body(root), "matchInteraction")
        node.set("maxAssociations", str(len(key.pairs)))
        for options, most in ((self._item.body.choices, 1), (self._item.body.targets, 0)):
            side = SubElement(node, "simpleMatchSet")
            texts = {one.id: one.text for one in options}
            self._options(side, "simpleAssociableChoice", texts, matchMax=str(most))
        self._process(root, "map_response" if key.partial else "match_correct")

    def _ordering(self, root: Element, key: OrderingKey) -> None:
        if key.partial:
            raise ItemRefused("not_in_format", "partial")
        _correct(_declare(root, "ordered", "identifier"), key.order)
        node = self._interaction(self._body(root), "orderInteraction")
        # The order of the file must not be the answer.
        texts = {one.id: one.text for one in sorted(self._item.body.choices, key=lambda o: o.id)}
        node.set("shuffle", "true")
        self._options(node, "simpleChoice", texts)
        self._process(root, "match_correct")

    def _text(self, root: Element, key: TextKey) -> None:
        if not key.yo_is_ye or key.plain_kazakh:
            raise ItemRefused("not_in_format", "text settings")
        declared = _declare(root, "single", "string")
        whole = next(one.text for one in key.answers if one.weight == FULL)
        _correct(declared, [whole], named=False)
        texts = [one.text for one in key.answers]
        if len(set(texts)) < len(texts):
            raise ItemRefused("not_in_format", "problem.same_text")
        mapping = {one.text: _share(one.weight) for one in key.answers}
        for entry in _map(declared, mapping, named=False):
            entry.set("caseSensitive", "true" if key.match_case else "false")
        self._entry(root)
        self._process(root, "map_response")

    def _number(self, root: Element, key: NumberKey) -> None:
        if len(key.answers) != 1:
            raise ItemRefused("not_in_format", "answers")
        (one,) = key.answers
        declared = _declare(root, "single", "float")
        _correct(declared, [format(one.value.normalize(), "f")], named=False)
        self._entry(root)
        processing = SubElement(root, "responseProcessing")
        condition = SubElement(SubElement(processing, "responseCondition"), "responseIf")
        tolerance = one.tolerance * 100 if one.relative else one.tolerance
        reach = format(tolerance.normalize(), "f")
        mode = "relative" if one.relative else "absolute"
        equal = SubElement(
            condition, "equal", {"toleranceMode": mode, "tolerance": f"{reach} {reach}"}
        )
        SubElement(equal, "variable", identifier=_RESPONSE)
        SubElement(equal, "correct", identifier=_RESPONSE)
        outcome = SubElement(condition, "setOutcomeValue", identifier="SCORE")
        SubElement(outcome, "baseValue", baseType="float").text = "1"

    # --- pieces -----------------------------------------------------------------------------------

    def _body(self, root: Element) -> Element:
        SubElement(
            root, "outcomeDeclaration", identifier="SCORE", cardinality="single", baseType="float"
        )
        body = SubElement(root, "itemBody")
        body.append(self._html("p", self._item.body.stem))
        return body

    def _entry(self, root: Element) -> None:
        paragraph = SubElement(self._body(root), "p")
        SubElement(paragraph, "textEntryInteraction", responseIdentifier=_RESPONSE)

    def _interaction(self, body: Element, tag: str) -> Element:
        shuffle = "true" if self._item.body.shuffle else "false"
        return SubElement(body, tag, responseIdentifier=_RESPONSE, shuffle=shuffle)

    def _options(
        self, node: Element, tag: str, texts: Mapping[str, Texts], **attributes: str
    ) -> None:
        for ref, text in texts.items():
            option = self._html(tag, text)
            option.attrib |= {"identifier": f"_{ref}", **attributes}
            node.append(option)

    def _html(self, tag: str, texts: Texts) -> Element:
        text = texts[self._language]
        self.pictures |= pictures_of([text])
        html = html_of(text, lambda name: f"../pictures/{name}")
        return fromstring(f"<{tag}>{html}</{tag}>")  # noqa: S314 - our own, escaped above

    def _process(self, root: Element, template: str) -> None:
        address = f"{self._templates}{template}{self._suffix}"
        SubElement(root, "responseProcessing", template=address)


def _declare(root: Element, cardinality: str, base: str) -> Element:
    return SubElement(
        root,
        "responseDeclaration",
        identifier=_RESPONSE,
        cardinality=cardinality,
        baseType=base,
    )


def _whole(key: ChoiceKey) -> list[str]:
    return [ref for ref, weight in key.weights.items() if weight == FULL][:1]


def _correct(declared: Element, values: Sequence[str], *, named: bool = True) -> None:
    node = SubElement(declared, "correctResponse")
    for value in values:
        SubElement(node, "value").text = f"_{value}" if named else value


def _map(declared: Element, points: Mapping[str, str], *, named: bool = True) -> list[Element]:
    """Identifiers begin with a letter or "_": ours are hex digits."""
    node = SubElement(declared, "mapping", lowerBound="0", upperBound="1", defaultValue="0")
    return [
        SubElement(node, "mapEntry", mapKey=f"_{ref}" if named else ref, mappedValue=value)
        for ref, value in points.items()
    ]


def _share(weight: int) -> str:
    return format((Decimal(weight) / FULL).normalize(), "f")


def _xml(root: Element, generation: Generation) -> bytes:
    rename: Callable[[str], str] = _dashed if generation.dashed else str
    for node in root.iter():
        if _is_ours(node.tag):
            if generation.dashed:
                node.tag = f"qti-{rename(node.tag)}"
            attributes = {
                name if ":" in name else rename(name): text for name, text in node.attrib.items()
            }
            node.attrib.clear()
            node.attrib.update(attributes)
    root.set("xmlns", generation.namespace)
    return _bytes(root)


def _bytes(root: Element) -> bytes:
    data: bytes = tostring(root, "utf-8", xml_declaration=True)
    return data


def _is_ours(tag: str) -> bool:
    return tag not in {"p", "br", "img"}


def _dashed(name: str) -> str:
    return _UPPER.sub(lambda found: f"-{found[0].lower()}", name)
