"""Changes of sittings' states: added, never changed."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.tables import TransitionRow, User
from exam_api.domain.sitting import Transition
from exam_api.domain.states import SittingState
from exam_api.services.ports import NamedTransition


class SqlTransitions:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, transition: Transition) -> None:
        row = TransitionRow(
            sitting_id=transition.sitting_id,
            before=transition.before.value,
            after=transition.after.value,
            at=transition.at,
            by_user=transition.by,
            reason=transition.reason,
            reference=transition.reference,
        )
        self._session.add(row)
        await self._session.flush()

    async def of(self, sitting_id: str) -> Sequence[NamedTransition]:
        query = (
            select(TransitionRow, User.full_name)
            .outerjoin(User, User.id == TransitionRow.by_user)
            .where(TransitionRow.sitting_id == sitting_id)
            .order_by(TransitionRow.id)
        )
        found = await self._session.execute(query)
        return [NamedTransition(_transition(row), name) for row, name in found]


def _transition(row: TransitionRow) -> Transition:
    return Transition(
        sitting_id=row.sitting_id,
        before=SittingState(row.before),
        after=SittingState(row.after),
        at=row.at,
        by=row.by_user,
        reason=row.reason,
        reference=row.reference,
    )
