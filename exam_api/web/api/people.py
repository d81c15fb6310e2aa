"""Records of people and of the structure, for the university's own systems and for scripts."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status
from pydantic import BaseModel, Field, StringConstraints

from exam_api.domain.exam_format import ExamFormat
from exam_api.domain.languages import Language, Texts
from exam_api.domain.people import PersonData
from exam_api.domain.roles import Role
from exam_api.services.directory import (
    REASON_LIMIT,
    InvalidRecord,
    NewPassword,
    OwnAccountKept,
)
from exam_api.services.paging import page_after
from exam_api.services.people_ports import PeopleFilter, PersonRecord, Place, PlaceData, PlaceKind
from exam_api.web.api.ids import BodyId, PathId
from exam_api.web.api.paging import PAGED, AskedPage, linked
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1", tags=["people"])

Name = Annotated[str, StringConstraints(max_length=200)]
Reason = Annotated[str, StringConstraints(max_length=REASON_LIMIT)]
OptionalId = Annotated[BodyId | None, Query()]


class PersonBody(BaseModel):
    """Places go with roles: a student's group, a dean's office's faculty, a teacher's department.

    One that no role asks for is left out.
    """

    login: Annotated[str, StringConstraints(max_length=64)]
    full_name: Name
    language: Language = "kk"
    email: Annotated[str, StringConstraints(max_length=254)] | None = None
    roles: Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
    group_id: BodyId | None = None
    faculty_id: BodyId | None = None
    department_id: BodyId | None = None

    def data(self) -> PersonData:
        return PersonData(
            login=self.login,
            full_name=self.full_name,
            language=self.language,
            email=self.email,
            roles=frozenset(self.roles),
            group_id=self.group_id,
            faculty_id=self.faculty_id,
            department_id=self.department_id,
        )


class ChangedPersonBody(PersonBody):
    reason: Reason = ""


class StatusBody(BaseModel):
    disabled: bool
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class PersonAnswer(BaseModel):
    id: str
    login: str
    full_name: str
    language: Language
    email: str | None
    roles: list[Role]
    group_id: str | None
    group: str
    faculty_id: str | None
    department_id: str | None
    disabled: bool
    must_change_password: bool

    @classmethod
    def of(cls, record: PersonRecord) -> "PersonAnswer":
        data = record.data
        return cls(
            id=record.id,
            login=data.login,
            full_name=data.full_name,
            language=data.language,
            email=data.email,
            roles=sorted(data.roles),
            group_id=data.group_id,
            group=record.group,
            faculty_id=data.faculty_id,
            department_id=data.department_id,
            disabled=record.disabled,
            must_change_password=record.must_change_password,
        )


class NewPasswordAnswer(BaseModel):
    """``one_time_password`` is told here and nowhere else; the first log-in changes it."""

    person: PersonAnswer
    one_time_password: str

    @classmethod
    def of(cls, made: NewPassword) -> "NewPasswordAnswer":
        return cls(person=PersonAnswer.of(made.person), one_time_password=made.password)


class PlaceBody(BaseModel):
    """``code`` of a programme or a discipline, ``course`` of a group; the rest: see the answer."""

    name_kk: Name
    name_ru: Name = ""
    name_en: Name = ""
    code: Annotated[str, StringConstraints(max_length=40)] = ""
    course: Annotated[int, Field(ge=1, le=7)] | None = None
    parent_id: BodyId | None = None
    exam_format: ExamFormat | None = None

    def data(self, kind: PlaceKind) -> PlaceData:
        names: Texts = {"kk": self.name_kk, "ru": self.name_ru, "en": self.name_en}
        return PlaceData(kind, names, self.code, self.course, self.parent_id, self.exam_format)


class PlaceAnswer(BaseModel):
    """``exam_format`` of a discipline (S-1).

    ``parent_id``: the faculty of a department or programme, the programme of a group, the
    department of a discipline. ``people``: who belong to it and are not disabled; of a
    discipline, the teachers named for it.
    """

    id: str
    name: dict[Language, str]
    code: str
    course: int | None
    parent_id: str | None
    exam_format: ExamFormat | None
    disabled: bool
    people: int

    @classmethod
    def of(cls, place: Place) -> "PlaceAnswer":
        data = place.data
        return cls(
            id=place.id,
            name=dict(data.name),
            code=data.code,
            course=data.course,
            parent_id=data.parent_id,
            exam_format=data.exam_format,
            disabled=place.disabled,
            people=place.people,
        )


class NewId(BaseModel):
    id: str


# --- people ---------------------------------------------------------------------------------------


@router.get("/people", responses=PAGED)
async def listed(
    *,
    request: Request,
    response: Response,
    ask: AskedPage,
    actor: CurrentActor,
    core: CoreDep,
    text: Annotated[str, Query(max_length=100)] = "",
    role: Annotated[Role | None, Query()] = None,
    faculty_id: OptionalId = None,
    group_id: OptionalId = None,
    course: Annotated[int | None, Query(ge=1, le=7)] = None,
    disabled: Annotated[bool | None, Query()] = None,
) -> tuple[PersonAnswer, ...]:
    """In the order in which the records were made. ``text``: of name, log-in or e-mail."""
    wanted = PeopleFilter(
        text.replace("\0", ""), role, faculty_id or "", group_id or "", course, disabled
    )
    page = await core.people.after(actor, wanted, ask)
    return linked(request, response, page.shown(PersonAnswer.of))


@router.post("/people", status_code=status.HTTP_201_CREATED, responses=refuses(InvalidRecord))
async def create(
    given: PersonBody, response: Response, actor: CurrentActor, core: CoreDep
) -> NewPasswordAnswer:
    """422 ``record_invalid`` names each field in ``errors``; also where the log-in is taken."""
    made = await core.people.create(actor, given.data())
    response.headers["Location"] = f"/api/v1/people/{made.person.id}"
    return NewPasswordAnswer.of(made)


@router.get("/people/{person_id}")
async def person(person_id: PathId, actor: CurrentActor, core: CoreDep) -> PersonAnswer:
    return PersonAnswer.of(await core.people.get(actor, person_id))


@router.put("/people/{person_id}", responses=refuses(InvalidRecord, OwnAccountKept))
async def change(
    person_id: PathId, given: ChangedPersonBody, actor: CurrentActor, core: CoreDep
) -> PersonAnswer:
    """The whole record. Changed roles or places end the person's sessions."""
    return PersonAnswer.of(
        await core.people.change(actor, person_id, given.data(), given.reason.replace("\0", ""))
    )


