"""Annulment and restoration, for the use cases that hold the document which orders them.

They run in the caller's unit: the document and what it orders are on record together or not at all.
"""

from datetime import datetime
from typing import Protocol

from exam_api.domain.errors import NotFound
from exam_api.domain.grading import Result, grade_of
from exam_api.domain.judging import (
    ConfirmedAct,
    ReconsideredAct,
    Restoring,
    annulled,
    restored,
)
from exam_api.domain.sitting import Sitting
from exam_api.domain.states import SittingState
from exam_api.services.ports import Unit
from exam_api.services.results_ports import ResultRows
from exam_api.services.sittings import advance
from exam_api.services.testing import earned


class JournalUnit(Protocol):
    @property
    def results(self) -> ResultRows: ...


async def annul(
    unit: Unit, sitting_id: str, act: ConfirmedAct, *, at: datetime, by: str, reason: str
) -> Sitting:
    """S-12: 0 points, by an act whose breach is confirmed. IllegalTransition, NotFound."""
    before = await _locked(unit, sitting_id)
    after = annulled(before, act)
    await advance(unit, before, after, at, by=by, reason=reason, reference=act.reference)
    return after


async def restore(
    unit: Unit, sitting_id: str, document: Restoring, *, at: datetime, by: str, reason: str
) -> Sitting:
    """T-5.6: what the answers are worth, by the document that orders it. IllegalTransition."""
    before = await _locked(unit, sitting_id)
    result = await earned(unit, before)
    if isinstance(document, ReconsideredAct):
        result = await _unannulled(unit, sitting_id, result)
    after = restored(before, document, result)
    await advance(unit, before, after, at, by=by, reason=reason, reference=document.reference)
    return after


async def hand_on(unit: JournalUnit, sitting: Sitting, *, at: datetime, by: str) -> None:
    """The journal hears of a corrected grade where it has the grade already (S-22)."""
    known = (await unit.results.imported(sitting.exam_id)).get(sitting.student_id)
    if known is not None:
        await unit.results.add_entry(
            exam_id=sitting.exam_id,
            student_id=sitting.student_id,
            revision=known[0] + 1,
            grade=await unit.results.of_student(sitting.exam_id, sitting.student_id),
            at=at,
            by=by,
        )


async def _unannulled(unit: Unit, sitting_id: str, result: Result) -> Result:
    """With the points that the act had taken: an appeal may have corrected them before it."""
    changes = [named.change for named in await unit.grades.of_sitting(sitting_id)]
    taken = [one.before for one in changes if one.cause == SittingState.ANNULLED]
    if not taken or taken[-1] is None:
        return result
    grade = grade_of(taken[-1])
    return Result(result.score, result.total, taken[-1], grade.letter, grade.gpa)


async def _locked(unit: Unit, sitting_id: str) -> Sitting:
    sitting = await unit.sittings.lock(sitting_id)
    if sitting is None:
        raise NotFound
    return sitting
