"""Faculties, departments, programmes, groups, disciplines: kept by administrator and registrar."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from exam_api.domain.errors import Forbidden
from exam_api.domain.exam_format import ExamFormat
from exam_api.domain.ids import new_id
from exam_api.domain.people import may_list_people
from exam_api.domain.roles import Actor
from exam_api.services.audit import Facts
from exam_api.services.directory import InvalidRecord
from exam_api.services.people_ports import PeopleUnits, Place, PlaceData, PlaceKind

_LIMITS: Final[Mapping[PlaceKind, int]] = {PlaceKind.GROUP: 40}
_NAME_LIMIT: Final = 200
_CODE_LIMIT: Final = 40
_COURSES: Final = range(1, 8)
_NEEDS_PARENT: Final = frozenset({PlaceKind.PROGRAMME, PlaceKind.GROUP, PlaceKind.DISCIPLINE})
WITH_CODE: Final = frozenset({PlaceKind.PROGRAMME, PlaceKind.DISCIPLINE})
PARENT_OF: Final[Mapping[PlaceKind, PlaceKind]] = {
    PlaceKind.DEPARTMENT: PlaceKind.FACULTY,
    PlaceKind.PROGRAMME: PlaceKind.FACULTY,
    PlaceKind.GROUP: PlaceKind.PROGRAMME,
    PlaceKind.DISCIPLINE: PlaceKind.DEPARTMENT,
}


class StructureDesk:
    def __init__(self, units: PeopleUnits) -> None:
        self._units = units

    async def places(self, actor: Actor, *kinds: PlaceKind) -> Mapping[PlaceKind, Sequence[Place]]:
        _require(actor)
        async with self._units.read() as unit:
            return {kind: await unit.structure.places(kind) for kind in kinds or PlaceKind}

    async def create(self, actor: Actor, data: PlaceData) -> str:
        """The new place's id. InvalidRecord."""
        _require(actor)
        data = checked_place(data)
        place_id = new_id()
        async with self._units.write() as unit:
            if not await unit.structure.add(place_id, data):
                raise InvalidRecord({_unique_field(data.kind): "name_taken"})
            what, label = f"{data.kind}.created", data.name["kk"]
            await unit.audit.add(actor, what, place_id, label, after=place_facts(data))
        return place_id

    async def change(self, actor: Actor, place_id: str, data: PlaceData) -> None:
        """InvalidRecord, NotFound."""
        _require(actor)
        data = checked_place(data)
        async with self._units.write() as unit:
            before = await unit.structure.lock(data.kind, place_id)
            if before.data == data:
                return
            if not await unit.structure.change(place_id, data):
                raise InvalidRecord({_unique_field(data.kind): "name_taken"})
            old, new = place_facts(before.data), place_facts(data)
            differ = [field for field in {**old, **new} if old.get(field) != new.get(field)]
            await unit.audit.add(
                actor,
                f"{data.kind}.changed",
                place_id,
                data.name["kk"],
                before={field: old.get(field, "") for field in differ},
                after={field: new.get(field, "") for field in differ},
            )

    async def set_disabled(
        self, actor: Actor, kind: PlaceKind, place_id: str, *, disabled: bool
    ) -> None:
        """A disabled place is offered no more; who belongs to it stays."""
        _require(actor)
        async with self._units.write() as unit:
            place = await unit.structure.lock(kind, place_id)
            if place.disabled == disabled:
                return
            await unit.structure.set_disabled(kind, place_id, disabled=disabled)
            what = f"{kind}.{'disabled' if disabled else 'enabled'}"
            await unit.audit.add(actor, what, place_id, place.data.name["kk"])


def checked_place(data: PlaceData) -> PlaceData:
    """Tidied. InvalidRecord."""
    names = {lang: _tidy(text) for lang, text in data.name.items()}
    kazakh = names.get("kk", "")
    # The Kazakh name is the official one: it stands where another language has none.
    data = replace(
        data,
        name={lang: names.get(lang) or kazakh for lang in ("kk", "ru", "en")},
        code=_tidy(data.code) if data.kind in WITH_CODE else "",
        course=data.course if data.kind is PlaceKind.GROUP else None,
        parent_id=data.parent_id if data.kind is not PlaceKind.FACULTY else None,
        exam_format=(data.exam_format or ExamFormat.TEST)
        if data.kind is PlaceKind.DISCIPLINE
        else None,
    )
    problems = _problems(data)
    if problems:
        raise InvalidRecord(problems)
    return data


def place_facts(data: PlaceData) -> Facts:
    facts = {
        **{f"name_{lang}": text for lang, text in data.name.items()},
        "code": data.code,
        "course": str(data.course or ""),
        "exam_format": data.exam_format or "",
    }
    return {field: value for field, value in facts.items() if value}


def _problems(data: PlaceData) -> Mapping[str, str]:
    limit = _LIMITS.get(data.kind, _NAME_LIMIT)
    problems = {
        f"name_{lang}": "name_malformed"
        for lang, text in data.name.items()
        if not 0 < len(text) <= limit or not text.isprintable() or "?" in text
    }
    code_fits = 0 < len(data.code) <= _CODE_LIMIT and data.code.isprintable()
    if data.kind in WITH_CODE and not code_fits:
        problems["code"] = "code_malformed"
    if data.kind is PlaceKind.GROUP and data.course not in _COURSES:
        problems["course"] = "course_malformed"
    if data.kind in _NEEDS_PARENT and data.parent_id is None:
        problems["parent"] = "parent_missing"
    return problems


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _unique_field(kind: PlaceKind) -> str:
    return "code" if kind in WITH_CODE else "name_kk"


def _require(actor: Actor) -> None:
    if not may_list_people(actor):
        raise Forbidden
