"""Which verdict counts, and which carries an act, as conditions on flags and their decisions."""

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from analysis.contracts import FlagKind
from analysis.policy import FORM1_ITEM
from exam_api.adapters.sql.tables import ActRow, DecisionRow, FlagRow
from exam_api.services.proctoring_ports import Verdict

_OUTSIDER: Final = 3  # the form
_ON_FORM_1: Final = sorted(kind.value for kind, item in FORM1_ITEM.items() if item)


def counts() -> ColumnElement[bool]:
    """Of the decisions on a flag, the newest; ids grow with time, also within a millisecond."""
    later = aliased(DecisionRow)
    return ~exists().where(
        later.flag_id == DecisionRow.flag_id,
        or_(
            later.at > DecisionRow.at,
            and_(later.at == DecisionRow.at, later.id > DecisionRow.id),
        ),
    )


def carries_an_act() -> ColumnElement[bool]:
    """As ``review_rules.grounds``: a flag that ticks an item of form 1, confirmed."""
    return and_(
        DecisionRow.flag_id == FlagRow.id,
        DecisionRow.verdict == Verdict.CONFIRMED.value,
        FlagRow.kind.in_(_ON_FORM_1),
        counts(),
    )


async def without_form3(session: AsyncSession, sittings: Collection[str]) -> Mapping[str, str]:
    """Of these, those where another face is confirmed and no form 3 is on record (S-17).

    By sitting: the first such flag. A form 3 that the commission withdrew is on record too.
    """
    drawn = exists().where(ActRow.sitting_id == FlagRow.sitting_id, ActRow.form == _OUTSIDER)
    query = (
        select(FlagRow.sitting_id, FlagRow.id)
        .join(DecisionRow, DecisionRow.flag_id == FlagRow.id)
        .where(
            FlagRow.sitting_id.in_(sittings),
            FlagRow.kind == FlagKind.IDENTITY_MISMATCH.value,
            DecisionRow.verdict == Verdict.CONFIRMED.value,
            counts(),
            ~drawn,
        )
        .order_by(FlagRow.start_ms.desc(), FlagRow.id.desc())
    )
    return dict((await session.execute(query)).all())
