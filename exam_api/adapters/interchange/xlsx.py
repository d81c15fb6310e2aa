"""Items as a table, our own template: a row an item, in three languages.

A cell may hold several lines: an answer each. What is right stands in a column of its own: the
numbers of choices ("1, 3" or "1=100%, 2=50%"), accepted texts or numbers ("3.14 ± 0.01",
"9.81 ± 2%", each with "| 50%" for a part of the mark). Matching: "left => right" lines. A line
break within an answer is written ⏎.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils.exceptions import InvalidFileException

from exam_api.adapters.interchange.archives import unpacked
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
from exam_api.domain.item_rules import DIFFICULTIES, ItemContent
from exam_api.domain.items import (
    FULL,
    ChoiceKey,
    ItemKind,
    MatchingKey,
    NumberAnswer,
    OrderingKey,
    TextKey,
    even_weights,
)
from exam_api.domain.languages import LANGUAGES, Language, Texts
from exam_api.services.interchange import (
    ITEMS_LIMIT,
    FileRefused,
    ItemRefused,
    ReadFile,
    ReadItem,
    Refusal,
    WrittenFile,
)

HEADINGS: Final = (
    "kind",
    "topic",
    "difficulty",
    *(f"question {code}" for code in LANGUAGES),
    *(f"answers {code}" for code in LANGUAGES),
    "right",
    "settings",
)
MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BREAK: Final = "⏎"
_ARROW: Final = "=>"
_CELL_LIMIT: Final = 32_767
_WEIGHED: Final = re.compile(r"0*(\d{1,9})\s*(?:=\s*(-?[\d.,]+)\s*%)?")
Row = Mapping[str, str]


# --- reading --------------------------------------------------------------------------------------


def read_xlsx(data: bytes, language: Language) -> ReadFile:  # noqa: ARG001 - columns say theirs
    """FileRefused."""
    rows = _rows(data)
    items, refused = collected([(f"{line}", partial(_read, row)) for line, row in rows])
    return ReadFile(items, refused)


def _rows(data: bytes) -> list[tuple[int, Row]]:
    unpacked(data)  # refuses bombs before anybody reads the sheets
    try:
        # Not read-only: that reader gives formulas no other mark than their text.
        book = load_workbook(io.BytesIO(data), data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        lines = sheet.iter_rows(max_row=ITEMS_LIMIT + 2, max_col=len(HEADINGS) + 20)
        heading, *rest = ([(cell.value, cell.data_type) for cell in line] for line in lines)
    except FileRefused:
        raise
    except (InvalidFileException, ValueError, KeyError, IndexError, TypeError) as error:
        raise FileRefused("not_xlsx") from error
    except Exception as error:
        raise FileRefused("unreadable") from error
    names = [str(value or "").strip().lower() for value, _ in heading]
    if missing := [name for name in ("kind", "right") if name not in names]:
        raise FileRefused(f"column_missing_{missing[0]}")
    return [
        (line, dict(zip(names, map(_cell, cells), strict=True)))
        for line, cells in enumerate(rest, 2)
        if any(value is not None for value, _ in cells)
    ]


def _cell(cell: tuple[object, str]) -> str:
    value, kind = cell
    if kind == "f":
        return "\0formula"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def _read(row: Row) -> ReadItem:
    if "\0formula" in row.values():
        raise ItemRefused("formula_in_cell")
    try:
        kind = ItemKind(row["kind"].lower())
    except ValueError:
        raise ItemRefused("kind_unknown", row["kind"]) from None
    content = _CONTENT[kind](row)
    difficulty = row.get("difficulty") or "2"
    if difficulty not in {str(one) for one in DIFFICULTIES}:
        raise ItemRefused("problem.difficulty_unknown", difficulty)
    content = replace(content, topic=row.get("topic", ""), difficulty=int(difficulty))
    if len(content.topic) > 200:
        raise ItemRefused("problem.too_long", "topic")
    return ReadItem(next(iter(content.body.stem.values()))[:60], content)


def _stem(row: Row) -> Texts:
    return {
        code: _broken(row[f"question {code}"]) for code in LANGUAGES if row.get(f"question {code}")
    }


def _broken(text: str) -> str:
    return text.replace("\r\n", "\n").replace(_BREAK, "\n").strip()


def _lines(cell: str) -> list[str]:
    return [line.strip() for line in cell.splitlines() if line.strip()]


def _answers(row: Row) -> list[Texts]:
    """The lines of the answer cells, side by side."""
    stem = _stem(row)
    columns = {code: _lines(row.get(f"answers {code}", "")) for code in stem}
    if len({len(lines) for lines in columns.values()}) > 1:
        raise ItemRefused("answers_uneven")
    count = len(next(iter(columns.values()), []))
    return [{code: _broken(columns[code][place]) for code in columns} for place in range(count)]


def _is_set(row: Row, word: str) -> bool:
    return word in row.get("settings", "").lower().replace(",", " ").split()


def _choice(row: Row) -> ItemContent:
    kind = ItemKind(row["kind"].lower())
    answers = _answers(row)
    given: dict[int, int | None] = {}
    for part in filter(None, (one.strip() for one in row["right"].split(","))):
        found = _WEIGHED.fullmatch(part)
        if found is None or not 1 <= int(found[1]) <= len(answers):
            raise ItemRefused("right_unknown", part)
        given[int(found[1])] = weight_of(found[2]) if found[2] else None
    weighed = any(weight is not None for weight in given.values())
    usual = (FULL, 0)
    if kind is ItemKind.MULTIPLE and given and not weighed:
        usual = even_weights(len(given), len(answers) - len(given))
    weights = [
        (given[place] if given[place] is not None else usual[0])
        if place in given
        else (0 if weighed else usual[1])
        for place in range(1, len(answers) + 1)
    ]
    choices = [(text, weight or 0) for text, weight in zip(answers, weights, strict=True)]
    return choice_item(
        kind,
        _stem(row),
        choices,
        shuffle=not _is_set(row, "fixed"),
        partial=not _is_set(row, "exact"),
    )


def _matching(row: Row) -> ItemContent:
    stem = _stem(row)
    pairs: list[tuple[Texts | None, Texts]] = []
    for texts in _answers(row):
        sides = {code: text.split(_ARROW) for code, text in texts.items()}
        if any(len(parts) != 2 for parts in sides.values()):
            raise ItemRefused("pair_unreadable", next(iter(texts.values()), ""))
        left = {code: parts[0].strip() for code, parts in sides.items()}
        right = {code: parts[1].strip() for code, parts in sides.items()}
        pairs.append((left if any(left.values()) else None, right))
    shuffle, exact = not _is_set(row, "fixed"), _is_set(row, "exact")
    return matching_item(stem, pairs, shuffle=shuffle, partial=not exact)


def _ordering(row: Row) -> ItemContent:
    return ordering_item(_stem(row), _answers(row), partial=not _is_set(row, "exact"))


def _written(row: Row) -> ItemContent:
    answers = [(_broken(text), weight) for text, weight in map(_weighted, _lines(row["right"]))]
    return text_item(
        _stem(row),
        answers,
        match_case=_is_set(row, "case"),
        yo_is_ye=not _is_set(row, "no-yo"),
        plain_kazakh=_is_set(row, "plain-kazakh"),
    )


def _weighted(line: str) -> tuple[str, int]:
    text, bar, percent = line.rpartition("|")
    if not bar or not percent.strip().endswith("%"):
        return line, FULL
    return text.strip(), weight_of(percent.strip().removesuffix("%").strip())


def _number(row: Row) -> ItemContent:
    answers = []
    for text, weight in map(_weighted, _lines(row["right"])):
        value, _, tolerance = text.partition("±")
        tolerance = tolerance.strip() or "0"
        relative = tolerance.endswith("%")
        reach = number(tolerance.removesuffix("%").strip())
        answers.append(
            NumberAnswer(number(value), reach / 100 if relative else reach, relative, weight)
        )
    return number_item(_stem(row), answers)


_CONTENT: Final = {
    ItemKind.SINGLE: _choice,
    ItemKind.MULTIPLE: _choice,
    ItemKind.MATCHING: _matching,
    ItemKind.ORDERING: _ordering,
    ItemKind.TEXT: _written,
    ItemKind.NUMBER: _number,
}


# --- writing --------------------------------------------------------------------------------------


def write_xlsx(
    items: Sequence[ItemContent], _language: Language, _pictures: Mapping[str, bytes]
) -> WrittenFile:
    """Every cell is text: what begins like a formula stays a text and is never computed."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("items")
    for letter, width in zip("ABCDEFGHIJK", (10, 16, 10, *[40] * 6, 24, 14), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.append([_text(sheet, heading, bold=True) for heading in HEADINGS])
    refused: list[Refusal] = []
    for place, item in enumerate(items, 1):
        try:
            row = _row(item)
            sheet.append([_text(sheet, row.get(heading, "")) for heading in HEADINGS])
        except ItemRefused as refusal:
            refused.append(Refusal(str(place), refusal.reason, refusal.about))
    out = io.BytesIO()
    book.save(out)
    return WrittenFile(b"" if refused else out.getvalue(), MEDIA_TYPE, "xlsx", tuple(refused))


def _text(sheet: object, text: str, *, bold: bool = False) -> WriteOnlyCell:
    if len(text) > _CELL_LIMIT:
        raise ItemRefused("not_in_format", text[:40])
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    # Excel's own mark of "this is text, whatever it begins with".
    cell.quotePrefix = True
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    cell.font = Font(bold=bold)
    return cell


def _row(item: ItemContent) -> dict[str, str]:
    row = {
        "kind": item.kind.value,
        "topic": item.topic,
        "difficulty": str(item.difficulty),
        **{f"question {code}": text for code, text in item.body.stem.items()},
    }
    columns, row["right"] = _answer_cells(item)
    for code in item.languages:
        lines = [_line(texts[code]) for texts in columns]
        row[f"answers {code}"] = "\n".join(lines)
    key, words = item.key, []
    words += ["fixed"] if not item.body.shuffle else []
    words += ["exact"] if not getattr(key, "partial", True) else []
    if isinstance(key, TextKey):
        words += ["case"] if key.match_case else []
        words += ["no-yo"] if not key.yo_is_ye else []
        words += ["plain-kazakh"] if key.plain_kazakh else []
    row["settings"] = " ".join(words)
    return row


def _line(text: str) -> str:
    if _BREAK in text:
        raise ItemRefused("not_in_format", _BREAK)
    return text.replace("\n", _BREAK)


def _answer_cells(item: ItemContent) -> tuple[list[Texts], str]:
    key, body = item.key, item.body
    texts = {option.id: option.text for option in (*body.choices, *body.targets)}
    match key:
        case ChoiceKey():
            weights = [key.weights.get(option.id, 0) for option in body.choices]
            right = ", ".join(
                f"{place}={percent_of(weight)}%"
                for place, weight in enumerate(weights, 1)
                if weight
            )
            return [option.text for option in body.choices], right
        case MatchingKey():
            pairs = [_pair(option.text, texts[key.pairs[option.id]]) for option in body.choices]
            spare = [one for one in body.targets if one.id not in key.pairs.values()]
            return pairs + [_pair(dict.fromkeys(one.text, ""), one.text) for one in spare], ""
        case OrderingKey():
            return [texts[ref] for ref in key.order], ""
        case TextKey():
            return [], "\n".join(
                f"{_line(one.text)} | {percent_of(one.weight)}%" for one in key.answers
            )
    return [], "\n".join(_measure(one) for one in key.answers)


def _pair(left: Texts, right: Texts) -> Texts:
    if any(_ARROW in text for text in (*left.values(), *right.values())):
        raise ItemRefused("not_in_format", _ARROW)
    return {code: f"{left[code]} {_ARROW} {right[code]}" for code in right}


def _measure(one: NumberAnswer) -> str:
    tolerance = one.tolerance * 100 if one.relative else one.tolerance
    value, reach = (format(part.normalize(), "f") for part in (one.value, tolerance))
    return f"{value} ± {reach}{'%' if one.relative else ''} | {percent_of(one.weight)}%"
