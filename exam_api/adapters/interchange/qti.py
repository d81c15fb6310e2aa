"""Reading QTI 2.1, 2.2 and 3.0: packages (zip) and single items (XML), IMS/1EdTech.

Both generations are read by one grammar: names of 3.0 (qti-choice-interaction) are brought to
those of 2.x (choiceInteraction) first.
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Final
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, tostring

from exam_api.adapters.interchange.archives import parsed_xml, unpacked
from exam_api.adapters.interchange.building import (
    choice_item,
    collected,
    matching_item,
    number,
    number_item,
    ordering_item,
    text_item,
)
from exam_api.adapters.interchange.pictures import PictureShelf
from exam_api.adapters.interchange.texts import ItemTexts
from exam_api.domain.item_rules import ItemContent
from exam_api.domain.items import FULL, ItemKind, NumberAnswer
from exam_api.domain.languages import Language, Texts, language_or
from exam_api.services.interchange import FileRefused, ItemRefused, ReadFile, ReadItem

_ZIP: Final = b"PK\x03\x04"
_MANIFEST: Final = "imsmanifest.xml"
_ITEM: Final = re.compile(r"imsqti_item_xmlv\w+|imsqti_item_\w+")
_INTERACTIONS: Final = frozenset(
    {"choiceInteraction", "orderInteraction", "matchInteraction", "textEntryInteraction"}
)
_FEEDBACK: Final = frozenset({"modalFeedback", "feedbackInline", "feedbackBlock"})
_NAMED: Final = re.compile(r"-(\w)")


def read_qti(data: bytes, language: Language) -> ReadFile:
    """FileRefused."""
    shelf = PictureShelf()
    if not data.startswith(_ZIP):
        root = _in_old_names(parsed_xml(data))
        if root.tag != "assessmentItem":
            raise FileRefused("not_qti")
        files: Mapping[str, bytes] = {}
        places = [("1", partial(_read_item, root, "", files, language, shelf))]
    else:
        files = unpacked(data)
        places = [
            (path, partial(_read_file, path, files, language, shelf)) for path in _item_paths(files)
        ]
    items, refused = collected(places)
    return ReadFile(items, refused, shelf.pictures)


def _item_paths(files: Mapping[str, bytes]) -> list[str]:
    """Those that the manifest lists, in its order."""
    manifest = next((name for name in files if posixpath.basename(name) == _MANIFEST), None)
    if manifest is None:
        raise FileRefused("no_manifest")
    folder = posixpath.dirname(manifest)
    found = []
    for resource in _in_old_names(parsed_xml(files[manifest])).iter("resource"):
        if _ITEM.match(resource.get("type") or ""):
            path = _beside(folder, resource.get("href") or "")
            if path not in files:
                raise FileRefused("resource_missing")
            found.append(path)
    if not found:
        raise FileRefused("no_items")
    return found


def _beside(folder: str, href: str) -> str:
    """A path of the package; a way out of it leads nowhere."""
    return posixpath.normpath(posixpath.join(folder, unquote(urlsplit(href).path)))


def _in_old_names(root: Element) -> Element:
    """Without namespaces, and with the names of 2.x."""
    for node in root.iter():
        if isinstance(node.tag, str):
            node.tag = _old_name(node.tag.rpartition("}")[2])
        for name in list(node.attrib):
            value = node.attrib.pop(name)
            node.attrib[_NAMED.sub(lambda found: found[1].upper(), name.rpartition("}")[2])] = value
    return root


def _old_name(name: str) -> str:
    if not name.startswith("qti-"):
        return name
    return _NAMED.sub(lambda found: found[1].upper(), name.removeprefix("qti-"))


def _read_file(
    path: str, files: Mapping[str, bytes], language: Language, shelf: PictureShelf
) -> ReadItem:
    try:
        root = _in_old_names(parsed_xml(files[path]))
    except FileRefused as error:
        raise ItemRefused(error.reason, path) from error
    if root.tag != "assessmentItem":
        raise ItemRefused("not_qti", path)
    return _read_item(root, posixpath.dirname(path), files, language, shelf)


def _read_item(
    root: Element, folder: str, files: Mapping[str, bytes], language: Language, shelf: PictureShelf
) -> ReadItem:
    own = next((value for name, value in root.attrib.items() if name == "lang"), "")
    told = language_or(own[:2].lower(), language)

    def keep(address: str) -> str:
        data = files.get(_beside(folder, address))
        if data is None or urlsplit(address).scheme:
            raise ItemRefused("picture_elsewhere", address)
        return shelf.keep(data, address)

    content = _Item(root, ItemTexts(told, keep)).content()
    dropped = ("feedback",) if _has_feedback(root) else ()
    return ReadItem((root.get("title") or root.get("identifier") or "")[:60], content, dropped)


def _has_feedback(root: Element) -> bool:
    return any(
        node.tag in {"modalFeedback", "feedbackInline", "feedbackBlock"} for node in root.iter()
    )


class _Item:
    def __init__(self, root: Element, texts: ItemTexts) -> None:
        self._root = root
        self._texts = texts
        found = [node for node in root.iter() if _is_interaction(node)]
        if not found:
            raise ItemRefused("no_interaction")
        if len(found) > 1:
            raise ItemRefused("several_interactions")
        self._node = found[0]
        if self._node.tag not in _INTERACTIONS:
            raise ItemRefused("kind_unknown", self._node.tag)
        self._declared = self._declaration(self._node.get("responseIdentifier") or "")

    def content(self) -> ItemContent:
        read: Mapping[str, Callable[[], ItemContent]] = {
            "choiceInteraction": self._choice,
            "orderInteraction": self._order,
            "matchInteraction": self._match,
            "textEntryInteraction": self._entry,
        }
        return read[self._node.tag]()

    def _declaration(self, identifier: str) -> Element:
        for node in self._root.iter("responseDeclaration"):
            if node.get("identifier") == identifier:
                return node
        raise ItemRefused("no_answers", identifier)

    # --- what is right ----------------------------------------------------------------------------

    def _correct(self) -> list[str]:
        node = self._declared.find("correctResponse")
        values = [] if node is None else [(one.text or "").strip() for one in node.iter("value")]
        return [value for value in values if value]

    def _mapped(self) -> dict[str, Decimal]:
        """Key → points; empty where nothing maps."""
        node = self._declared.find("mapping")
        if node is None:
            return {}
        if number(node.get("defaultValue") or "0") != 0:
            raise ItemRefused("default_points")
        return {
            (entry.get("mapKey") or "").strip(): number(entry.get("mappedValue") or "0")
            for entry in node.iter("mapEntry")
        }

    def _by_mapping(self) -> bool:
        """Whether points are mapped, or only the whole right response counts.

        A response processing of its own is understood where it is that of our numbers.
        """
        processing = self._root.find("responseProcessing")
        if processing is None:
            return self._declared.find("mapping") is not None
        template = (processing.get("template") or "").rpartition("/")[2].removesuffix(".xml")
        if template in {"map_response", "match_correct"}:
            return template == "map_response"
        if template or any(
            node.tag in {"customOperator", "setValue"} for node in processing.iter()
        ):
            raise ItemRefused("response_processing", template)
        tags = {node.tag for node in processing.iter()}
        if "mapResponse" in tags:
            return True
        if tags & {"match", "equal"}:
            return False
        raise ItemRefused("response_processing")

    # --- the kinds --------------------------------------------------------------------------------

    def _choice(self) -> ItemContent:
        most = int(number(self._node.get("maxChoices") or "1"))
        single = self._declared.get("cardinality") == "single" or most == 1
        stem = self._stem()
        options = self._options(self._node, "simpleChoice")
        weights, exact = self._weights(single=single)
        if not set(weights) <= set(options):
            raise ItemRefused("problem.unknown_part", min(set(weights) - set(options)))
        kind = ItemKind.SINGLE if single else ItemKind.MULTIPLE
        settled = self._texts.settled
        return choice_item(
            kind,
            settled(stem),
            [(settled(text), weights.get(ref, 0)) for ref, text in options.items()],
            shuffle=self._shuffled(),
            partial=single or not exact,
        )

    def _weights(self, *, single: bool) -> tuple[dict[str, int], bool]:
        if not self._by_mapping():
            right = self._correct()
            share = FULL if single else FULL // max(len(right), 1)
            return dict.fromkeys(right, share), True
        mapped = self._mapped()
        positive = [points for points in mapped.values() if points > 0]
        if not positive:
            raise ItemRefused("problem.no_right_choice")
        bound = self._declared.find("mapping[@upperBound]")
        whole = max(positive) if single else sum(positive)
        if bound is not None and not single:
            whole = number(bound.get("upperBound") or "")
        if whole <= 0 or any(abs(points) > whole for points in mapped.values()):
            raise ItemRefused("problem.weight_out_of_range")
        return {ref: round(points * FULL / whole) for ref, points in mapped.items()}, False

    def _order(self) -> ItemContent:
        if self._by_mapping():
            raise ItemRefused("response_processing", "map_response")
        stem = self._stem()
        options = self._options(self._node, "simpleChoice")
        order = self._correct()
        if sorted(order) != sorted(options):
            raise ItemRefused("problem.unknown_part", "correctResponse")
        settled = self._texts.settled
        steps = [settled(options[ref]) for ref in order]
        return ordering_item(settled(stem), steps, partial=False)

    def _match(self) -> ItemContent:
        sets = self._node.findall("simpleMatchSet")
        if len(sets) != 2:
            raise ItemRefused("problem.too_few", "simpleMatchSet")
        stem = self._stem()
        lefts, rights = (self._options(one, "simpleAssociableChoice") for one in sets)
        mapping = self._by_mapping()
        pairs = self._pairs(mapping=mapping)
        if set(pairs) != set(lefts) or not set(pairs.values()) <= set(rights):
            raise ItemRefused("problem.pair_missing")
        settled = self._texts.settled
        rows: list[tuple[Texts | None, Texts]] = [
            (settled(lefts[left]), settled(rights[right])) for left, right in pairs.items()
        ]
        spare = [ref for ref in rights if ref not in pairs.values()]
        rows += [(None, settled(rights[ref])) for ref in spare]
        return matching_item(settled(stem), rows, shuffle=self._shuffled(), partial=mapping)

    def _pairs(self, *, mapping: bool) -> dict[str, str]:
        """Left → right. Points must be the same for each pair, and none taken away."""
        if mapping:
            points = {key: value for key, value in self._mapped().items() if value}
            if len(set(points.values())) > 1 or any(value < 0 for value in points.values()):
                raise ItemRefused("weighted_pair")
            found = [key.split() for key in points]
        else:
            found = [value.split() for value in self._correct()]
        if any(len(pair) != 2 for pair in found) or len({pair[0] for pair in found}) < len(found):
            raise ItemRefused("pair_unreadable")
        return {pair[0]: pair[1] for pair in found}

    def _entry(self) -> ItemContent:
        base = self._declared.get("baseType")
        stem = self._stem()
        if base in {"float", "integer"}:
            return number_item(self._texts.settled(stem), [self._numeric()])
        if base != "string":
            raise ItemRefused("kind_unknown", base or "")
        if not self._by_mapping():
            answers = [(value, FULL) for value in self._correct()]
            return text_item(self._texts.settled(stem), answers, match_case=True)
        mapped = self._mapped()
        whole = max(mapped.values(), default=Decimal(0))
        if whole <= 0:
            raise ItemRefused("problem.no_right_answer")
        answers = [(text, round(points * FULL / whole)) for text, points in mapped.items()]
        cases = {entry.get("caseSensitive", "true") for entry in self._declared.iter("mapEntry")}
        if len(cases) > 1:
            raise ItemRefused("response_processing", "caseSensitive")
        return text_item(self._texts.settled(stem), answers, match_case=cases <= {"true", "1"})

    def _numeric(self) -> NumberAnswer:
        correct = self._correct()
        if self._by_mapping() or len(correct) != 1:
            raise ItemRefused("response_processing", "map_response")
        value = number(correct[0])
        node = next(self._root.iter("equal"), None)
        mode = "exact" if node is None else node.get("toleranceMode") or "exact"
        if mode == "exact" or node is None:
            return NumberAnswer(value)
        if mode not in {"absolute", "relative"}:
            raise ItemRefused("response_processing", mode)
        reaches = {number(part) for part in (node.get("tolerance") or "").split()}
        if len(reaches) != 1:
            raise ItemRefused("response_processing", "tolerance")
        (reach,) = reaches
        # QTI gives a relative tolerance in percent.
        return NumberAnswer(value, reach / 100 if mode == "relative" else reach, mode == "relative")

    # --- texts ------------------------------------------------------------------------------------

    def _shuffled(self) -> bool:
        return (self._node.get("shuffle") or "false") in {"true", "1"}

    def _options(self, node: Element, tag: str) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for one in node.findall(tag):
            ref = one.get("identifier") or ""
            if not ref or ref in found:
                raise ItemRefused("identifier", ref)
            found[ref] = self._texts.read(_inner(one), html=True)
        return found

    def _stem(self) -> dict[str, str]:
        """The body around the interaction, and its prompt; an entry leaves its place."""
        body = self._root.find("itemBody")
        if body is None:
            raise ItemRefused("problem.text_missing", "itemBody")
        found = self._texts.read(_inner(body, leave_out=self._node), html=True)
        # A place to write on a line of its own is no gap in the text.
        text = {code: one.removesuffix("\n_____") for code, one in found.items()}
        prompt = self._node.find("prompt")
        if prompt is None:
            return text
        asked = self._texts.read(_inner(prompt), html=True)
        codes = set(text) | set(asked)
        return {
            code: "\n".join(
                part for found in (text, asked) if (part := found.get(code, found.get("", "")))
            )
            for code in codes
        }


def _is_interaction(node: Element) -> bool:
    return isinstance(node.tag, str) and node.tag.endswith("Interaction")


def _inner(node: Element, leave_out: Element | None = None) -> str:
    """What stands in it, as HTML; comments and notes to the marker are none of it."""
    pieces = [_plain(node.text or "")]
    for child in node:
        if child is leave_out:
            if child.tag == "textEntryInteraction":
                pieces.append(" _____ ")
        elif isinstance(child.tag, str) and child.tag not in {"rubricBlock", "feedbackInline"}:
            pieces.append(_with_tags(child, leave_out))
        pieces.append(_plain(child.tail or ""))
    return "".join(pieces)


def _with_tags(node: Element, leave_out: Element | None) -> str:
    if node.tag == "img":
        bare = Element("img", {name: node.get(name) or "" for name in ("src", "alt")})
        return tostring(bare, "unicode")
    return f"<{node.tag}>{_inner(node, leave_out)}</{node.tag}>"


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
