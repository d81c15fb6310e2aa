"""Places that rows of a file name: found by any of their names, or made where a group is new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from exam_api.domain.ids import new_id
from exam_api.domain.languages import LANGUAGES
from exam_api.domain.people import PersonData
from exam_api.services.audit import Facts
from exam_api.services.directory import InvalidRecord
from exam_api.services.people_ports import Place, PlaceData, PlaceKind, Structure
from exam_api.services.structure import checked_place

_KINDS: Final[Mapping[str, PlaceKind]] = {
    "group": PlaceKind.GROUP,
    "faculty": PlaceKind.FACULTY,
    "department": PlaceKind.DEPARTMENT,
    "programme": PlaceKind.PROGRAMME,
}


class PlaceUnknown(Exception):
    """``column`` of the row, and the code of what is wrong there."""

    def __init__(self, column: str, code: str) -> None:
        super().__init__(column, code)
        self.column = column
        self.code = code


@dataclass
class Places:
    """``new``: what has to be made first, in order, under these ids."""

    by_name: dict[tuple[PlaceKind, str], tuple[str, str]]
    new: list[tuple[str, PlaceData]] = field(default_factory=list)

    def find(self, column: str, given: Mapping[str, str]) -> str:
        """The id of the place that the row's column names. PlaceUnknown."""
        known = self.by_name.get((_KINDS[column], _folded(given[column])))
        if known is not None:
            return known[0]
        if column == "group" and "programme" in given and "course" in given:
            return self._new_group(given)
        raise PlaceUnknown(column, f"{column}_unknown")

    def facts(self, data: PersonData) -> Facts:
        """As directory.facts_of, with the names of places by their ids."""
        names = dict(self.by_name.values())
        facts = {
            "login": data.login,
            "full_name": data.full_name,
            "language": data.language,
            "email": data.email or "",
            "roles": ", ".join(sorted(data.roles)),
            "group": names.get(data.group_id or "", ""),
            "faculty": names.get(data.faculty_id or "", ""),
            "department": names.get(data.department_id or "", ""),
        }
        return {column: value for column, value in facts.items() if value}

    def _new_group(self, given: Mapping[str, str]) -> str:
        course = given["course"]
        data = PlaceData(
            kind=PlaceKind.GROUP,
            name=dict.fromkeys(LANGUAGES, given["group"]),
            course=int(course) if course.isdecimal() and len(course) == 1 else None,
            parent_id=self._programme(given),
        )
        return self._make("course", data, given["group"])

    def _programme(self, given: Mapping[str, str]) -> str:
        code, _, name = given["programme"].partition(" ")
        known = self.by_name.get((PlaceKind.PROGRAMME, _folded(code)))
        if known is not None:
            return known[0]
        if "faculty" not in given:
            raise PlaceUnknown("programme", "programme_unknown")
        data = PlaceData(
            kind=PlaceKind.PROGRAMME,
            name=dict.fromkeys(LANGUAGES, name or code),
            code=code,
            parent_id=self.find("faculty", given),
        )
        return self._make("programme", data, code)

    def _make(self, column: str, data: PlaceData, key: str) -> str:
        try:
            data = checked_place(data)
        except InvalidRecord as wrong:
            raise PlaceUnknown(column, next(iter(wrong.problems.values()))) from None
        place_id = new_id()
        self.new.append((place_id, data))
        self.by_name[data.kind, _folded(key)] = (place_id, data.name["kk"])
        return place_id


async def read_places(structure: Structure) -> Places:
    found: dict[tuple[PlaceKind, str], tuple[str, str]] = {}
    for kind in _KINDS.values():
        for place in await structure.places(kind):
            for key in _keys(place):
                found[kind, _folded(key)] = (place.id, place.data.name["kk"])
    return Places(found)


def _keys(place: Place) -> Sequence[str]:
    data = place.data
    return [data.code] if data.kind is PlaceKind.PROGRAMME else list(data.name.values())


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
