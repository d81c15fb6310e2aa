"""Who acts. A person may hold several roles at once (domain.md, People)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from exam_api.domain.languages import Language


class Role(StrEnum):
    """Stored codes, translated only at the edge."""

    STUDENT = "student"
    PROCTOR = "proctor"
    MEMBER = "member"
    TESTING_CENTRE = "testing_centre"
    DEAN_OFFICE = "dean_office"
    TEACHER = "teacher"
    DEPARTMENT_HEAD = "department_head"
    REGISTRAR = "registrar"
    COMMISSION = "commission"  # S-12, S-18: decides on acts
    APPEAL_COMMISSION = "appeal_commission"
    ADMINISTRATOR = "administrator"


# These watch over every exam (S-9, S-18): they read all, and decide nothing.
OVERSEERS: Final = frozenset({Role.TESTING_CENTRE, Role.REGISTRAR, Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Actor:
    """The logged-in person behind a request.

    ``faculty_id`` is the faculty of a dean's office, ``department_id`` the department of a teacher
    or a head: what they see is theirs. Before anything else one ``must_change_password`` that was
    given out, and ``must_choose_session`` where an exam of theirs is running in another one.
    """

    id: str
    full_name: str
    language: Language
    roles: frozenset[Role]
    faculty_id: str | None = None
    department_id: str | None = None
    must_change_password: bool = False
    must_choose_session: bool = False

    def has(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)

    @property
    def oversees(self) -> bool:
        return not self.roles.isdisjoint(OVERSEERS)
