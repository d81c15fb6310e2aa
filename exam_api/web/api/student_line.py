"""The student page's line: the server's time, to measure the computer's clock by."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from exam_api.domain.clock_offset import FEWEST, MOST, ClockSample, MeasuredOffset
from exam_api.domain.errors import NotInProgress, OpenElsewhere
from exam_api.services.student_line import StudentLine
from exam_api.web.api.ids import PathId
from exam_api.web.auth import ClientId, CurrentActor
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1", tags=["sittings"])


def _of(request: Request) -> StudentLine:
    return cast("StudentLine", request.app.state.core.student_line)


Line = Annotated[StudentLine, Depends(_of)]
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
