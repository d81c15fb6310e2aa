"""Admission to one exam: the statement of ratings (S-7), decisions, individual dates (T-4.11)."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, status
from pydantic import AfterValidator, BaseModel, Field

from analysis.contracts import FlagKind
from analysis.policy import DEFAULT_POLICY
from exam_api.domain.admission import MOST_EXTRA_MIN, Allowances
from exam_api.domain.errors import ExamBegun, SittingOver
from exam_api.domain.statements import StatementPreview
from exam_api.services.admitting import DOCUMENT_LIMIT, Statement
from exam_api.web.api.ids import PathId
from exam_api.web.api.schedule import Moment, Stated
from exam_api.web.api.texts import plain
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.files import XLSX
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1/schedule/exams/{exam_id}", tags=["admission"])
_STUDENT = "/enrolments/{student_id}"
Table = Annotated[bytes, Body(media_type=XLSX)]
FileName = Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Minutes = Annotated[int, Field(ge=0, le=MOST_EXTRA_MIN)]


def _watched(kind: FlagKind) -> FlagKind:
    """What only people or the technique flag cannot be left out of the watch."""
    if kind not in DEFAULT_POLICY.kinds:
        raise ValueError("not watched for")
    return kind


Watched = Annotated[FlagKind, AfterValidator(_watched)]


class AllowancesBody(BaseModel):
    """All that the student has beyond the rules; ``document`` says why, and no proctor sees it.

    ``opens_at``/``closes_at`` stand in place of the exam's window; ``excused``: kinds of flags that
    are not watched for. Without any of them nothing is allowed any more, and no document is needed.
    """

    extra_min: Minutes = 0
    break_min: Minutes = 0
    excused: Annotated[list[Watched], Field(max_length=len(FlagKind))] = []
    opens_at: Moment | None = None
    closes_at: Moment | None = None
    document: Annotated[str, plain(DOCUMENT_LIMIT)] = ""

    def allowances(self) -> Allowances:
        return Allowances(
            extra_min=self.extra_min,
            break_min=self.break_min,
            excused=frozenset(self.excused),
            opens_at=self.opens_at,
            closes_at=self.closes_at,
        )


class DecisionBody(BaseModel):
    reason: Stated


@router.post("/statement")
async def preview(
    *, exam_id: PathId, content: Table, name: FileName, actor: CurrentActor, core: CoreDep
) -> StatementPreview:
    """What the file (XLSX or CSV, named ``name``) would change, row by row; nothing is changed.

    422 ``sheet_…`` where it cannot be read at all.
    """
    return await core.admitting.preview(actor, exam_id, Statement(name, content))


@router.put("/statement")
async def take(
    *, exam_id: PathId, content: Table, name: FileName, actor: CurrentActor, core: CoreDep
) -> StatementPreview:
    """All of it or nothing. 422 ``statement_refused`` names each wrong row in ``errors``."""
    return await core.admitting.take(actor, exam_id, Statement(name, content))


@router.put(
    f"{_STUDENT}/allowances",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refuses(ExamBegun, SittingOver),
)
async def grant(
    *,
    exam_id: PathId,
    student_id: PathId,
    given: AllowancesBody,
    actor: CurrentActor,
    core: CoreDep,
) -> None:
    """Individual dates and accommodations. 422 ``document_missing``, ``window_over``.

    Dates open the exam again to who was absent, or not admitted, without ever coming before the
    camera. 409 once the test began, or where it is over.
    """
    await core.admitting.grant(actor, exam_id, student_id, given.allowances(), given.document)


@router.put(
    f"{_STUDENT}/admission",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refuses(ExamBegun, SittingOver),
)
async def admit(
    *, exam_id: PathId, student_id: PathId, given: DecisionBody, actor: CurrentActor, core: CoreDep
) -> None:
    """A decision in place of the rating, with its reason (T-4.1). 409 once the test has begun."""
    await core.admitting.admit(actor, exam_id, student_id, given.reason)


@router.delete(
    f"{_STUDENT}/admission",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refuses(ExamBegun, SittingOver),
)
async def take_back(
    *, exam_id: PathId, student_id: PathId, actor: CurrentActor, core: CoreDep
) -> None:
    """The rating counts again."""
    await core.admitting.admit(actor, exam_id, student_id, "")
