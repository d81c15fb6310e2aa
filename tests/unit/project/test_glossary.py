"""The glossary says what pages say: roles and flag kinds in three languages."""

from pathlib import Path

import pytest

from analysis.policy import FORM1_ITEM
from exam_api.domain.roles import Role
from exam_api.web.i18n import catalogue

ROOT = Path(__file__).resolve().parents[3]
LANGUAGES = ("kk", "ru", "en")


def rows() -> dict[str, list[str]]:
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs/glossary.md").read_text().splitlines()
        if line.startswith("| ")
    ]
    return {first: rest for first, *rest in cells}


def words(key: str) -> list[str]:
    return [str(catalogue(language).messages[key]) for language in LANGUAGES]


@pytest.mark.parametrize("role", Role)
def test_a_role_is_called_as_on_the_pages(role: Role) -> None:
    assert rows()[role.value][:3] == words(f"role.{role.value}")


@pytest.mark.parametrize("kind", FORM1_ITEM)
def test_a_flag_kind_is_called_as_on_the_pages(kind: str) -> None:
    assert rows()[kind][:3] == words(f"flag.{kind}")
