"""Faculties, departments, programmes, groups and disciplines."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.people import names_of
from exam_api.adapters.sql.tables import (
    Department,
    Discipline,
    Faculty,
    LoadingRight,
    Programme,
    StudentProfile,
    User,
)
from exam_api.adapters.sql.tables import StudyGroup as Group
from exam_api.domain.errors import NotFound
from exam_api.domain.exam_format import ExamFormat
from exam_api.domain.languages import LANGUAGES, Texts
from exam_api.services.people_ports import Place, PlaceData, PlaceKind
from exam_api.services.structure import PARENT_OF

_Row = Faculty | Department | Programme | Group | Discipline
# What all have: typed as one of them, since a union's columns have no common type.
_TABLES: Final[Mapping[PlaceKind, type[Faculty]]] = {
    PlaceKind.FACULTY: Faculty,
    PlaceKind.DEPARTMENT: cast("type[Faculty]", Department),
    PlaceKind.PROGRAMME: cast("type[Faculty]", Programme),
    PlaceKind.GROUP: cast("type[Faculty]", Group),
    PlaceKind.DISCIPLINE: cast("type[Faculty]", Discipline),
}


class SqlStructure:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def places(self, kind: PlaceKind) -> Sequence[Place]:
        table = _TABLES[kind]
        rows = (await self._session.scalars(select(table).order_by(*_order(kind)))).all()
        parents = await self._parents(kind)
        people = await self._people(kind)
        return [_place(kind, row, parents, people.get(row.id, 0)) for row in rows]

    async def _parents(self, kind: PlaceKind) -> Mapping[str, Texts]:
        if kind not in PARENT_OF:
            return {}
        parent = _TABLES[PARENT_OF[kind]]
        return {row.id: names_of(row) for row in await self._session.scalars(select(parent))}

    async def _people(self, kind: PlaceKind) -> Mapping[str, int]:
        """Who is not disabled, by place: students under their groups, staff where they work."""
        column: SQLColumnExpression[str | None] = {
            PlaceKind.FACULTY: func.coalesce(Programme.faculty_id, User.faculty_id),
            PlaceKind.DEPARTMENT: User.department_id,
            PlaceKind.PROGRAMME: Group.programme_id,
            PlaceKind.GROUP: StudentProfile.group_id,
            PlaceKind.DISCIPLINE: LoadingRight.discipline_id,
        }[kind]
        # Joined for disciplines only: else a teacher of several would count as often.
        named = literal(kind is PlaceKind.DISCIPLINE)
        query = (
            select(column, func.count(User.id))
            .select_from(User)
            .outerjoin(StudentProfile, StudentProfile.user_id == User.id)
            .outerjoin(Group, Group.id == StudentProfile.group_id)
            .outerjoin(Programme, Programme.id == Group.programme_id)
            .outerjoin(LoadingRight, and_(named, LoadingRight.teacher_id == User.id))
            .where(User.disabled.is_(False), column.is_not(None))
            .group_by(column)
        )
        found = await self._session.execute(query)
        return {place_id: people for place_id, people in found if place_id is not None}

    async def has(self, kind: PlaceKind, place_id: str) -> bool:
        table = _TABLES[kind]
        return await self._session.scalar(select(table.id).where(table.id == place_id)) is not None

    async def add(self, place_id: str, data: PlaceData) -> bool:
        await self._require_parent(data)
        table = _TABLES[data.kind]
        values = {"id": place_id, "disabled": False, **_values(data)}
        return await insert_once(self._session, table, **values)

    async def lock(self, kind: PlaceKind, place_id: str) -> Place:
        table = _TABLES[kind]
        query = select(table).where(table.id == place_id).with_for_update()
        row = await self._session.scalar(query)
        if row is None:
            raise NotFound
        return _place(kind, row, await self._parents(kind), 0)

    async def change(self, place_id: str, data: PlaceData) -> bool:
        await self._require_parent(data)
        table = _TABLES[data.kind]
        same = select(table.id).where(_unique(data), table.id != place_id)
        if await self._session.scalar(same) is not None:
            return False
        change = update(table).where(table.id == place_id).values(**_values(data))
        await self._session.execute(change)
        return True

    async def set_disabled(self, kind: PlaceKind, place_id: str, *, disabled: bool) -> None:
        table = _TABLES[kind]
        change = update(table).where(table.id == place_id).values(disabled=disabled)
        await self._session.execute(change)

    async def _require_parent(self, data: PlaceData) -> None:
        if data.parent_id is None:
            return
        if not await self.has(PARENT_OF[data.kind], data.parent_id):
            raise NotFound


def _order(kind: PlaceKind) -> tuple[Any, ...]:
    if kind is PlaceKind.GROUP:
        return (Group.name,)
    if kind is PlaceKind.PROGRAMME:
        return (Programme.code,)
    if kind is PlaceKind.DISCIPLINE:
        return (Discipline.code,)
    return (_TABLES[kind].name_kk,)


def _unique(data: PlaceData) -> ColumnElement[bool]:
    match data.kind:
        case PlaceKind.FACULTY:
            return Faculty.name_kk == data.name["kk"]
        case PlaceKind.DEPARTMENT:
            return Department.name_kk == data.name["kk"]
        case PlaceKind.PROGRAMME:
            return Programme.code == data.code
        case PlaceKind.GROUP:
            return Group.name == data.name["kk"]
        case PlaceKind.DISCIPLINE:
            return Discipline.code == data.code


def _values(data: PlaceData) -> dict[str, object]:
    names: dict[str, object] = {f"name_{lang}": text for lang, text in data.name.items()}
    match data.kind:
        case PlaceKind.FACULTY:
            return names
        case PlaceKind.DEPARTMENT:
            return {**names, "faculty_id": data.parent_id}
        case PlaceKind.PROGRAMME:
            return {**names, "faculty_id": data.parent_id, "code": data.code}
        case PlaceKind.GROUP:
            name, parent_id = data.name["kk"], data.parent_id
            return {"name": name, "programme_id": parent_id, "course": data.course}
        case PlaceKind.DISCIPLINE:
            return {
                **{f"title_{lang}": text for lang, text in data.name.items()},
                "code": data.code,
                "department_id": data.parent_id,
                "exam_format": data.exam_format,
            }


def _place(
    kind: PlaceKind,
    row: _Row,
    parents: Mapping[str, Texts],
    people: int,
) -> Place:
    data = _data(kind, row)
    return Place(row.id, data, row.disabled, parents.get(data.parent_id or ""), people)


def _data(kind: PlaceKind, row: _Row) -> PlaceData:
    match row:
        case Faculty():
            return PlaceData(kind, names_of(row))
        case Department():
            return PlaceData(kind, names_of(row), parent_id=row.faculty_id)
        case Programme():
            return PlaceData(kind, names_of(row), row.code, parent_id=row.faculty_id)
        case Group():
            name = dict.fromkeys(LANGUAGES, row.name)
            return PlaceData(kind, name, course=row.course, parent_id=row.programme_id)
        case Discipline():
            title: Texts = {"kk": row.title_kk, "ru": row.title_ru, "en": row.title_en}
            how = ExamFormat(row.exam_format)
            return PlaceData(kind, title, row.code, parent_id=row.department_id, exam_format=how)
