"""Appeals on a grade: T-5.3 to T-5.6 and S-21, as a table, two dates and a count of votes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from exam_api.domain.errors import AppealLate, AppealVotesMissing, IllegalTransition
from exam_api.domain.states import SittingState

GROUNDS_LIMIT: Final = 2000
_SATURDAY: Final = 5


class AppealState(StrEnum):
    LODGED = "lodged"
    VISAED = "visaed"  # T-5.5: the registrar's visa, with the answer sheet
    RETURNED = "returned"  # the registrar gives no visa, and says why
    UPHELD = "upheld"
    REJECTED = "rejected"


class AppealCause(StrEnum):
    """What an appeal on the whole result is about."""

    GRADE = "grade"  # of the test, or of a removal
    ANNULMENT = "annulment"  # S-12: by act, be it long after the test


@dataclass(frozen=True, slots=True)
class Appealed:
    """What one appeal is about, and no other: the grade, or the ``nth`` annulment, from 1.

    A result that was given back may be annulled again: that is another decision and another
    grade, received on a day of its own (T-5.4).
    """

    cause: AppealCause = AppealCause.GRADE
    nth: int = 1


def appealed(state: SittingState, annulments: int) -> Appealed:
    """By a sitting's state, and how often its result was annulled so far."""
    if state is SittingState.ANNULLED:
        return Appealed(AppealCause.ANNULMENT, annulments)
    return Appealed()


class AppealStep(StrEnum):
    VISA = "visa"
    RETURN = "return"
    UPHOLD = "uphold"
    REJECT = "reject"


TRANSITIONS: Final[Mapping[tuple[AppealState, AppealStep], AppealState]] = {
    (AppealState.LODGED, AppealStep.VISA): AppealState.VISAED,
    (AppealState.LODGED, AppealStep.RETURN): AppealState.RETURNED,
    (AppealState.VISAED, AppealStep.UPHOLD): AppealState.UPHELD,
    (AppealState.VISAED, AppealStep.REJECT): AppealState.REJECTED,
}


def next_step(state: AppealState, step: AppealStep) -> AppealState:
    """A decided appeal never opens again. IllegalTransition."""
    found = TRANSITIONS.get((state, step))
    if found is None:
        raise IllegalTransition(f"an appeal that is {state} refuses {step}")
    return found


@dataclass(frozen=True, slots=True)
class AppealPolicy:
    """T-5.4: on the day the grade is received; T-5.5: considered on the next working day."""

    days: int = 0
    zone: ZoneInfo = ZoneInfo("Asia/Almaty")  # noqa: RUF009 - an immutable value

    def last_day(self, graded_at: datetime) -> date:
        return graded_at.astimezone(self.zone).date() + timedelta(days=self.days)

    def require_in_time(self, graded_at: datetime, now: datetime) -> None:
        """The day is the institution's, whatever zone the student is in. AppealLate."""
        if now.astimezone(self.zone).date() > self.last_day(graded_at):
            raise AppealLate

    def due_on(self, visa_at: datetime) -> date:
        return next_working_day(visa_at.astimezone(self.zone).date())


def next_working_day(day: date) -> date:
    """Monday to Friday; the commission may of course sit earlier than a holiday's end."""
    after = day + timedelta(days=1)
    while after.weekday() >= _SATURDAY:
        after += timedelta(days=1)
    return after


@dataclass(frozen=True, slots=True)
class Vote:
    member_id: str
    uphold: bool


def is_upheld(votes: Sequence[Vote], members: Sequence[str], chair_id: str) -> bool:
    """T-5.6: more than half of the commission votes, its chair among them; a tie is the chair's.

    AppealVotesMissing where too few have voted.
    """
    cast = {vote.member_id: vote.uphold for vote in votes if vote.member_id in members}
    if chair_id not in cast or len(cast) * 2 <= len(members):
        raise AppealVotesMissing
    uphold = sum(cast.values())
    if uphold * 2 == len(cast):
        return cast[chair_id]
    return uphold * 2 > len(cast)
