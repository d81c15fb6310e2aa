"""A person's record: what may stand in it, and who may keep whose."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from exam_api.domain.languages import LANGUAGES, Language
from exam_api.domain.roles import Actor, Role

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
_EMAIL: Final = re.compile(r"[^\s@<>\"',;:()\[\]\\]{1,64}@[^\s@<>\"',;:()\[\]\\]+\.[^\s@.]{2,}")
_NAME_LIMIT: Final = 200
_EMAIL_LIMIT: Final = 254
OF_DEPARTMENT: Final = frozenset({Role.TEACHER, Role.DEPARTMENT_HEAD})


@dataclass(frozen=True, slots=True)
class PersonData:
    """What is kept of a person by those who keep the records; places are ids."""

    login: str
    full_name: str
    language: Language = "kk"
    email: str | None = None
    roles: frozenset[Role] = frozenset()
    group_id: str | None = None
    faculty_id: str | None = None
    department_id: str | None = None

    def tidied(self) -> "PersonData":
        """As it is stored: composed letters, single spaces; places that no role asks for go."""
        return replace(
            self,
            login=unicodedata.normalize("NFC", self.login).strip().casefold(),
            full_name=" ".join(unicodedata.normalize("NFC", self.full_name).split()),
            email=(self.email or "").strip() or None,
            group_id=self.group_id if Role.STUDENT in self.roles else None,
            faculty_id=self.faculty_id if Role.DEAN_OFFICE in self.roles else None,
            department_id=self.department_id if self.roles & OF_DEPARTMENT else None,
        )

    def problems(self) -> Mapping[str, str]:
        """Field → code of what is wrong with it, for a tidied record."""
        found = {
            "login": None if _LOGIN.fullmatch(self.login) else "login_malformed",
            "full_name": _name_problem(self.full_name),
            "language": None if self.language in LANGUAGES else "language_unknown",
            "email": _email_problem(self.email),
            "roles": None if self.roles else "role_missing",
            "group": _missing(Role.STUDENT in self.roles, self.group_id, "group_missing"),
            "faculty": _missing(Role.DEAN_OFFICE in self.roles, self.faculty_id, "faculty_missing"),
            "department": _missing(
                bool(self.roles & OF_DEPARTMENT), self.department_id, "department_missing"
            ),
        }
        return {field: code for field, code in found.items() if code is not None}


def _name_problem(name: str) -> str | None:
    if len(name) < 2 or len(name) > _NAME_LIMIT or not name.isprintable():
        return "name_malformed"
    # What a file that was saved in a code page without Kazakh letters has in their place.
    return "letters_lost" if "?" in name or "\ufffd" in name else None


def _email_problem(email: str | None) -> str | None:
    if email is None:
        return None
    if len(email) <= _EMAIL_LIMIT and email.isprintable() and _EMAIL.fullmatch(email):
        return None
    return "email_malformed"


def _missing(wanted: bool, value: str | None, code: str) -> str | None:
    return code if wanted and value is None else None


def searchable(*texts: str | None) -> str:
    """What a search looks through: the databases fold Kazakh and Russian letters differently."""
    return " ".join(text for text in texts if text).casefold()


def may_list_people(actor: Actor) -> bool:
    return actor.has(Role.ADMINISTRATOR, Role.REGISTRAR)


def may_read_audit(actor: Actor) -> bool:
    return actor.has(Role.ADMINISTRATOR)


def may_keep(actor: Actor, roles: frozenset[Role]) -> bool:
    """The administrator keeps everybody's record, the registrar those who are students only."""
    if actor.has(Role.ADMINISTRATOR):
        return True
    return actor.has(Role.REGISTRAR) and roles <= {Role.STUDENT}
