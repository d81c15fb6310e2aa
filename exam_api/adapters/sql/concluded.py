"""What is concluded of a sitting before its last flags came: its list handed in, its act sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.tables import (
    ActCourseRow,
    ActRow,
    ActStepRow,
    CheckListRow,
    CheckListSitting,
)
from exam_api.domain.act_course import ActState, ActStep
from exam_api.domain.check_lists import ANSWERED
from exam_api.services.review_ports import ActSource

_ANSWERED: Final = sorted(ANSWERED)


async def forwarded_at(session: AsyncSession, sitting_id: str) -> datetime | None:
    """Of the act made of the sitting's flags, while it is on its way; None: it may be revised."""
    course, step = ActCourseRow, ActStepRow
    query = (
        select(func.max(step.at))
        .join(course, course.id == step.course_id)
        .join(ActRow, ActRow.id == course.act_id)
        .where(
            course.sitting_id == sitting_id,
            course.state != ActState.MADE.value,
            ActRow.source == ActSource.FLAGS.value,
            step.step == ActStep.FORWARD.value,
        )
    )
    return await session.scalar(query)


async def concluded_by(session: AsyncSession, sitting_id: str) -> Sequence[str]:
    """Ids: proctor and member of the list, who forwarded the act. Empty: nothing is concluded."""
    lists = (
        select(CheckListRow.proctor_id, CheckListRow.member_id)
        .join(CheckListSitting, CheckListSitting.list_id == CheckListRow.id)
        .where(CheckListSitting.sitting_id == sitting_id, CheckListRow.state.in_(_ANSWERED))
    )
    people = {one for row in await session.execute(lists) for one in row}
    since = await forwarded_at(session, sitting_id)
    if since is not None:
        forwarders = (
            select(ActStepRow.by_user, ActRow.made_by)
            .join(ActRow, ActRow.id == ActStepRow.act_id)
            .where(
                ActRow.sitting_id == sitting_id,
                ActRow.source == ActSource.FLAGS.value,
                ActStepRow.step == ActStep.FORWARD.value,
                ActStepRow.at == since,
            )
        )
        people |= {one for row in await session.execute(forwarders) for one in row}
    return sorted(people)
