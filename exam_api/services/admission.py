"""The way into the test: the device check is done, and a rule or a proctor lets the student in."""

from datetime import datetime

from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Exam, Sitting
from exam_api.domain.states import SittingState
from exam_api.services.identity import require_photos
from exam_api.services.ports import Clock, LiveMedia, MediaState, Unit, Units
from exam_api.services.sitting_views import SittingViewer
from exam_api.services.sittings import advance
from exam_api.services.tracks import require_beside
from exam_api.services.views import SittingView


async def make_ready(
    unit: Unit, sitting: Sitting, exam: Exam, now: datetime, media: MediaState
) -> Sitting:
    """T-4.3, T-4.10. IdentityMissing, ExamNotOpen, TooLate, RecordingNotLive, TrackNotLive."""
    await require_photos(unit, sitting, exam)
    ready = sitting.readied(now, exam, live=media.live)
    require_beside(exam.policy, media.tracks)
    await advance(unit, sitting, ready, now, by=sitting.student_id)
    return ready


class Admission:
    """The student's side; a proctor's is services.proctor_actions."""

    def __init__(self, units: Units, clock: Clock, live: LiveMedia) -> None:
        self._units = units
        self._clock = clock
        self._live = live
        self._viewer = SittingViewer(clock, live)

    async def ready(self, actor: Actor, sitting_id: str, client_id: str) -> SittingView:
        """Saying it twice changes nothing."""
        async with self._units.write() as unit:
            sitting = await unit.sittings.lock_own(sitting_id, actor)
            sitting.require_claimed(client_id)
            if sitting.state is not SittingState.WAITING:
                exam = await unit.exams.of(sitting)
                media = self._live.state(sitting_id)
                sitting = await make_ready(unit, sitting, exam, self._clock.now(), media)
            return await self._viewer.show(unit, sitting, actor, client_id)
