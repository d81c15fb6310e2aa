"""Exams and sittings as their views."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from exam_api.domain import timers
from exam_api.domain.clockwork import Pause
from exam_api.domain.errors import ExamClosed, ExamNotOpen
from exam_api.domain.pausing import breaks_left, may_ask_time
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Exam, Sitting
from exam_api.domain.sitting_log import SEEN, open_entries
from exam_api.services.ports import Clock, ExamWithSitting, LiveMedia, MediaState, Unit
from exam_api.services.recent_sittings import SeenSitting
from exam_api.services.sitting_log_ports import NamedEntry
from exam_api.services.tracks import wanted_tracks
from exam_api.services.views import (
    Claimed,
    ExamCard,
    ExamPhase,
    ExamView,
    PauseView,
    RecordingView,
    SittingView,
    StudentView,
    TalkView,
    TitleView,
    result_view,
)


def phase_of(exam: Exam, now: datetime) -> ExamPhase:
    try:
        timers.require_check_window(now, exam.opens_at, exam.closes_at, exam.policy)
    except ExamNotOpen:
        return "upcoming"
    except ExamClosed:
        return "closed"
    return "open" if now >= exam.opens_at else "checking"


def exam_view(exam: Exam, now: datetime) -> ExamView:
    return ExamView(
        id=exam.id,
        code=exam.code,
        title=TitleView(kk=exam.title["kk"], ru=exam.title["ru"], en=exam.title["en"]),
        opens_at=exam.opens_at,
        closes_at=exam.closes_at,
        phase=phase_of(exam, now),
        questions=exam.policy.questions,
        duration_min=exam.policy.duration_min,
        tracks=wanted_tracks(exam.policy),
        identity_photos=exam.policy.identity_photos,
        admit=exam.policy.admit,
        admits_at=exam.opens_at - exam.policy.admit_lead,
    )


def exam_card(found: ExamWithSitting, now: datetime) -> ExamCard:
    sitting = found.sitting
    return ExamCard(
        exam=exam_view(found.exam, now),
        sitting_id=sitting.id if sitting else None,
        state=sitting.state if sitting else None,
        result=result_view(sitting.result if sitting else None, found.exam.policy.pass_points),
        admission=found.exam.admission,
    )


class SittingViewer:
    """Reads what a sitting's view needs besides the sitting itself."""

    def __init__(self, clock: Clock, live: LiveMedia) -> None:
        self._clock = clock
        self._live = live

    async def show(
        self, unit: Unit, sitting: Sitting, actor: Actor, client_id: str | None
    ) -> SittingView:
        exam = await unit.exams.of(sitting)
        own = sitting.student_id == actor.id
        name = actor.full_name if own else await unit.people.full_name(sitting.student_id)
        media = self._live.state(sitting.id)
        now = self._clock.now()
        return SittingView(
            id=sitting.id,
            state=sitting.state,
            exam=exam_view(exam, now),
            student=StudentView(name),
            server_now=now,
            checked_at=sitting.checked_at,
            ready_at=sitting.ready_at,
            admitted_at=sitting.admitted_at,
            began_at=sitting.began_at,
            deadline_at=sitting.deadline_at,
            finished_at=sitting.finished_at,
            finish_reason=sitting.finish_reason,
            recording=_recording(media),
            claimed=_claimed(sitting, client_id),
            answered=await unit.answers.count(sitting.id),
            total=len(sitting.paper.items) if sitting.paper else exam.policy.questions,
            result=result_view(sitting.result, exam.policy.pass_points),
            pause=_pause(sitting.pause),
            breaks_left=breaks_left(sitting, exam),
            break_min=exam.policy.break_min,
            may_ask_time=may_ask_time(sitting, exam.policy),
            talk=_talk(await unit.log.of(sitting.id), sitting),
        )

    def again(self, seen: SeenSitting, client_id: str | None) -> SittingView:
        """The same view with what follows the clock, the media and the asking tab made new."""
        media = self._live.state(seen.sitting.id)
        return replace(
            seen.view,
            server_now=self._clock.now(),
            recording=_recording(media),
            claimed=_claimed(seen.sitting, client_id),
        )


def _recording(media: MediaState) -> RecordingView:
    return RecordingView(media.live, media.connected, media.seconds, tuple(sorted(media.tracks)))


def _pause(pause: Pause | None) -> PauseView | None:
    if pause is None:
        return None
    return PauseView(pause.kind, pause.since, pause.until, pause.stops_clock)


def _talk(log: Sequence[NamedEntry], sitting: Sitting) -> tuple[TalkView, ...]:
    entries = [named.entry for named in log if named.entry.kind not in SEEN]
    waiting = open_entries(entries)
    return tuple(
        TalkView(
            id=entry.id,
            kind=entry.kind,
            at=entry.at,
            mine=entry.by == sitting.student_id,
            text=entry.text,
            minutes=entry.minutes,
            open=entry in waiting,
        )
        for entry in entries
    )


def _claimed(sitting: Sitting, client_id: str | None) -> Claimed | None:
    if sitting.client_id is None:
        return None
    return "mine" if sitting.client_id == client_id else "other"
