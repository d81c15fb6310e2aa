"""What the bank holds for exams, of all of them at once (domain.bank_supply)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.loaded_tests import accepted_tests
from exam_api.adapters.sql.tables import Exam, Item
from exam_api.domain.bank_supply import ItemGroup, Supply, supply_of
from exam_api.domain.bank_tests import LoadedTest
from exam_api.domain.items import ItemState
from exam_api.domain.policy import ExamPolicy

_Ends = Mapping[str, Mapping[str | None, datetime]]  # discipline → session → its last exam's end


async def supplies_of(session: AsyncSession, exams: Sequence[Exam]) -> Mapping[str, Supply]:
    """By exam."""
    disciplines = {exam.discipline_id for exam in exams}
    tests: dict[str, list[LoadedTest]] = defaultdict(list)
    for test in await accepted_tests(session, disciplines):
        tests[test.discipline_id].append(test)
    groups = await _groups(session, disciplines)
    ends = await _ends(session, disciplines)
    return {
        exam.id: supply_of(
            ExamPolicy.from_json(exam.policy).questions,
            tests[exam.discipline_id],
            groups.get(exam.discipline_id, ()),
            _before(exam, ends),
        )
        for exam in exams
    }


async def _groups(
    session: AsyncSession, disciplines: Collection[str]
) -> Mapping[str, Sequence[ItemGroup]]:
    alike = (Item.topic_id, Item.difficulty, Item.languages, Item.decided_at)
    query = (
        select(Item.discipline_id, *alike, func.count())
        .where(Item.discipline_id.in_(disciplines), Item.state == ItemState.APPROVED.value)
        .group_by(Item.discipline_id, *alike)
    )
    groups: dict[str, list[ItemGroup]] = defaultdict(list)
    for discipline_id, topic, difficulty, languages, at, count in await session.execute(query):
        group = ItemGroup(topic, difficulty, frozenset(languages.split()), at, count)
        groups[discipline_id].append(group)
    return groups


async def _ends(session: AsyncSession, disciplines: Collection[str]) -> _Ends:
    query = (
        select(Exam.discipline_id, Exam.period_id, func.max(Exam.closes_at))
        .where(Exam.discipline_id.in_(disciplines))
        .group_by(Exam.discipline_id, Exam.period_id)
    )
    ends: dict[str, dict[str | None, datetime]] = defaultdict(dict)
    for discipline_id, period_id, closes_at in await session.execute(query):
        ends[discipline_id][period_id] = closes_at
    return ends


def _before(exam: Exam, ends: _Ends) -> datetime | None:
    """When the discipline's last session before this exam's ended."""
    others = ends.get(exam.discipline_id, {})
    earlier = [
        end
        for period_id, end in others.items()
        if period_id != exam.period_id and end <= exam.opens_at
    ]
    return max(earlier, default=None)