@router.put("/people/{person_id}/status", responses=refuses(InvalidRecord, OwnAccountKept))
async def set_status(
    person_id: PathId, given: StatusBody, actor: CurrentActor, core: CoreDep
) -> PersonAnswer:
    """Nobody is deleted: who is disabled is logged out, cannot log in, and stays on record."""
    record = await core.people.set_disabled(actor, person_id, given.reason, disabled=given.disabled)
    return PersonAnswer.of(record)


@router.post("/people/{person_id}/password")
async def reset_password(
    person_id: PathId, actor: CurrentActor, core: CoreDep
) -> NewPasswordAnswer:
    """A new one-time password in place of whatever there was."""
    return NewPasswordAnswer.of(await core.people.reset_password(actor, person_id))


# --- the structure --------------------------------------------------------------------------------


@router.get("/structure/{kind}", responses=PAGED)
async def places(
    *,
    kind: PlaceKind,
    request: Request,
    response: Response,
    ask: AskedPage,
    actor: CurrentActor,
    core: CoreDep,
) -> tuple[PlaceAnswer, ...]:
    found = (await core.structure.places(actor, kind))[kind]
    page = page_after(found, ask, lambda place: (place.id,))
    return linked(request, response, page.shown(PlaceAnswer.of))


@router.post(
    "/structure/{kind}", status_code=status.HTTP_201_CREATED, responses=refuses(InvalidRecord)
)
async def add_place(kind: PlaceKind, given: PlaceBody, actor: CurrentActor, core: CoreDep) -> NewId:
    return NewId(id=await core.structure.create(actor, given.data(kind)))


@router.put(
    "/structure/{kind}/{place_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refuses(InvalidRecord),
)
async def change_place(
    kind: PlaceKind, place_id: PathId, given: PlaceBody, actor: CurrentActor, core: CoreDep
) -> None:
    await core.structure.change(actor, place_id, given.data(kind))
