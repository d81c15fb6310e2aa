"""Declared breaks, read from the record of the sittings' states."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.tables import Sitting, TransitionRow
from exam_api.domain.clockwork import ms_of
from exam_api.domain.states import SittingState
from exam_api.services.proctoring_ports import Break

_PAUSED = SittingState.PAUSED.value


async def breaks_of(
    session: AsyncSession, sitting_ids: Sequence[str]
) -> Mapping[str, Sequence[Break]]:
    """A pause that the student made is a break; one that a proctor made is none."""
    query = (
        select(TransitionRow, Sitting.origin, Sitting.student_id)
        .join(Sitting, Sitting.id == TransitionRow.sitting_id)
        .where(
            Sitting.origin.is_not(None),
            TransitionRow.sitting_id.in_(sitting_ids),
            or_(TransitionRow.before == _PAUSED, TransitionRow.after == _PAUSED),
        )
        .order_by(TransitionRow.id)
    )
    found: dict[str, list[Break]] = defaultdict(list)
    own: dict[str, bool] = {}
    for row, origin, student_id in await session.execute(query):
        assert origin is not None
        at_ms = ms_of(row.at - origin)
        breaks = found[row.sitting_id]
        if row.after == _PAUSED:
            own[row.sitting_id] = row.by_user == student_id
            if own[row.sitting_id]:
                breaks.append(Break(at_ms, None))
        elif own.get(row.sitting_id):
            breaks[-1] = Break(breaks[-1].start_ms, at_ms)
    return found
