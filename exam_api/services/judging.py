"""Annulment and restoration, for the use cases that hold the document which orders them.

They run in the caller's unit: the document and what it orders are on record together or not at all.
"""

from datetime import datetime

from exam_api.domain.errors import NotFound
from exam_api.domain.judging import ConfirmedAct, UpheldAppeal, annulled, restored
from exam_api.domain.sitting import Sitting
from exam_api.services.ports import Unit
from exam_api.services.sittings import advance
from exam_api.services.testing import scored


async def annul(
    unit: Unit, sitting_id: str, act: ConfirmedAct, *, at: datetime, by: str, reason: str
) -> Sitting:
    """S-12: 0 points, by an act whose breach is confirmed. IllegalTransition, NotFound."""
    before = await _locked(unit, sitting_id)
    after = annulled(before, act)
    await advance(unit, before, after, at, by=by, reason=reason, reference=act.reference)
    return after


async def restore(
    unit: Unit, sitting_id: str, appeal: UpheldAppeal, *, at: datetime, by: str, reason: str
) -> Sitting:
    """T-5.6: what the answers are worth, by an appeal that was upheld. IllegalTransition."""
    before = await _locked(unit, sitting_id)
    after = restored(before, appeal, await scored(unit, before))
    await advance(unit, before, after, at, by=by, reason=reason, reference=appeal.reference)
    return after


async def _locked(unit: Unit, sitting_id: str) -> Sitting:
    sitting = await unit.sittings.lock(sitting_id)
    if sitting is None:
        raise NotFound
    return sitting
