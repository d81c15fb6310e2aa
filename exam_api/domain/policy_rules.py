"""What kinds of settings a policy has: how a stored value is read, checked and described.

A setting is declared with its kind beside its type: ``Annotated[int, Whole("T-4.5", least=1)]``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Protocol, get_type_hints

from exam_api.domain.errors import InvalidRequest


class SettingWrong(InvalidRequest):
    """``field``: the setting, as forms name it."""

    code = "setting_wrong"

    def __init__(self, name: str = "", must_be: str = "") -> None:
        super().__init__(f"policy: {name} must be {must_be}" if name else "")
        self.field = f"policy.{name}"


class Rule(Protocol):
    """``clause``: where the procedures name the setting."""

    @property
    def clause(self) -> str: ...

    def read(self, stored: object) -> object:
        """The value of a stored one, or of the value itself. ValueError says what it must be."""
        ...


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between ``least`` and ``most``."""

    clause: str
    least: int = 0
    most: int = 100_000

    def read(self, stored: object) -> int:
        # bool is an int in Python; in a stored policy it is a mistake.
        if type(stored) is not int or not self.least <= stored <= self.most:
            raise ValueError(f"a whole number from {self.least} to {self.most}")
        return stored


@dataclass(frozen=True, slots=True)
class Switch:
    clause: str

    def read(self, stored: object) -> bool:
        if not isinstance(stored, bool):
            raise ValueError("true or false")  # noqa: TRY004 - one error for what a value must be
        return stored


@dataclass(frozen=True, slots=True)
class OneOf:
    """One code of several."""

    clause: str
    codes: type[StrEnum]

    def read(self, stored: object) -> StrEnum:
        if not isinstance(stored, str) or stored not in list(self.codes):
            raise ValueError(f"one of {', '.join(self.codes)}")
        return self.codes(stored)


@dataclass(frozen=True, slots=True)
class SomeOf:
    """Any of several codes, each at most once; stored as a list."""

    clause: str
    codes: Iterable[StrEnum]

    def read(self, stored: object) -> tuple[StrEnum, ...]:
        listed = stored if isinstance(stored, list | tuple) else [None]
        known = [code for code in self.codes if code in listed]
        if len(known) != len(listed):
            raise ValueError(f"a list of any of {', '.join(self.codes)}, each once")
        return tuple(known)


@cache
def rules_of(policy: type) -> Mapping[str, Rule]:
    """By setting, in the order in which they are declared."""
    hints = get_type_hints(policy, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


def read_setting(rule: Rule, name: str, stored: object) -> object:
    """SettingWrong."""
    try:
        return rule.read(stored)
    except ValueError as error:
        raise SettingWrong(name, str(error)) from None


def stored(value: object) -> object:
    """As JSON keeps it."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [stored(one) for one in value]
    return value.value if isinstance(value, StrEnum) else value
