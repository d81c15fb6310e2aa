"""Which verdict counts, and which carries an act, as conditions on flags and their decisions."""

from typing import Final

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import aliased

from analysis.policy import FORM1_ITEM
from exam_api.adapters.sql.tables import DecisionRow, FlagRow
from exam_api.services.proctoring_ports import Verdict

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
