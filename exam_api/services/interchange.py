"""Items coming from files and going to files: what each format's reader and writer gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from exam_api.domain.errors import ExamError
from exam_api.domain.item_rules import ItemContent
from exam_api.domain.languages import Language

FILE_LIMIT: Final = 20 * 1024 * 1024
ITEMS_LIMIT: Final = 5000


class FileFormat(StrEnum):
    GIFT = "gift"
    MOODLE_XML = "moodle_xml"
    QTI_21 = "qti_21"
    QTI_30 = "qti_30"
    XLSX = "xlsx"


class FileRefused(ExamError):
    """The whole file cannot be read; ``reason`` is translated at the edge."""

    code = "file_refused"
    status = 422

    def __init__(self, reason: str = "unreadable") -> None:
        super().__init__(reason)
        self.reason = reason


class ItemRefused(Exception):
    """This item cannot be held; ``reason`` is translated at the edge, ``about``: what it names."""

    def __init__(self, reason: str, about: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.about = about[:80]


@dataclass(frozen=True, slots=True)
class Refusal:
    """``place`` as the file's author finds it: a line, a name, a row."""

    place: str
    reason: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class ReadItem:
    """``dropped``: what of it is not held though the item is (feedback, marks)."""

    place: str
    content: ItemContent
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadFile:
    """``pictures``: name (as in the texts' marks) → bytes."""

    items: tuple[ReadItem, ...]
    refused: tuple[Refusal, ...]
    pictures: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """``refused``: items that the format cannot hold; with any of them there is no ``data``."""

    data: bytes
    media_type: str
    extension: str
    refused: tuple[Refusal, ...] = ()


class Reader(Protocol):
    def __call__(self, data: bytes, language: Language) -> ReadFile:
        """``language``: of texts that do not say theirs. FileRefused, and nothing else."""
        ...


Writer = Callable[[Sequence[ItemContent], Language, Mapping[str, bytes]], WrittenFile]
"""Language of formats that hold one; pictures by name."""
