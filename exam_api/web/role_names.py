"""Roles by every name that a file may give them: the code, and the words of the pages."""

from collections.abc import Mapping

from exam_api.domain.languages import LANGUAGES
from exam_api.domain.roles import Role
from exam_api.web.i18n import catalogue


def role_names() -> Mapping[str, Role]:
    """Casefolded name → role."""
    names = {role.value: role for role in Role}
    for language in LANGUAGES:
        say = catalogue(language)
        names |= {say(f"role.{role.value}").casefold(): role for role in Role}
    return names
