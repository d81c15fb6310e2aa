"""What exams are made of: sessions of exams with their approvals, rooms, disciplines."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel, Field

from exam_api.domain.errors import NameTaken
from exam_api.domain.ids import new_id
from exam_api.services.paging import page_after
from exam_api.services.scheduling import MOST_SEATS, Step
from exam_api.services.scheduling_ports import ExaminedDiscipline, Period, Room
from exam_api.web.api.ids import BodyId, PathId
from exam_api.web.api.paging import PAGED, AskedPage, linked
from exam_api.web.api.people import NewId
from exam_api.web.api.texts import plain
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1/schedule", tags=["schedule"])


class PeriodBody(BaseModel):
    """``order_*`` and ``members``: the working group, appointed by order (S-14)."""

    title: Annotated[str, plain(200, least=1)]
    starts_on: date
    ends_on: date
    summer: bool = False
    order_number: Annotated[str, plain(40)] = ""
    order_date: date | None = None
    members: Annotated[list[BodyId], Field(max_length=200)] = []

    def period(self, period_id: str) -> Period:
        return Period(
            id=period_id,
            title=self.title,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            summer=self.summer,
            order_number=self.order_number,
            order_date=self.order_date,
            members=tuple(dict.fromkeys(self.members)),
        )


class ApprovalBody(BaseModel):
    on: date


class RoomBody(BaseModel):
    name: Annotated[str, plain(80, least=1)]
    seats: Annotated[int, Field(ge=1, le=MOST_SEATS)]


@router.get("/periods", responses=PAGED)
async def periods(
    *, request: Request, response: Response, ask: AskedPage, actor: CurrentActor, core: CoreDep
) -> tuple[Period, ...]:
    """Sessions of exams, with what was approved when (S-5, S-8) and their working groups (S-14)."""
    found = await core.scheduling.periods(actor)
    return linked(request, response, page_after(found, ask, lambda one: (one.id,)))


@router.post("/periods", status_code=status.HTTP_201_CREATED, responses=refuses(NameTaken))
async def add_period(given: PeriodBody, actor: CurrentActor, core: CoreDep) -> NewId:
    """422 ``order_missing`` where a working group is named without its order."""
    period = given.period(new_id())
    await core.scheduling.add_period(actor, period)
    return NewId(id=period.id)


@router.put(
    "/periods/{period_id}", status_code=status.HTTP_204_NO_CONTENT, responses=refuses(NameTaken)
)
async def change_period(
    period_id: PathId, given: PeriodBody, actor: CurrentActor, core: CoreDep
) -> None:
    """The whole session of exams; what was approved stays approved."""
    await core.scheduling.change_period(actor, given.period(period_id))


@router.put("/periods/{period_id}/approvals/{step}", status_code=status.HTTP_204_NO_CONTENT)
async def approve(
    period_id: PathId, step: Step, given: ApprovalBody, actor: CurrentActor, core: CoreDep
) -> None:
    """When the schedule (S-5, S-8) or the staff (row 8) was approved or instructed (row 7)."""
    await core.scheduling.approve(actor, period_id, step, given.on)


@router.get("/rooms", responses=PAGED)
async def rooms(
    *, request: Request, response: Response, ask: AskedPage, actor: CurrentActor, core: CoreDep
) -> tuple[Room, ...]:
    found = (await core.scheduling.choices(actor)).rooms
    return linked(request, response, page_after(found, ask, lambda one: (one.id,)))


@router.post("/rooms", status_code=status.HTTP_201_CREATED, responses=refuses(NameTaken))
async def add_room(given: RoomBody, actor: CurrentActor, core: CoreDep) -> NewId:
    return NewId(id=await core.scheduling.add_room(actor, given.name, given.seats))


@router.put(
    "/rooms/{room_id}", status_code=status.HTTP_204_NO_CONTENT, responses=refuses(NameTaken)
)
async def change_room(room_id: PathId, given: RoomBody, actor: CurrentActor, core: CoreDep) -> None:
    """Exams that no longer fit into it show among the conflicts."""
    await core.scheduling.change_room(actor, room_id, given.name, given.seats)


@router.get("/disciplines", responses=PAGED)
async def disciplines(
    *, request: Request, response: Response, ask: AskedPage, actor: CurrentActor, core: CoreDep
) -> tuple[ExaminedDiscipline, ...]:
    """Those that are not disabled; ``exam_format``: what exams of it have to be (S-1)."""
    found = (await core.scheduling.choices(actor)).disciplines
    return linked(request, response, page_after(found, ask, lambda one: (one.id,)))
