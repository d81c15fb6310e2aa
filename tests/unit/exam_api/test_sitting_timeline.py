"""Property tests: whatever a student, a second tab and the clock do, the rules hold."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exam_api.domain.errors import ExamError
from exam_api.domain.grading import result_of
from exam_api.domain.paper import PaperItem, draw
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.responses import SingleResponse
from exam_api.domain.sitting import Exam, Sitting
from exam_api.domain.states import SittingState, is_completed

OPENS = datetime(2026, 11, 22, 4, tzinfo=UTC)
BANK = [PaperItem(f"q{n}", (f"q{n}c0", f"q{n}c1")) for n in range(5)]
EXAM = Exam(
    id="exam",
    discipline_id="d",
    code="X",
    title={"kk": "x", "ru": "x", "en": "x"},
    opens_at=OPENS,
    closes_at=OPENS + timedelta(hours=2),
    policy=ExamPolicy(questions=5),
)
ORDER = list(SittingState)
tabs = st.sampled_from(["tab-one", "tab-two"])


@dataclass
class Seen:
    """What the outside world was told, against which the rules are checked."""

    answers: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    states: list[SittingState] = field(default_factory=list)
    results: set[object] = field(default_factory=set)


class SittingMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = OPENS - timedelta(minutes=20)
        self.live = False
        self.seen = Seen()
        self.sitting = Sitting("s", "exam", "u", None, SittingState.SCHEDULED, self.now)

    def attempt(self, change) -> bool:
        """A refused step leaves the sitting as it was."""
        try:
            after = change()
        except ExamError:
            return False
        if after is not None:
            self.sitting = after
        return True

    def score(self) -> int:
        return sum(choice.endswith("c0") for _, choice in self.seen.answers.values())

    @initialize(halfway=st.booleans(), minutes=st.integers(0, 100))
    def start(self, halfway: bool, minutes: int) -> None:
        """Half of the runs begin in the middle of the test: that is where rules break."""
        if halfway:
            self.now = OPENS + timedelta(minutes=minutes)
            self.live = True
            self.claim("tab-one", take_over=False)
            self.publish()
            self.begin(0)

    @rule(minutes=st.sampled_from([0, 0.1, 1, 10, 20]))
    def time_passes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.sitting.deadline_at and self.now < self.sitting.deadline_at)
    @rule(milliseconds=st.sampled_from([-1, 0, 0, 1]))
    def the_deadline_comes(self, milliseconds: int) -> None:
        edge = self.sitting.deadline_at + timedelta(milliseconds=milliseconds)
        self.now = max(self.now, edge)

    @rule(live=st.booleans())
    def camera(self, live: bool) -> None:
        self.live = live

    @rule(tab=tabs, take_over=st.booleans())
    def claim(self, tab: str, take_over: bool) -> None:
        self.attempt(lambda: self.sitting.claimed(tab, take_over=take_over))

    @rule()
    def publish(self) -> None:
        self.attempt(lambda: self.sitting.published(self.now, EXAM))

    @rule(seed=st.integers(0, 99))
    def begin(self, seed: int) -> None:
        paper = draw(BANK, 5, seed)
        before = self.sitting
        if self.attempt(lambda: before.begun(self.now, EXAM, paper, live=self.live)):
            assert self.live, "S-10"
            assert before.state is SittingState.CHECKING

    @rule(tab=tabs, item=st.integers(0, 6), choice=st.integers(0, 2))
    def answer(self, tab: str, item: int, choice: int) -> None:
        def given() -> None:
            self.sitting.require_claimed(tab)
            response = SingleResponse(choice=f"q{item}c{choice}")
            self.sitting.require_answerable(self.now, f"q{item}", response)

        if self.attempt(given):
            assert item < 5
            assert choice < 2
            assert tab == self.sitting.client_id
            self.seen.answers[f"q{item}"] = (self.now, f"q{item}c{choice}")

    @rule()
    def finish(self) -> None:
        result = result_of(self.score(), 5)
        self.attempt(lambda: self.sitting.submitted(self.now, result))

    @precondition(lambda self: self.sitting.is_due(self.now))
    @rule()
    def tick(self) -> None:
        assert self.attempt(lambda: self.sitting.expired(result_of(self.score(), 5)))

    @invariant()
    def states_only_go_forward(self) -> None:
        if self.seen.states:
            before = self.seen.states[-1]
            assert ORDER.index(before) <= ORDER.index(self.sitting.state)
            assert not is_completed(before) or before is self.sitting.state
        self.seen.states.append(self.sitting.state)

    @invariant()
    def no_answer_lies_outside_the_time(self) -> None:
        for at, _ in self.seen.answers.values():
            assert self.sitting.began_at is not None
            assert self.sitting.began_at <= at < self.sitting.deadline_at

    @invariant()
    def time_is_never_gained(self) -> None:
        if self.sitting.began_at is not None:
            assert self.sitting.deadline_at <= EXAM.closes_at
            assert self.sitting.deadline_at - self.sitting.began_at <= EXAM.policy.duration
        if self.sitting.state is SittingState.SUBMITTED:
            assert self.sitting.finished_at < self.sitting.deadline_at
        if self.sitting.state is SittingState.EXPIRED:
            assert self.sitting.finished_at == self.sitting.deadline_at

    @invariant()
    def a_result_is_given_once_and_stays(self) -> None:
        assert (self.sitting.result is not None) == self.sitting.completed
        if self.sitting.result is not None:
            self.seen.results.add(self.sitting.result)
            assert len(self.seen.results) == 1
            assert self.sitting.result.score == self.score()

    @invariant()
    def the_timeline_begins_once(self) -> None:
        assert (self.sitting.origin is None) == (self.sitting.state is SittingState.SCHEDULED)


TestSittingTimeline = SittingMachine.TestCase
TestSittingTimeline.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
