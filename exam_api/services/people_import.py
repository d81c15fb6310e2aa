"""People from a file: what it would change, shown first; then all of it or nothing.

An empty cell changes nothing; ``-`` takes an e-mail address away. Groups that are not there yet
are made where the row names their programme and course. Nobody is deleted: a column disables.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from exam_api.domain.errors import Conflict, Forbidden, InvalidRequest
from exam_api.domain.ids import new_id
from exam_api.domain.languages import LANGUAGES
from exam_api.domain.people import PersonData, may_keep, may_list_people
from exam_api.domain.people_columns import NEEDED, column_of, roles_of, yes_or_no
from exam_api.domain.roles import Actor, Role
from exam_api.domain.sheets import Cell, ReadSheet, Sheet, SheetUnreadable
from exam_api.services.accounts import Accounts, IssuedPassword
from exam_api.services.audit import AuditNote
from exam_api.services.directory import change_note, facts_of, rights_of
from exam_api.services.import_places import Places, PlaceUnknown, read_places
from exam_api.services.people_ports import NewPerson, PeopleUnit, PeopleUnits, PersonRecord
from exam_api.services.ports import Clock
from exam_api.services.structure import place_facts

_CLEARED: Final = "-"
_SHOWN_AT_MOST: Final = 60


class Change(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class RowProblem:
    """``row`` as the person's program numbers it; ``column`` is ours.

    ``value``: what the cell says, shortened; empty where it is empty or cannot be read.
    """

    row: int
    column: str
    code: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class PlannedPerson:
    """``before`` and ``after`` hold what differs, as people read it."""

    row: int
    change: Change
    data: PersonData
    disabled: bool
    known: PersonRecord | None
    before: Mapping[str, str]
    after: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ImportPlan:
    people: Sequence[PlannedPerson]
    problems: Sequence[RowProblem]
    places: Places

    def count(self, change: Change) -> int:
        return sum(person.change is change for person in self.people)

    @property
    def digest(self) -> str:
        """Equal for plans that do the same."""
        said = [
            (
                one.row,
                one.change,
                one.data.login,
                sorted(one.before.items()),
                sorted(one.after.items()),
            )
            for one in self.people
        ]
        made = [(place.kind, place.name["kk"]) for _, place in self.places.new]
        return hashlib.sha256(repr((said, made)).encode()).hexdigest()


class ImportRefused(InvalidRequest):
    """Some row is wrong: nothing was taken."""

    code = "import_refused"

    def __init__(self, plan: ImportPlan) -> None:
        super().__init__()
        self.plan = plan


class ImportOutdated(Conflict):
    """The records have changed since the preview: look again."""

    code = "import_outdated"

    def __init__(self, plan: ImportPlan) -> None:
        super().__init__()
        self.plan = plan


@dataclass(frozen=True, slots=True)
class GivenPassword:
    login: str
    full_name: str
    password: str


@dataclass(frozen=True, slots=True)
class Imported:
    """``passwords`` of the new people, shown once."""

    plan: ImportPlan
    passwords: Sequence[GivenPassword]


class PeopleImport:
    """``actor`` None: the command line of the server, which may do all."""

    def __init__(
        self,
        units: PeopleUnits,
        clock: Clock,
        accounts: Accounts,
        read: ReadSheet,
        role_names: Mapping[str, Role],
    ) -> None:
        self._units = units
        self._clock = clock
        self._accounts = accounts
        self._read = read
        self._role_names = role_names

    async def preview(self, actor: Actor | None, content: bytes) -> ImportPlan:
        """What the file would change. SheetUnreadable, Forbidden."""
        _require(actor)
        sheet = await self._sheet(content)
        async with self._units.read() as unit:
            return await self._plan(unit, actor, sheet)

    async def apply(
        self, actor: Actor | None, content: bytes, previewed: str | None = None
    ) -> Imported:
        """All rows or none. ``previewed``: the digest of the plan that the person has seen.

        SheetUnreadable, ImportRefused, ImportOutdated, Forbidden.
        """
        _require(actor)
        sheet = await self._sheet(content)
        issued = await self._issue(sheet)
        async with self._units.write() as unit:
            plan = await self._plan(unit, actor, sheet)
            if plan.problems:
                raise ImportRefused(plan)
            if previewed not in {None, plan.digest}:
                raise ImportOutdated(plan)
            await _make_places(unit, actor, plan.places)
            passwords = await self._write(unit, actor, plan.people, issued)
        for one in plan.people:
            if one.known is not None:
                self._accounts.sessions_ended(one.known.id)
        return Imported(plan, passwords)

    async def _sheet(self, content: bytes) -> Sheet:
        """In a thread: a workbook takes its time, and exams are running. SheetUnreadable."""
        sheet = await asyncio.to_thread(self._read, content, _is_column)
        columns = [column_of(heading) for heading in sheet.heading]
        named = [column for column in columns if column is not None]
        if any(column not in named for column in NEEDED):
            raise SheetUnreadable("columns_missing")
        if len(set(named)) != len(named):
            raise SheetUnreadable("columns_twice")
        return replace(sheet, heading=tuple(column or "" for column in columns))

    async def _plan(self, unit: PeopleUnit, actor: Actor | None, sheet: Sheet) -> ImportPlan:
        rows = _rows(sheet)
        planner = _Planner(
            actor,
            await unit.directory.by_logins(_logins(rows)),
            await read_places(unit.structure),
            self._role_names,
        )
        for number, cells in rows:
            planner.take(number, cells)
        return ImportPlan(planner.people, planner.problems, planner.places)

    async def _issue(self, sheet: Sheet) -> list[IssuedPassword]:
        """For whoever is not known yet, before the database is held: exams may be running."""
        logins = _logins(_rows(sheet))
        async with self._units.read() as unit:
            known = await unit.directory.by_logins(logins)
        return await self._accounts.issue_passwords(len(logins) - len(known))

    async def _write(
        self,
        unit: PeopleUnit,
        actor: Actor | None,
        people: Sequence[PlannedPerson],
        issued: list[IssuedPassword],
    ) -> list[GivenPassword]:
        """In few statements, for the same reason."""
        passwords, new, changes = [], [], {}
        for one in people:
            if one.known is None:
                # None is left where a log-in was renamed meanwhile.
                password = issued.pop() if issued else await self._accounts.issue_password()
                new.append(NewPerson(new_id(), one.data, password.hash, one.disabled))
                given = GivenPassword(one.data.login, one.data.full_name, password.password)
                passwords.append(given)
            elif one.data != one.known.data:
                changes[one.known.id] = one.data
        await unit.directory.add_all(new)
        await unit.directory.change_all(changes)
        await _switch(unit, people)
        logins = [one.data.login for one in people if one.change is not Change.UNCHANGED]
        after = await unit.directory.by_logins(logins)
        await unit.audit.add_all(
            actor, [note for one in people for note in _notes(one, after.get(one.data.login))]
        )
        ended = [one.known.id for one in people if one.known and _loses_sessions(one, one.known)]
        await unit.sessions.revoke_all(*ended, at=self._clock.now())
        return passwords


async def _switch(unit: PeopleUnit, people: Sequence[PlannedPerson]) -> None:
    """Who is disabled, or no longer."""
    for disabled in (True, False):
        switched = [
            one.known.id
            for one in people
            if one.known and one.disabled is disabled and one.known.disabled is not disabled
        ]
        await unit.directory.set_all_disabled(switched, disabled=disabled)


def _loses_sessions(one: PlannedPerson, known: PersonRecord) -> bool:
    return one.disabled != known.disabled or rights_of(one.data) != rights_of(known.data)


def _notes(one: PlannedPerson, after: PersonRecord | None) -> Iterator[AuditNote]:
    """``after``: as it is written by now; None where nothing is."""
    if after is None:
        return
    name = one.data.full_name
    if one.known is None:
        yield AuditNote("person.created", after.id, name, after=facts_of(after))
        return
    if one.data != one.known.data:
        yield change_note(one.known, after)
    if one.disabled != one.known.disabled:
        yield AuditNote("person.disabled" if one.disabled else "person.enabled", after.id, name)


@dataclass
class _Planner:
    actor: Actor | None
    known: Mapping[str, PersonRecord]
    places: Places
    role_names: Mapping[str, Role]
    people: list[PlannedPerson] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def take(self, number: int, cells: Mapping[str, Cell]) -> None:
        found = {column: cell.problem for column, cell in cells.items() if column and cell.problem}
        login = _login(cells)
        if login and login in self.seen:
            found["login"] = "login_twice"
        self.seen.add(login)
        known = self.known.get(login)
        data = self._data(cells, known, found)
        disabled = self._disabled(cells, known, found)
        found = {**data.problems(), **found}
        found |= self._refusal(known, data, disabled=disabled)
        self.problems += [
            RowProblem(number, column, code, _shown(cells.get(column)))
            for column, code in found.items()
        ]
        if not found:
            self.people.append(self._planned(number, known, data, disabled=disabled))

    def _data(
        self, cells: Mapping[str, Cell], known: PersonRecord | None, found: dict[str, str]
    ) -> PersonData:
        """The record as it would be; what is wrong goes to ``found``."""
        data = known.data if known else PersonData("", "")
        given = {column: cell.text for column, cell in cells.items() if cell.text}
        email = given.get("email", data.email)
        roles = self._roles(given, data, found)
        language = given.get("language", data.language).casefold()
        if language not in LANGUAGES:
            found["language"] = "language_unknown"
        return replace(
            data,
            login=given.get("login", ""),
            full_name=given.get("full_name", data.full_name),
            language=next((one for one in LANGUAGES if one == language), data.language),
            email=None if email == _CLEARED else email,
            roles=roles,
            **self._place_ids(given, data, found),
        ).tidied()

    def _roles(
        self, given: Mapping[str, str], data: PersonData, found: dict[str, str]
    ) -> frozenset[Role]:
        if "roles" in given:
            roles = roles_of(given["roles"], self.role_names)
            if roles is None:
                found["roles"] = "role_unknown"
            return roles or data.roles
        # A file of students needs no column for what they are.
        return data.roles or (frozenset({Role.STUDENT}) if "group" in given else frozenset())

    def _place_ids(
        self, given: Mapping[str, str], data: PersonData, found: dict[str, str]
    ) -> dict[str, str | None]:
        ids = {"group_id": data.group_id, "faculty_id": data.faculty_id}
        ids["department_id"] = data.department_id
        for column in ("group", "faculty", "department"):
            if column in given:
                try:
                    ids[f"{column}_id"] = self.places.find(column, given)
                except PlaceUnknown as unknown:
                    found[unknown.column] = unknown.code
        return ids

    def _disabled(
        self, cells: Mapping[str, Cell], known: PersonRecord | None, found: dict[str, str]
    ) -> bool:
        before = known is not None and known.disabled
        cell = cells.get("disabled")
        if cell is None or not cell.text:
            return before
        answer = yes_or_no(cell.text)
        if answer is None:
            found["disabled"] = "yes_no_unknown"
        return before if answer is None else answer

    def _refusal(
        self, known: PersonRecord | None, data: PersonData, *, disabled: bool
    ) -> dict[str, str]:
        """A row that this actor may not bring about."""
        if self.actor is None:
            return {}
        if not may_keep(self.actor, data.roles | (known.data.roles if known else frozenset())):
            return {"roles": "role_not_permitted"}
        own = known is not None and known.id == self.actor.id
        if own and (disabled or Role.ADMINISTRATOR not in data.roles):
            return {"roles": "own_account_kept"}
        return {}

    def _planned(
        self, number: int, known: PersonRecord | None, data: PersonData, *, disabled: bool
    ) -> PlannedPerson:
        old = facts_of(known) if known else {}
        new = self.places.facts(data)
        differ = [column for column in {**old, **new} if old.get(column) != new.get(column)]
        if known is None:
            change = Change.NEW
        elif disabled and not known.disabled:
            change = Change.DISABLED
        elif differ or disabled != known.disabled:
            change = Change.CHANGED
        else:
            change = Change.UNCHANGED
        before = {column: old.get(column, "") for column in differ}
        after = {column: new.get(column, "") for column in differ}
        return PlannedPerson(number, change, data, disabled, known, before, after)


async def _make_places(unit: PeopleUnit, actor: Actor | None, places: Places) -> None:
    for place_id, data in places.new:
        await unit.structure.add(place_id, data)
        label, facts = data.name["kk"], place_facts(data)
        await unit.audit.add(actor, f"{data.kind}.created", place_id, label, after=facts)


def _is_column(heading: str) -> bool:
    return column_of(heading) is not None


def _shown(cell: Cell | None) -> str:
    text = cell.text if cell else ""
    return text if len(text) <= _SHOWN_AT_MOST else f"{text[: _SHOWN_AT_MOST - 1]}…"


def _rows(sheet: Sheet) -> list[tuple[int, dict[str, Cell]]]:
    return [(number, dict(zip(sheet.heading, cells, strict=False))) for number, cells in sheet.rows]


def _logins(rows: Sequence[tuple[int, Mapping[str, Cell]]]) -> set[str]:
    return {_login(cells) for _, cells in rows} - {""}


def _login(cells: Mapping[str, Cell]) -> str:
    cell = cells.get("login")
    return PersonData(cell.text, "").tidied().login if cell else ""


def _require(actor: Actor | None) -> None:
    if actor is not None and not may_list_people(actor):
        raise Forbidden
