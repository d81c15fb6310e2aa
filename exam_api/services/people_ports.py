"""People and the structure of the university, as those who keep the records see them."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from exam_api.domain.exam_format import ExamFormat
from exam_api.domain.languages import Texts
from exam_api.domain.people import PersonData
from exam_api.domain.roles import Role
from exam_api.services.audit import Audit
from exam_api.services.numbered_pages import NumberedPage, PageWanted
from exam_api.services.paging import PageAsk
from exam_api.services.ports import Sessions


class PlaceKind(StrEnum):
    """Stored codes; also in addresses of pages."""

    FACULTY = "faculty"
    DEPARTMENT = "department"
    PROGRAMME = "programme"
    GROUP = "study_group"
    DISCIPLINE = "discipline"


@dataclass(frozen=True, slots=True)
class PlaceData:
    """``code`` of a programme and of a discipline, ``exam_format`` of a discipline (S-1).

    ``course`` of a group; its name is in all languages one.
    ``parent_id``: the faculty of a department (or none) and of a programme, a group's programme,
    a discipline's department.
    """

    kind: PlaceKind
    name: Texts
    code: str = ""
    course: int | None = None
    parent_id: str | None = None
    exam_format: ExamFormat | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """``people``: who belong to it; of a discipline, the teachers named for it (row 2)."""

    id: str
    data: PlaceData
    disabled: bool
    parent: Texts | None = None
    people: int = 0


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """``group``, ``faculty`` and ``department`` are names for people to read."""

    id: str
    data: PersonData
    disabled: bool
    must_change_password: bool
    group: str = ""
    faculty: Texts | None = None
    department: Texts | None = None


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Empty: everybody. ``text`` is looked for in name, log-in and e-mail."""

    text: str = ""
    role: Role | None = None
    faculty_id: str = ""
    group_id: str = ""
    course: int | None = None
    disabled: bool | None = None


@dataclass(frozen=True, slots=True)
class NewPerson:
    """``password_hash``: of a one-time password."""

    id: str
    data: PersonData
    password_hash: str
    disabled: bool = False


class Directory(Protocol):
    async def page(self, wanted: PeopleFilter, page: PageWanted) -> NumberedPage[PersonRecord]:
        """By name."""
        ...

    async def after(self, wanted: PeopleFilter, ask: PageAsk) -> Sequence[PersonRecord]:
        """In the order in which they were made, up to one more than asked."""
        ...

    async def get(self, user_id: str) -> PersonRecord:
        """NotFound."""
        ...

    async def lock(self, user_id: str) -> PersonRecord:
        """Held against other writers till the unit ends. NotFound."""
        ...

    async def by_logins(self, logins: Collection[str]) -> Mapping[str, PersonRecord]: ...

    async def add(self, user_id: str, data: PersonData, password_hash: str) -> bool:
        """False where the log-in is taken. The password is one-time."""
        ...

    async def change(self, user_id: str, data: PersonData) -> bool:
        """False where the log-in is taken."""
        ...

    async def set_disabled(self, user_id: str, *, disabled: bool) -> None: ...
    async def add_all(self, people: Sequence[NewPerson]) -> None:
        """Conflict where a log-in was taken meanwhile."""
        ...

    async def change_all(self, changes: Mapping[str, PersonData]) -> None:
        """By id; the log-ins stay as they are."""
        ...

    async def set_all_disabled(self, user_ids: Sequence[str], *, disabled: bool) -> None: ...
    async def give_password(self, user_id: str, password_hash: str) -> None:
        """A one-time password: to be changed at the next log-in."""
        ...


class Structure(Protocol):
    async def places(self, kind: PlaceKind) -> Sequence[Place]:
        """By name, with how many people belong to each."""
        ...

    async def has(self, kind: PlaceKind, place_id: str) -> bool: ...
    async def add(self, place_id: str, data: PlaceData) -> bool:
        """False where the name or code is taken."""
        ...

    async def lock(self, kind: PlaceKind, place_id: str) -> Place:
        """NotFound."""
        ...

    async def change(self, place_id: str, data: PlaceData) -> bool:
        """False where the name or code is taken."""
        ...

    async def set_disabled(self, kind: PlaceKind, place_id: str, *, disabled: bool) -> None: ...


class PeopleUnit(Protocol):
    @property
    def directory(self) -> Directory: ...
    @property
    def structure(self) -> Structure: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def audit(self) -> Audit: ...


class PeopleUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[PeopleUnit]: ...
    def write(self) -> AbstractAsyncContextManager[PeopleUnit]: ...
