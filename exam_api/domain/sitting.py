"""A sitting and what may happen to it: values and pure rules, the caller brings the time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from exam_api.domain import timers
from exam_api.domain.admission import NO_ALLOWANCES, Admission, Allowances, require_admitted
from exam_api.domain.clockwork import Granted, Pause
from exam_api.domain.errors import (
    AwaitingAdmission,
    Forbidden,
    NotFound,
    NotInProgress,
    OpenElsewhere,
    RecordingNotLive,
    SittingOver,
    SittingPaused,
    TimeOver,
)
from exam_api.domain.grading import Result, result_of
from exam_api.domain.languages import Texts
from exam_api.domain.paper import Paper
from exam_api.domain.policy import Admit, ExamPolicy, LateEntry
from exam_api.domain.responses import Response
from exam_api.domain.states import RUNNING, SittingEvent, SittingState, is_completed, next_state

FINISHED_BY_STUDENT = "student"
FINISHED_BY_TIME = "time"
FINISHED_BY_PROCTOR = "removed"


@dataclass(frozen=True, slots=True)
class Exam:
    """Read for a sitting, or by a student, it is the exam as that student sits it."""

    id: str
    discipline_id: str
    code: str
    title: Texts
    opens_at: datetime
    closes_at: datetime
    policy: ExamPolicy
    allowances: Allowances = NO_ALLOWANCES
    admission: Admission = Admission.ADMITTED

    def for_student(self, allowances: Allowances, admission: Admission) -> "Exam":
        """With individual dates (T-4.11) and extra time, which moves the end of the window too."""
        extra = timedelta(minutes=allowances.extra_min)
        minutes = self.policy.duration_min + allowances.extra_min
        return replace(
            self,
            opens_at=allowances.opens_at or self.opens_at,
            closes_at=(allowances.closes_at or self.closes_at) + extra,
            policy=replace(self.policy, duration_min=minutes) if extra else self.policy,
            allowances=allowances,
            admission=admission,
        )

    @property
    def start(self) -> datetime:
        """Who is ready later than this is late (T-4.10)."""
        return timers.start_of(self.opens_at, self.closes_at, self.policy)


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of a sitting's state, for good. ``by``: a person's id; None: the exam clock.

    ``reference``: the document that orders it, where one must (domain.judging).
    """

    sitting_id: str
    before: SittingState
    after: SittingState
    at: datetime
    by: str | None
    reason: str = ""
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Sitting:
    """One student's attempt at one exam. ``client_id`` names the tab that holds it.

    ``ready_at``: the device check was done; ``admitted_at``: let in (T-4.3). ``deadline_at`` moves
    only by what domain.pausing grants.
    """

    id: str
    exam_id: str
    student_id: str
    proctor_id: str | None
    state: SittingState
    created_at: datetime
    origin: datetime | None = None
    checked_at: datetime | None = None
    ready_at: datetime | None = None
    admitted_at: datetime | None = None
    began_at: datetime | None = None
    deadline_at: datetime | None = None
    finished_at: datetime | None = None
    finish_reason: str | None = None
    client_id: str | None = None
    paper: Paper | None = None
    result: Result | None = None
    pause: Pause | None = None
    granted: Granted = Granted()  # noqa: RUF009 - frozen value

    @property
    def completed(self) -> bool:
        return is_completed(self.state)

    def claimed(self, client_id: str, *, take_over: bool) -> "Sitting":
        """The tab takes the sitting. OpenElsewhere where another holds it and must be asked."""
        if self.client_id not in (None, client_id) and not take_over:
            raise OpenElsewhere
        return replace(self, client_id=client_id)

    def let_go(self) -> "Sitting":
        """No tab holds it: its student has said that the next one may."""
        return replace(self, client_id=None)

    def require_own(self, user_id: str) -> None:
        """Questions are for the sitting's own student; others who may see it may not see those."""
        if self.student_id != user_id:
            raise Forbidden

    def require_begun(self) -> Paper:
        if self.paper is None:
            raise NotInProgress
        return self.paper

    def require_claimed(self, client_id: str) -> None:
        if self.client_id != client_id:
            raise OpenElsewhere

    def published(self, now: datetime, exam: Exam) -> "Sitting":
        """Media begins to arrive: the first time sets the timeline's zero, for good."""
        if self.completed:
            raise NotInProgress
        if self.state in RUNNING:
            return self
        timers.require_check_window(now, exam.opens_at, exam.closes_at, exam.policy)
        if self.state is not SittingState.SCHEDULED:
            return self
        require_admitted(exam.admission)
        state = next_state(self.state, SittingEvent.CHECK)
        return replace(self, state=state, origin=now, checked_at=now)

    def readied(self, now: datetime, exam: Exam, *, live: bool) -> "Sitting":
        """The device check is done. T-4.3: let in at once where the rule does that.

        T-4.10: who is late waits for the proctor's permission, or is too late.
        """
        # A sitting whose camera was never checked has no recording either: say that.
        if self.state is SittingState.SCHEDULED:
            raise RecordingNotLive
        state = next_state(self.state, SittingEvent.READY)
        timers.require_admission_window(now, exam.opens_at, exam.closes_at, exam.policy)
        late = timers.is_late(now, exam.start, exam.policy)
        if late:
            timers.require_entry(now, exam.start, exam.policy)
        if not live:
            raise RecordingNotLive
        by_rule = exam.policy.admit is Admit.BY_RULE
        welcome = by_rule and not (late and exam.policy.late is LateEntry.ASK)
        admitted_at = now if welcome else None
        return replace(self, state=state, ready_at=now, admitted_at=admitted_at)

    def admitted(self, now: datetime, exam: Exam) -> "Sitting":
        """A proctor lets the student in (T-4.3), which for a late one is the permission (T-4.10).

        Letting in twice changes nothing.
        """
        if self.state is not SittingState.WAITING:
            raise NotInProgress
        if self.admitted_at is not None:
            return self
        self._require_entry(now, exam)
        return replace(self, admitted_at=now)

    def refused(self) -> "Sitting":
        """Not let in; for good."""
        return replace(self, state=next_state(self.state, SittingEvent.REFUSE))

    def missed(self, admission: Admission) -> "Sitting":
        """S-9: the window has closed. Others than who might have begun were not admitted.

        Those are who may not sit (T-4.1), and who waited in vain (T-4.3); the rest was absent.
        """
        unheard = self.state is SittingState.WAITING and self.admitted_at is None
        kept_out = unheard or admission is not Admission.ADMITTED
        event = SittingEvent.REFUSE if kept_out else SittingEvent.MISS
        return replace(self, state=next_state(self.state, event))

    def rescheduled(self, proctor_id: str | None) -> "Sitting":
        """T-4.11: who never came gets dates of own, also after the exam.

        SittingOver where a camera was on: no timeline begins twice.
        """
        if self.origin is not None:
            raise SittingOver
        state = next_state(self.state, SittingEvent.RESCHEDULE)
        return replace(self, state=state, proctor_id=proctor_id, client_id=None)

    def begun(self, now: datetime, exam: Exam, paper: Paper, *, live: bool) -> "Sitting":
        """S-10: first the recording, then the test. T-4.4: the clock starts."""
        state = next_state(self.state, SittingEvent.BEGIN)
        timers.require_open(now, exam.opens_at, exam.closes_at)
        if self.admitted_at is None:
            raise AwaitingAdmission
        self._require_entry(now, exam)
        if not live:
            raise RecordingNotLive
        return replace(
            self,
            state=state,
            began_at=now,
            deadline_at=timers.deadline(now, exam.closes_at, exam.policy),
            paper=paper,
        )

    def _require_entry(self, now: datetime, exam: Exam) -> None:
        """T-4.10: the 30 min are for those who came late, not for those who had to wait."""
        if self.came_late(exam):
            timers.require_entry(now, exam.start, exam.policy)

    def came_late(self, exam: Exam) -> bool:
        """T-4.10, S-9."""
        came = self.ready_at
        return came is not None and timers.is_late(came, exam.start, exam.policy)

    def running_paper(self, now: datetime) -> Paper:
        """The paper while it may be worked on. NotInProgress, SittingPaused, TimeOver."""
        if self.state is SittingState.EXPIRED:
            raise TimeOver
        if self.state not in RUNNING or not (self.paper and self.deadline_at):
            raise NotInProgress
        if self.is_due(now):
            raise TimeOver
        if self.state is SittingState.PAUSED:
            raise SittingPaused
        return self.paper

    def require_answerable(self, now: datetime, item_id: str, response: Response) -> None:
        """An answer is taken within time only, and only to a question of this paper."""
        item = self.running_paper(now).item(item_id)
        if item is None or not item.takes(response):
            raise NotFound

    def is_due(self, now: datetime) -> bool:
        """The time is over: the deadline has come, and the clock did not stand still before it."""
        if self.state not in RUNNING or self.deadline_at is None:
            return False
        stopped = self.pause is not None and self.pause.stops_clock
        return not stopped and timers.is_over(now, self.deadline_at)

    def submitted(self, now: datetime, result: Result) -> "Sitting":
        """T-4.6. Where the time is already over it ends as expired, at its deadline."""
        if self.is_due(now):
            return self.expired(result)
        if self.state is SittingState.PAUSED:
            raise SittingPaused
        state = next_state(self.state, SittingEvent.SUBMIT)
        reason = FINISHED_BY_STUDENT
        return replace(self, state=state, finished_at=now, finish_reason=reason, result=result)

    def removed(self, now: datetime, questions: int) -> "Sitting":
        """T-4.9: 0 points and F, whatever was answered. TimeOver where the test has ended."""
        state = next_state(self.state, SittingEvent.REMOVE)
        if self.is_due(now):
            raise TimeOver
        total = len(self.paper.items) if self.paper else questions
        reason = FINISHED_BY_PROCTOR
        ended = replace(self, state=state, finished_at=now, finish_reason=reason, pause=None)
        return replace(ended, result=result_of(0, total))

    def expired(self, result: Result) -> "Sitting":
        """The end is the deadline, however late the clock's tick came."""
        state = next_state(self.state, SittingEvent.EXPIRE)
        return replace(
            self,
            state=state,
            finished_at=self.deadline_at,
            finish_reason=FINISHED_BY_TIME,
            result=result,
            pause=None,
        )
