"""Taking answers: those of many students that wait at once share one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from exam_api.domain.errors import ExamError, NotFound
from exam_api.domain.responses import Response
from exam_api.domain.sitting import Sitting
from exam_api.services.ports import Clock, GivenAnswer, NewAnswer, Units
from exam_api.services.together import Together
from exam_api.services.views import AnswerView


@dataclass(frozen=True, slots=True)
class Offered:
    """An answer as a tab of the student's sends it."""

    student_id: str
    sitting_id: str
    client_id: str
    item_id: str
    response: Response
    client_seq: int


class Answering:
    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock
        self._together = Together[Offered, AnswerView](self._take)

    async def take(self, offered: Offered) -> AnswerView:
        """Acknowledged only once it is on disk. NotFound, OpenElsewhere, TimeOver."""
        return await self._together.ask(offered)

    async def _take(self, offers: Sequence[Offered]) -> Sequence[AnswerView | ExamError]:
        async with self._units.write() as unit:
            own = {(offer.sitting_id, offer.student_id) for offer in offers}
            sittings = await unit.sittings.lock_each_own(own)
            stored = await unit.answers.of_each(sittings)
            # Read after the locks were granted: waiting for them gains nobody time.
            group = _Group(sittings, {ref: dict(stored[ref]) for ref in stored}, self._clock.now())
            told = [group.judged(offer) for offer in offers]
            await unit.answers.keep(group.news, group.answered)
        return told


class _Group:
    """The rules for each offer, in the order of their coming, as if it were alone."""

    def __init__(
        self,
        sittings: Mapping[str, Sitting],
        given: Mapping[str, dict[str, GivenAnswer]],
        now: datetime,
    ) -> None:
        self._sittings = sittings
        self._given = given
        self._now = now
        self.news: list[NewAnswer] = []
        self.answered: dict[str, int] = {}

    def judged(self, offer: Offered) -> AnswerView | ExamError:
        """One that is refused changes nothing for the others."""
        try:
            return self._taken(offer)
        except ExamError as error:
            return error

    def _taken(self, offer: Offered) -> AnswerView:
        sitting = self._sittings.get(offer.sitting_id)
        # The group may hold another student's sitting: to this one it does not exist.
        if sitting is None or sitting.student_id != offer.student_id:
            raise NotFound
        sitting.require_claimed(offer.client_id)
        sitting.require_answerable(self._now, offer.item_id, offer.response)
        given = self._given[offer.sitting_id]
        counting = given.get(offer.item_id)
        applied = counting is None or counting.client_seq < offer.client_seq
        if counting is None or applied:
            counting = GivenAnswer(offer.item_id, offer.response, offer.client_seq, self._now)
            given[offer.item_id] = counting
            self.news.append(NewAnswer(offer.sitting_id, offer.client_id, counting))
        answered = sum(not answer.response.blank for answer in given.values())
        if applied:
            self.answered[offer.sitting_id] = answered
        return AnswerView(
            item_id=offer.item_id,
            response=counting.response,
            client_seq=counting.client_seq,
            saved_at=counting.saved_at,
            applied=applied,
            answered=answered,
        )
