"""What a student answers, by the kind of the item. Values as the page sends them; no judgement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

TEXT_LIMIT: Final = 500
PARTS_LIMIT: Final = 100
_REF_LIMIT: Final = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleResponse:
    kind: Literal["single"] = "single"
    choice: str

    @property
    def blank(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipleResponse:
    kind: Literal["multiple"] = "multiple"
    choices: tuple[str, ...]

    def __post_init__(self) -> None:
        _require_different(self.choices)

    @property
    def blank(self) -> bool:
        return not self.choices


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingResponse:
    """Left side → right side, as far as it was answered."""

    kind: Literal["matching"] = "matching"
    pairs: Mapping[str, str]

    def __post_init__(self) -> None:
        _require_different(tuple(self.pairs))

    @property
    def blank(self) -> bool:
        return not self.pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class _TypedResponse:
    text: str

    def __post_init__(self) -> None:
        _require_short(self.text)

    @property
    def blank(self) -> bool:
        return not self.text.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextResponse(_TypedResponse):
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberResponse(_TypedResponse):
    """As it was typed: "3,14" stays what the student wrote, for an appeal."""

    kind: Literal["number"] = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderingResponse:
    kind: Literal["ordering"] = "ordering"
    order: tuple[str, ...]

    def __post_init__(self) -> None:
        _require_different(self.order)

    @property
    def blank(self) -> bool:
        return not self.order


Response = (
    SingleResponse
    | MultipleResponse
    | MatchingResponse
    | TextResponse
    | NumberResponse
    | OrderingResponse
)


def _require_different(refs: tuple[str, ...]) -> None:
    if len(refs) > PARTS_LIMIT or any(len(ref) > _REF_LIMIT for ref in refs):
        raise ValueError("too many or too long")
    if len(set(refs)) != len(refs):
        raise ValueError("the same one twice")


def _require_short(text: str) -> None:
    # PostgreSQL stores no NUL; half a surrogate pair is no text.
    if len(text) > TEXT_LIMIT or "\0" in text:
        raise ValueError(f"at most {TEXT_LIMIT} characters, and none of them NUL")
    text.encode()
