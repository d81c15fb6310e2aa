"""What a student's page tells of itself: its computer's clock, and what only a browser sees."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request, status
from pydantic import BaseModel, Field

from analysis.contracts import FlagKind
from exam_api.domain.clock_offset import FEWEST, MOST, ClockSample, MeasuredOffset
from exam_api.domain.errors import NotInProgress, OpenElsewhere
from exam_api.services.page_watch import PageWatch
from exam_api.services.student_line import StudentLine
from exam_api.web.api.ids import PathId
from exam_api.web.auth import ClientId, CurrentActor
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1", tags=["sittings"])


def _of(request: Request) -> StudentLine:
    return cast("StudentLine", request.app.state.core.student_line)


def _page_watch(request: Request) -> PageWatch:
    return cast("PageWatch", request.app.state.core.page_watch)


Line = Annotated[StudentLine, Depends(_of)]
Pages = Annotated[PageWatch, Depends(_page_watch)]
Milliseconds = Annotated[float, Field(ge=0, le=2**53, allow_inf_nan=False)]


class ServerTime(BaseModel):
    """Milliseconds since 1970."""

    server_ms: float


class Sample(BaseModel):
    """``sent`` and ``received`` by the computer's clock, ``server`` as the server said."""

    sent: Milliseconds
    server: Milliseconds
    received: Milliseconds


class Measured(BaseModel):
    samples: list[Sample] = Field(min_length=FEWEST, max_length=MOST)


class PageState(BaseModel):
    """What is so now. The page says it at each change, and every 20 s while anything is."""

    focus_lost: bool = Field(description="The test is hidden, or another window has the keyboard")
    second_screen: bool = Field(description="The desktop goes on on another display")
    virtual_camera: bool = Field(description="The camera is a program's, by its name")


@router.get("/time")
async def server_time(_actor: CurrentActor, line: Line) -> ServerTime:
    return ServerTime(server_ms=line.server_ms())


@router.put("/sittings/{sitting_id}/clock", responses=refuses(OpenElsewhere, NotInProgress))
async def clock_measured(
    sitting_id: PathId, actor: CurrentActor, client_id: ClientId, line: Line, body: Measured
) -> MeasuredOffset:
    """How far the computer's clock is ahead: the median of the quickest exchanges."""
    samples = [ClockSample(one.sent, one.server, one.received) for one in body.samples]
    return await line.clock_measured(actor, sitting_id, client_id, samples)


@router.put(
    "/sittings/{sitting_id}/page-state",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refuses(OpenElsewhere, NotInProgress),
)
async def page_state(
    sitting_id: PathId, actor: CurrentActor, client_id: ClientId, pages: Pages, body: PageState
) -> None:
    """Flags are made of it by the same rules as of the picture, with the server's times."""
    states = {FlagKind(name): so for name, so in body.model_dump().items()}
    await pages.told(actor, sitting_id, client_id, states)
