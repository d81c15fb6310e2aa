"""People's records: made, changed, disabled (never deleted), with one-time passwords.

Each change is in the audit log, and ends the person's sessions where it changes what they may do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from exam_api.domain.errors import Forbidden, InvalidRequest
from exam_api.domain.ids import new_id
from exam_api.domain.people import PersonData, may_keep, may_list_people
from exam_api.domain.roles import Actor, Role
from exam_api.services.accounts import Accounts
from exam_api.services.audit import AuditEntry, AuditNote, Facts
from exam_api.services.numbered_pages import NumberedPage, PageWanted
from exam_api.services.paging import Page, PageAsk, page_of
from exam_api.services.people_ports import (
    PeopleFilter,
    PeopleUnit,
    PeopleUnits,
    PersonRecord,
    PlaceKind,
)
from exam_api.services.ports import Clock

REASON_LIMIT: Final = 500
_ENTRIES: Final = 50


class InvalidRecord(InvalidRequest):
    """``problems``: field → code of what is wrong with it."""

    code = "record_invalid"

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{field}: {code}" for field, code in problems.items()))
        self.problems = problems


class OwnAccountKept(InvalidRequest):
    """Nobody shuts oneself out: another administrator must do it."""

    code = "own_account_kept"


@dataclass(frozen=True, slots=True)
class NewPassword:
    """``password`` is shown once: only its hash is kept."""

    person: PersonRecord
    password: str


class PeopleDesk:
    def __init__(self, units: PeopleUnits, clock: Clock, accounts: Accounts) -> None:
        self._units = units
        self._clock = clock
        self._accounts = accounts

    async def page(
        self, actor: Actor, wanted: PeopleFilter, page: PageWanted
    ) -> NumberedPage[PersonRecord]:
        _require_list(actor)
        async with self._units.read() as unit:
            return await unit.directory.page(wanted, page)

    async def after(self, actor: Actor, wanted: PeopleFilter, ask: PageAsk) -> Page[PersonRecord]:
        """For programs: in the order in which the records were made."""
        _require_list(actor)
        async with self._units.read() as unit:
            found = await unit.directory.after(wanted, ask)
        return page_of(found, ask, lambda person: (person.id,))

    async def get(self, actor: Actor, user_id: str) -> PersonRecord:
        _require_list(actor)
        async with self._units.read() as unit:
            return await unit.directory.get(user_id)

    async def history(self, actor: Actor, user_id: str) -> NumberedPage[AuditEntry]:
        """The newest changes of this person's record."""
        _require_list(actor)
        async with self._units.read() as unit:
            return await unit.audit.page(PageWanted(size=_ENTRIES), about=user_id)

    async def create(self, actor: Actor, data: PersonData) -> NewPassword:
        """InvalidRecord, Forbidden."""
        data = _checked(actor, data)
        issued = await self._accounts.issue_password()
        user_id = new_id()
        async with self._units.write() as unit:
            await _require_places(unit, data)
            if not await unit.directory.add(user_id, data, issued.hash):
                raise InvalidRecord({"login": "login_taken"})
            person = await unit.directory.get(user_id)
            facts = facts_of(person)
            await unit.audit.add(actor, "person.created", user_id, data.full_name, after=facts)
        return NewPassword(person, issued.password)

    async def change(
        self, actor: Actor, user_id: str, data: PersonData, reason: str = ""
    ) -> PersonRecord:
        """InvalidRecord, Forbidden, OwnAccountKept. Changed rights end the person's sessions."""
        data = _checked(actor, data)
        async with self._units.write() as unit:
            before = await _kept(unit, actor, user_id)
            _require_not_own_right(actor, before, data)
            await _require_places(unit, data)
            if not await unit.directory.change(user_id, data):
                raise InvalidRecord({"login": "login_taken"})
            after = await unit.directory.get(user_id)
            if after == before:
                return after
            await record_change(unit, actor, before, after, reason=stated(reason))
            ended = rights_of(before.data) != rights_of(data)
            if ended:
                await unit.sessions.revoke_all(user_id, at=self._clock.now())
        if ended:
            self._accounts.sessions_ended(user_id)
        return after

    async def set_disabled(
        self, actor: Actor, user_id: str, reason: str, *, disabled: bool
    ) -> PersonRecord:
        """A disabled person is logged out and cannot log in; all that they did stays."""
        async with self._units.write() as unit:
            person = await _kept(unit, actor, user_id)
            if user_id == actor.id:
                raise OwnAccountKept
            reason = stated(reason, needed=True)
            if person.disabled == disabled:
                return person
            await unit.directory.set_disabled(user_id, disabled=disabled)
            await unit.sessions.revoke_all(user_id, at=self._clock.now())
            what = "person.disabled" if disabled else "person.enabled"
            await unit.audit.add(actor, what, user_id, person.data.full_name, reason=reason)
            person = await unit.directory.get(user_id)
        self._accounts.sessions_ended(user_id)
        return person

    async def reset_password(self, actor: Actor, user_id: str) -> NewPassword:
        """A new one-time password; whoever is logged in with the old one is out."""
        issued = await self._accounts.issue_password()
        async with self._units.write() as unit:
            person = await _kept(unit, actor, user_id)
            await unit.directory.give_password(user_id, issued.hash)
            await unit.sessions.revoke_all(user_id, at=self._clock.now())
            name = person.data.full_name
            await unit.audit.add(actor, "person.password_reset", user_id, name)
        self._accounts.sessions_ended(user_id)
        return NewPassword(person, issued.password)


