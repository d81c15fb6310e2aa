"""The columns of a file of people, by the names that offices give them in three languages."""

from collections.abc import Mapping
from typing import Final

from exam_api.domain.roles import Role

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "login": ("login", "логин", "user name", "пайдаланушы аты"),
    "full_name": ("full_name", "full name", "name", "аты-жөні", "тегі, аты, әкесінің аты", "ажө",
                  "аәжә", "атә", "фио", "ф.и.о.", "имя"),
    "roles": ("roles", "role", "рөлі", "рөлдері", "роль", "роли"),
    "group": ("group", "топ", "тобы", "топ №", "группа"),
    "programme": ("programme", "ббб", "білім беру бағдарламасы", "мамандығы", "оп",
                  "образовательная программа", "специальность"),
    "course": ("course", "year", "курс", "курсы"),
    "faculty": ("faculty", "факультет", "факультеті"),
    "department": ("department", "кафедра", "кафедрасы"),
    "email": ("email", "e-mail", "пошта", "электрондық пошта", "почта", "эл. почта",
              "электронная почта"),
    "language": ("language", "тіл", "тілі", "язык"),
    "disabled": ("disabled", "өшірілген", "отключен", "отключён"),
}  # fmt: skip
NEEDED: Final = ("login", "full_name")
_BY_NAME: Final = {name: column for column, names in COLUMNS.items() for name in names}
_YES: Final = frozenset({"1", "yes", "true", "иә", "ия", "да", "+"})
_NO: Final = frozenset({"0", "no", "false", "жоқ", "нет"})


def column_of(heading: str) -> str | None:
    return _BY_NAME.get(" ".join(heading.casefold().split()))


def yes_or_no(text: str) -> bool | None:
    """None: neither."""
    word = text.casefold()
    return True if word in _YES else False if word in _NO else None


def roles_of(text: str, names: Mapping[str, Role]) -> frozenset[Role] | None:
    """Codes or names, between commas or semicolons. None: one of them is no role."""
    words = [word.strip().casefold() for word in text.replace(";", ",").split(",")]
    found = [names.get(word) for word in words if word]
    known = frozenset(role for role in found if role is not None)
    return known if found and None not in found else None
