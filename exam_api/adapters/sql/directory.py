"""People's records for those who keep them."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, Select, String, cast, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.people import names_of
from exam_api.adapters.sql.tables import Department, Faculty, Programme, StudentProfile, User
from exam_api.adapters.sql.tables import StudyGroup as Group
from exam_api.adapters.sql.tables.base import Base
from exam_api.domain.errors import NotFound
from exam_api.domain.languages import language_or
from exam_api.domain.people import PersonData, searchable
from exam_api.domain.roles import Role
from exam_api.services.numbered_pages import NumberedPage, PageWanted
from exam_api.services.paging import PageAsk
from exam_api.services.people_ports import NewPerson, PeopleFilter, PersonRecord

_Row = tuple[User, Group | None, Faculty | None, Department | None]
# Databases take only so many values in one statement.
_AT_ONCE = 500


def holds(role: Role) -> ColumnElement[bool]:
    """Whether a user has the role: roles are a JSON list of codes on both databases."""
    return cast(User.roles, String).contains(f'"{role.value}"')


class SqlDirectory:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, wanted: PeopleFilter, page: PageWanted) -> NumberedPage[PersonRecord]:
        rights = list(_wanted(wanted))
        count = _joined(select(func.count(User.id))).where(*rights)
        query = (
            _people()
            .where(*rights)
            .order_by(User.full_name, User.id)
            .limit(page.size)
            .offset(page.offset)
        )
        rows = [_person(row) for row in await self._session.execute(query)]
        return NumberedPage(rows, await self._session.scalar(count) or 0, page)

    async def after(self, wanted: PeopleFilter, ask: PageAsk) -> Sequence[PersonRecord]:
        rights = list(_wanted(wanted))
        if ask.after:
            rights.append(User.id > str(ask.after[0]))
        query = _people().where(*rights).order_by(User.id).limit(ask.limit + 1)
        return [_person(row) for row in await self._session.execute(query)]

    async def get(self, user_id: str) -> PersonRecord:
        return await self._one(_people().where(User.id == user_id))

    async def lock(self, user_id: str) -> PersonRecord:
        await self._session.execute(select(User.id).where(User.id == user_id).with_for_update())
        return await self.get(user_id)

    async def _one(self, query: Select[User, Group, Faculty, Department]) -> PersonRecord:
        found = (await self._session.execute(query)).first()
        if found is None:
            raise NotFound
        return _person(found)

    async def by_logins(self, logins: Collection[str]) -> Mapping[str, PersonRecord]:
        found = {}
        for wanted in _some(sorted(logins)):
            query = _people().where(User.login.in_(wanted))
            for row in await self._session.execute(query):
                person = _person(row)
                found[person.data.login] = person
        return found

    async def add(self, user_id: str, data: PersonData, password_hash: str) -> bool:
        new = await insert_once(
            self._session,
            User,
            id=user_id,
            **_values(data),
            password_hash=password_hash,
            must_change_password=True,
        )
        if new:
            await self._settle(user_id, data)
        return new

    async def change(self, user_id: str, data: PersonData) -> bool:
        same_login = select(User.id).where(User.login == data.login, User.id != user_id)
        if await self._session.scalar(same_login) is not None:
            return False
        change = update(User).where(User.id == user_id).values(**_values(data))
        await self._session.execute(change)
        await self._settle(user_id, data)
        return True

    async def _settle(self, user_id: str, data: PersonData) -> None:
        old = delete(StudentProfile).where(
            StudentProfile.user_id == user_id, StudentProfile.group_id != (data.group_id or "")
        )
        await self._session.execute(old)
        if data.group_id is not None:
            await insert_once(
                self._session, StudentProfile, user_id=user_id, group_id=data.group_id
            )

    async def set_disabled(self, user_id: str, *, disabled: bool) -> None:
        change = update(User).where(User.id == user_id).values(disabled=disabled)
        await self._session.execute(change)

    async def add_all(self, people: Sequence[NewPerson]) -> None:
        rows = [
            {
                "id": one.id,
                **_values(one.data),
                "password_hash": one.password_hash,
                "must_change_password": True,
                "disabled": one.disabled,
            }
            for one in people
        ]
        await self._insert(User, rows)
        await self._insert(StudentProfile, _profiles({one.id: one.data for one in people}))

    async def change_all(self, changes: Mapping[str, PersonData]) -> None:
        if changes:
            rows = [{"id": user_id, **_values(data)} for user_id, data in changes.items()]
            await self._session.execute(update(User), rows)
        moved: dict[str, PersonData] = {}
        for ids in _some(list(changes)):
            query = select(StudentProfile.user_id, StudentProfile.group_id)
            found = await self._session.execute(query.where(StudentProfile.user_id.in_(ids)))
            groups: dict[str, str] = dict(found.all())
            moved |= {one: changes[one] for one in ids if changes[one].group_id != groups.get(one)}
        for ids in _some(list(moved)):
            await self._session.execute(
                delete(StudentProfile).where(StudentProfile.user_id.in_(ids))
            )
        await self._insert(StudentProfile, _profiles(moved))

    async def set_all_disabled(self, user_ids: Sequence[str], *, disabled: bool) -> None:
        for ids in _some(user_ids):
            change = update(User).where(User.id.in_(ids)).values(disabled=disabled)
            await self._session.execute(change)

    async def _insert(self, table: type[Base], rows: Sequence[Mapping[str, object]]) -> None:
        if rows:
            # With nulls written out all rows are one statement.
            await self._session.execute(insert(table).execution_options(render_nulls=True), rows)

    async def give_password(self, user_id: str, password_hash: str) -> None:
        change = update(User).where(User.id == user_id)
        await self._session.execute(
            change.values(password_hash=password_hash, must_change_password=True)
        )


def _some(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))


def _profiles(people: Mapping[str, PersonData]) -> list[dict[str, object]]:
    return [
        {"user_id": user_id, "group_id": data.group_id}
        for user_id, data in people.items()
        if data.group_id is not None
    ]


def _values(data: PersonData) -> dict[str, object]:
    return {
        "login": data.login,
        "full_name": data.full_name,
        "language": data.language,
        "email": data.email,
        "roles": sorted(data.roles),
        "faculty_id": data.faculty_id,
        "department_id": data.department_id,
        "search": searchable(data.full_name, data.login, data.email),
    }


def _wanted(wanted: PeopleFilter) -> Iterator[ColumnElement[bool]]:
    for word in wanted.text.casefold().split():
        yield User.search.contains(word, autoescape=True)
    if wanted.role is not None:
        yield holds(wanted.role)
    if wanted.faculty_id:
        yield func.coalesce(Programme.faculty_id, User.faculty_id, Department.faculty_id) == (
            wanted.faculty_id
        )
    if wanted.group_id:
        yield StudentProfile.group_id == wanted.group_id
    if wanted.course is not None:
        yield Group.course == wanted.course
    if wanted.disabled is not None:
        yield User.disabled == wanted.disabled


def _people() -> Select[User, Group, Faculty, Department]:
    query = _joined(select(User, Group, Faculty, Department))
    return query.execution_options(populate_existing=True)


def _joined(query: Select) -> Select:  # type: ignore[type-arg] # of whatever is selected
    return (
        query.select_from(User)
        .outerjoin(StudentProfile, StudentProfile.user_id == User.id)
        .outerjoin(Group, Group.id == StudentProfile.group_id)
        .outerjoin(Programme, Programme.id == Group.programme_id)
        .outerjoin(Faculty, Faculty.id == User.faculty_id)
        .outerjoin(Department, Department.id == User.department_id)
    )


def _person(row: _Row) -> PersonRecord:
    user, group, faculty, department = row
    data = PersonData(
        login=user.login,
        full_name=user.full_name,
        language=language_or(user.language),
        email=user.email,
        roles=frozenset(Role(role) for role in user.roles),
        group_id=group.id if group else None,
        faculty_id=user.faculty_id,
        department_id=user.department_id,
    )
    return PersonRecord(
        id=user.id,
        data=data,
        disabled=user.disabled,
        must_change_password=user.must_change_password,
        group=group.name if group else "",
        faculty=names_of(faculty) if faculty else None,
        department=names_of(department) if department else None,
    )