def facts_of(person: PersonRecord) -> Facts:
    """The record as an audit entry shows it: codes and names, no ids."""
    data = person.data
    facts = {
        "login": data.login,
        "full_name": data.full_name,
        "language": data.language,
        "email": data.email or "",
        "roles": ", ".join(sorted(data.roles)),
        "group": person.group,
        "faculty": person.faculty["kk"] if person.faculty else "",
        "department": person.department["kk"] if person.department else "",
    }
    return {field: value for field, value in facts.items() if value}


async def record_change(
    unit: PeopleUnit,
    actor: Actor | None,
    before: PersonRecord,
    after: PersonRecord,
    *,
    reason: str = "",
) -> None:
    await unit.audit.add_all(actor, [replace(change_note(before, after), reason=reason)])


def change_note(before: PersonRecord, after: PersonRecord) -> AuditNote:
    old, new = facts_of(before), facts_of(after)
    differ = [field for field in {**old, **new} if old.get(field) != new.get(field)]
    return AuditNote(
        "person.changed",
        after.id,
        after.data.full_name,
        before={field: old.get(field, "") for field in differ},
        after={field: new.get(field, "") for field in differ},
    )


def rights_of(data: PersonData) -> tuple[object, ...]:
    """What decides on what the person may see and do."""
    return (data.roles, data.faculty_id, data.department_id)


def stated(reason: str, *, needed: bool = False) -> str:
    reason = reason.strip()
    if (needed and not reason) or len(reason) > REASON_LIMIT or "\0" in reason:
        raise InvalidRecord({"reason": "reason_missing"})
    return reason


def _require_list(actor: Actor) -> None:
    if not may_list_people(actor):
        raise Forbidden


def _checked(actor: Actor, data: PersonData) -> PersonData:
    data = data.tidied()
    if not may_keep(actor, data.roles):
        raise Forbidden
    problems = data.problems()
    if problems:
        raise InvalidRecord(problems)
    return data


async def _require_places(unit: PeopleUnit, data: PersonData) -> None:
    """InvalidRecord where the record names a group, faculty or department that is not there."""
    named = {
        "group": (PlaceKind.GROUP, data.group_id),
        "faculty": (PlaceKind.FACULTY, data.faculty_id),
        "department": (PlaceKind.DEPARTMENT, data.department_id),
    }
    problems = {
        field: f"{field}_unknown"
        for field, (kind, place_id) in named.items()
        if place_id is not None and not await unit.structure.has(kind, place_id)
    }
    if problems:
        raise InvalidRecord(problems)


async def _kept(unit: PeopleUnit, actor: Actor, user_id: str) -> PersonRecord:
    _require_list(actor)
    person = await unit.directory.lock(user_id)
    if not may_keep(actor, person.data.roles):
        raise Forbidden
    return person


def _require_not_own_right(actor: Actor, before: PersonRecord, data: PersonData) -> None:
    loses = Role.ADMINISTRATOR in before.data.roles - data.roles
    if before.id == actor.id and loses:
        raise OwnAccountKept
