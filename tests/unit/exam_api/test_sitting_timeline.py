"""Property tests: whatever student, second tab, proctor, clock, documents and restarts do.

A model beside the rules adds up by itself what time each was given, and holds the rules to it.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exam_api.domain import judging, pausing
from exam_api.domain.admission import Admission, Allowances
from exam_api.domain.clockwork import Granted, Pause, PauseKind
from exam_api.domain.errors import ExamError
from exam_api.domain.grading import result_of
from exam_api.domain.judging import ConfirmedAct, UpheldAppeal
from exam_api.domain.paper import PaperItem, draw
from exam_api.domain.policy import Admit, ExamPolicy, LateEntry, Outage
from exam_api.domain.responses import SingleResponse
from exam_api.domain.sitting import Exam, Sitting
from exam_api.domain.states import (
    COMPLETED,
    NOT_BEGUN,
    RUNNING,
    TRANSITIONS,
    SittingState,
    is_completed,
)

OPENS = datetime(2026, 11, 22, 4, tzinfo=UTC)
BANK = [PaperItem(f"q{n}", (f"q{n}c0", f"q{n}c1")) for n in range(5)]
tabs = st.sampled_from(["tab-one", "tab-two"])
minutes = st.integers(-5, 40)
seldom = st.integers(0, 19).map(lambda chance: chance == 19)  # for what ends the story
policies = st.builds(
    ExamPolicy,
    questions=st.just(5),
    duration_min=st.sampled_from([30, 60]),
    admit=st.sampled_from(Admit),
    late=st.sampled_from(LateEntry),
    late_most_min=st.sampled_from([0, 10, 30]),
    late_grace_min=st.sampled_from([0, 5]),
    pause_most_min=st.sampled_from([0, 1, 15]),
    extend_most_min=st.sampled_from([0, 15]),
    breaks=st.integers(0, 2),
    break_min=st.sampled_from([1, 5]),
    break_stops_clock=st.booleans(),
    outage=st.sampled_from(Outage),
    outage_most_min=st.sampled_from([0, 15]),
)


@dataclass
class Seen:
    """What the outside world was told, against which the rules are checked."""

    answers: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    steps: list[tuple[SittingState, SittingState]] = field(default_factory=list)
    given: timedelta = timedelta(0)  # by which the deadline may have moved
    stood: timedelta = timedelta(0)  # in which the clock stood
    stood_for_proctor: timedelta = timedelta(0)
    result: object = None
    permitted: bool = False
    documents: int = 0


class SittingMachine(RuleBasedStateMachine):
    @initialize(
        policy=policies,
        window_min=st.sampled_from([30, 60, 120]),
        allowances=st.builds(Allowances, st.sampled_from([0, 20]), st.sampled_from([0, 4])),
        arrives_min=st.sampled_from([None, -10, 0, 3, 8, 25, 40]),
        hesitates_min=st.sampled_from([0, 0, 0, 1, 28]),
    )
    def start(
        self,
        policy: ExamPolicy,
        window_min: int,
        allowances: Allowances,
        arrives_min: int | None,
        hesitates_min: int,
    ) -> None:
        self.now = OPENS - timedelta(minutes=20)
        self.live = True
        self.seen = Seen()
        titles = {"kk": "x", "ru": "x", "en": "x"}
        closes = OPENS + timedelta(minutes=window_min)
        exam = Exam("exam", "d", "X", titles, OPENS, closes, policy)
        self.exam = exam.for_student(allowances, Admission.ADMITTED)
        self.sitting = Sitting("s", "exam", "u", None, SittingState.SCHEDULED, self.now)
        if arrives_min is not None:
            self.come(timedelta(minutes=arrives_min), timedelta(minutes=hesitates_min))

    def come(self, after: timedelta, hesitates: timedelta) -> None:
        """Straight to the test where the rules let one; chance alone seldom gets that far."""
        self.now = OPENS + after
        self.claim("tab-one", take_over=False)
        self.publish()
        self.ready()
        self.admit()
        self.now = max(self.now + hesitates, OPENS)
        self.begin(1)

    def attempt(self, change) -> bool:
        """A refused step leaves the sitting as it was."""
        try:
            after = change()
        except ExamError:
            return False
        if after is not None:
            if after.state is not self.sitting.state:
                self.seen.steps.append((self.sitting.state, after.state))
            self.sitting = after
        return True

    def score(self) -> int:
        return sum(choice.endswith("c0") for _, choice in self.seen.answers.values())

    def result(self):
        return result_of(self.score(), 5)

    # --- time -----------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0, 1, 20, 61, 290, 301, 900]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.sitting.deadline_at is not None)
    @rule(milliseconds=st.integers(-2, 2))
    def the_deadline_comes(self, milliseconds: int) -> None:
        edge = self.sitting.deadline_at + timedelta(milliseconds=milliseconds)
        self.now = max(self.now, edge)

    @precondition(lambda self: self.sitting.pause is not None)
    @rule(milliseconds=st.integers(-2, 2))
    def the_end_of_the_pause_comes(self, milliseconds: int) -> None:
        self.now = max(self.now, self.sitting.pause.until + timedelta(milliseconds=milliseconds))

    @rule()
    def the_clock_ticks(self) -> None:
        """As services.exam_clock does."""
        if self.sitting.is_due(self.now):
            assert not (self.sitting.pause and self.sitting.pause.stops_clock), "time taken away"
            assert self.attempt(lambda: self.sitting.expired(self.result()))
        elif pausing.is_pause_over(self.sitting, self.now):
            assert self.resume()
        elif self.sitting.state in NOT_BEGUN and self.now >= self.exam.closes_at:
            assert self.attempt(lambda: self.sitting.missed(self.exam.admission))

    @rule()
    def the_server_restarts(self) -> None:
        """Only what is stored is left."""
        kept = self.sitting
        granted = json.loads(json.dumps(kept.granted.to_json()))
        pause = json.loads(json.dumps(kept.pause.to_json())) if kept.pause else None
        self.sitting = replace(
            kept,
            granted=Granted.from_json(granted),
            pause=Pause.from_json(pause) if pause else None,
        )
        assert self.sitting == kept

    # --- the student ----------------------------------------------------------------------------

    @rule(live=st.booleans())
    def camera(self, live: bool) -> None:
        self.live = live

    @rule(tab=tabs, take_over=st.booleans())
    def claim(self, tab: str, take_over: bool) -> None:
        self.attempt(lambda: self.sitting.claimed(tab, take_over=take_over))

    @rule()
    def publish(self) -> None:
        self.attempt(lambda: self.sitting.published(self.now, self.exam))

    @rule()
    def ready(self) -> None:
        if self.attempt(lambda: self.sitting.readied(self.now, self.exam, live=self.live)):
            assert self.live
            assert self.now >= OPENS - timedelta(minutes=10), "T-4.3"
            if self.sitting.admitted_at:
                assert self.exam.policy.admit is Admit.BY_RULE

    @rule(seed=st.integers(0, 99))
    def begin(self, seed: int) -> None:
        paper = draw(BANK, 5, seed)
        if not self.attempt(lambda: self.sitting.begun(self.now, self.exam, paper, live=self.live)):
            return
        assert self.live, "S-10"
        assert OPENS <= self.now < self.exam.closes_at
        policy = self.exam.policy
        came_late = self.sitting.ready_at - self.exam.start - policy.late_grace
        if came_late > timedelta(0):
            assert policy.late is not LateEntry.REFUSE, "T-4.10"
            assert self.now <= self.exam.start + policy.late_most, "T-4.10"
            assert self.seen.permitted or policy.late is LateEntry.ALLOW, "T-4.10"
        if policy.admit is Admit.BY_PROCTOR:
            assert self.seen.permitted, "T-4.3"

    @rule(tab=tabs, item=st.sampled_from([0, 1, 2, 3, 4, 6]), choice=st.integers(0, 2))
    def answer(self, tab: str, item: int, choice: int) -> None:
        def given() -> None:
            self.sitting.require_claimed(tab)
            response = SingleResponse(choice=f"q{item}c{choice}")
            self.sitting.require_answerable(self.now, f"q{item}", response)

        if self.attempt(given):
            assert item < 5
            assert choice < 2
            assert tab == self.sitting.client_id
            assert self.sitting.state is SittingState.IN_PROGRESS
            assert self.sitting.began_at <= self.now < self.latest_end()
            self.seen.answers[f"q{item}"] = (self.now, f"q{item}c{choice}")

    @rule(really=seldom)
    def finish(self, really: bool) -> None:
        if really:
            self.attempt(lambda: self.sitting.submitted(self.now, self.result()))

    @rule()
    def declare_a_break(self) -> None:
        self.attempt(lambda: pausing.on_break(self.sitting, self.now, self.exam))

    # --- the proctor ----------------------------------------------------------------------------

    @rule()
    def admit(self) -> None:
        if self.attempt(lambda: self.sitting.admitted(self.now, self.exam)):
            self.seen.permitted = True

    @rule(really=seldom)
    def refuse(self, really: bool) -> None:
        if really:
            self.attempt(self.sitting.refused)

    @rule()
    def pause(self) -> None:
        if self.attempt(lambda: pausing.paused(self.sitting, self.now, self.exam.policy)):
            self.require_in_time()
            longest = self.sitting.pause.until - self.now + self.seen.stood_for_proctor
            slack = timedelta(milliseconds=len(self.seen.steps))
            assert longest <= timedelta(minutes=self.exam.policy.pause_most_min) + slack

    @precondition(lambda self: self.sitting.state is SittingState.PAUSED)
    @rule()
    def end_the_pause(self) -> None:
        self.resume()

    def resume(self) -> bool:
        pause = self.sitting.pause
        if not self.attempt(lambda: pausing.resumed(self.sitting, self.now)):
            return False
        if pause.stops_clock:
            stood = min(self.now, pause.until) - pause.since
            self.seen.given += stood
            self.seen.stood += stood
            if pause.kind is PauseKind.PROCTOR:
                self.seen.stood_for_proctor += stood
        else:
            self.require_in_time()
        return True

    @rule(added=minutes)
    def extend(self, added: int) -> None:
        policy = self.exam.policy
        if self.attempt(lambda: pausing.extended(self.sitting, self.now, added, policy)):
            self.grant(added)

    @rule(added=minutes)
    def give_back_an_outage(self, added: int) -> None:
        policy = self.exam.policy
        if self.attempt(lambda: pausing.outage_approved(self.sitting, self.now, added, policy)):
            assert policy.outage is Outage.PAUSE_WITH_APPROVAL
            self.grant(added)

    def grant(self, added: int) -> None:
        assert added > 0
        self.require_in_time()
        self.seen.given += timedelta(minutes=added)

    def require_in_time(self) -> None:
        """What is over is given nothing any more; a clock that stands is not over."""
        pause = self.sitting.pause
        stands = pause is not None and pause.stops_clock
        assert stands or self.now < self.latest_end()

    @rule(really=seldom)
    def remove(self, really: bool) -> None:
        if really:
            self.attempt(lambda: self.sitting.removed(self.now, 5))

    # --- documents ------------------------------------------------------------------------------

    @rule()
    def annul(self) -> None:
        if self.attempt(lambda: judging.annulled(self.sitting, ConfirmedAct("a1"))):
            self.seen.documents += 1
            assert self.sitting.result.points == 0

    @rule()
    def restore(self) -> None:
        if self.sitting.paper is None:
            return
        appeal = UpheldAppeal("p1")
        if self.attempt(lambda: judging.restored(self.sitting, appeal, self.result())):
            self.seen.documents += 1
            assert self.sitting.result == self.result()

    @rule(hours=st.sampled_from([0, 1, 30]))
    def dates_of_own(self, hours: int) -> None:
        """T-4.11, as services.admitting does: by a document, also after the exam."""
        if not self.sitting.completed:
            return
        if self.attempt(lambda: self.sitting.rescheduled(None)):
            self.seen.documents += 1
            assert self.sitting.began_at is None
            assert not self.seen.answers
            opens = self.now + timedelta(hours=hours)
            closes = opens + self.exam.policy.duration
            self.exam = replace(self.exam, opens_at=opens, closes_at=closes)

    # --- what always holds ----------------------------------------------------------------------

    def latest_end(self) -> datetime:
        """By the model's own account of what was given."""
        own = min(self.sitting.began_at + self.exam.policy.duration, self.exam.closes_at)
        return own + self.seen.given

    @invariant()
    def every_step_is_in_the_table(self) -> None:
        legal = {(before, after) for (before, _), after in TRANSITIONS.items()}
        assert set(self.seen.steps) <= legal

    @invariant()
    def completed_states_never_go_back(self) -> None:
        out = [(one, two) for one, two in self.seen.steps if is_completed(one)]
        assert len(out) == self.seen.documents
        back = {(one, two) for one, two in out if two not in COMPLETED}
        never_begun = {SittingState.ABSENT, SittingState.NOT_ADMITTED}
        assert back <= {(one, SittingState.SCHEDULED) for one in never_begun}
        assert not (back and self.seen.steps[0][1] is SittingState.CHECKING), "came, and came back"

    @invariant()
    def no_answer_lies_outside_the_time(self) -> None:
        for at, _ in self.seen.answers.values():
            assert self.sitting.began_at <= at < self.sitting.deadline_at

    @invariant()
    def time_is_never_gained(self) -> None:
        if self.sitting.began_at is None:
            return
        slack = timedelta(milliseconds=len(self.seen.steps))  # rounded down at each pause
        assert self.latest_end() - slack <= self.sitting.deadline_at <= self.latest_end()
        policy = self.exam.policy
        breaks_min = policy.breaks * policy.break_min + self.exam.allowances.break_min
        most = policy.pause_most_min + policy.extend_most_min + policy.outage_most_min
        most += breaks_min if policy.break_stops_clock else 0
        assert self.seen.given <= timedelta(minutes=most)
        worked = self.sitting.deadline_at - self.sitting.began_at - self.seen.stood
        assert worked <= policy.duration + timedelta(minutes=most)

    @invariant()
    def the_end_is_within_the_time(self) -> None:
        ended = self.sitting.finished_at
        if self.sitting.finish_reason == "student":
            assert ended < self.sitting.deadline_at
        if self.sitting.finish_reason == "time":
            assert ended == self.sitting.deadline_at
            assert all(at < ended for at, _ in self.seen.answers.values())

    @invariant()
    def a_result_is_given_once_and_changed_only_by_a_document(self) -> None:
        without = {SittingState.ABSENT, SittingState.NOT_ADMITTED}
        has = self.sitting.completed and self.sitting.state not in without
        assert (self.sitting.result is not None) == has
        if has and not self.seen.documents:
            self.seen.result = self.seen.result or self.sitting.result
            assert self.sitting.result == self.seen.result
        if self.sitting.state in {SittingState.SUBMITTED, SittingState.EXPIRED}:
            assert self.sitting.result.score == self.score()

    @invariant()
    def a_pause_is_there_while_paused_only(self) -> None:
        assert (self.sitting.pause is not None) == (self.sitting.state is SittingState.PAUSED)

    @invariant()
    def the_timeline_begins_once(self) -> None:
        came = {SittingState.CHECKING, SittingState.WAITING, *RUNNING}
        if self.sitting.state in came:
            assert self.sitting.origin is not None


TestSittingTimeline = SittingMachine.TestCase
TestSittingTimeline.settings = settings(max_examples=400, stateful_step_count=60, deadline=None)
