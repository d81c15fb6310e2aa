"""What console and review show: plain values, the same for pages and the JSON API."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from analysis.contracts import Box, FlagKind, ModelRef, Severity
from analysis.policy import FORM1_ITEM, FORM3_KINDS
from capture.contracts import Recording, TrackKind
from exam_api.domain.sitting import Exam, Sitting
from exam_api.domain.states import SittingState
from exam_api.services.proctoring_ports import SecondLook, StoredDecision, StoredFlag, Verdict
from exam_api.services.review_ports import StoredAct, WatchedSitting
from exam_api.services.review_rules import grounds
from exam_api.services.views import ResultView, TitleView, result_view


@dataclass(frozen=True, slots=True)
class WatchedExamView:
    id: str
    title: TitleView
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class StudentView:
    full_name: str
    group: str
    faculty: str
    programme: str
    course: int | None


@dataclass(frozen=True, slots=True)
class DecisionView:
    verdict: Verdict
    comment: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TileFlagView:
    id: str
    kind: FlagKind
    severity: Severity
    start_ms: int
    end_ms: int | None
    confidence: float
    verdict: Verdict | None
    allowed: bool


@dataclass(frozen=True, slots=True)
class FlagView:
    """``before``: the moments before it of which there are pictures. ``form3``: its subject."""

    id: str
    kind: FlagKind
    severity: Severity
    start_ms: int
    end_ms: int | None
    confidence: float
    form1_item: str | None
    form3: bool
    models: tuple[ModelRef, ...]
    thresholds: dict[str, float]
    scores: tuple[tuple[int, float], ...]
    evidence_at_ms: int | None
    boxes: tuple[Box, ...]
    decision: DecisionView | None
    history: tuple[DecisionView, ...]
    allowed: bool
    second: SecondLook | None
    before: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GapView:
    start_ms: int
    end_ms: int
    cause: str


@dataclass(frozen=True, slots=True)
class SuppliedView:
    """What the student's computer supplied after a gap. ``sha256``: of what it sent."""

    start_ms: int
    end_ms: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ClockView:
    """``offset_ms``: how far the student's clock was ahead when it was measured last."""

    offset_ms: int
    error_ms: int


@dataclass(frozen=True, slots=True)
class ReviewedRecordingView:
    """``coverage`` 0..1 is the share of the test that is on record; null before it began.

    Of it ``recorded_ms`` came over the line and ``supplied_ms`` afterwards.
    ``first_ms`` is when the recording begins on the sitting's timeline: a player's zero.
    """

    first_ms: int
    until_ms: int
    recorded_ms: int
    supplied_ms: int
    exam_ms: int
    coverage: float | None
    digest: str
    segments: int
    live: bool
    gaps: tuple[GapView, ...]
    clock: ClockView | None
    supplied: tuple[SuppliedView, ...]


@dataclass(frozen=True, slots=True)
class ReviewedTrackView:
    """A track that the exam wants or that is on record. ``coverage`` as of the camera's."""

    track: TrackKind
    live: bool
    recorded: bool
    coverage: float | None
    gaps: tuple[GapView, ...]


@dataclass(frozen=True, slots=True)
class ActView:
    """``withdrawn``: no confirmed flag of the sitting supports it any more."""

    id: str
    number: str
    revision: int
    made_at: datetime
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class ReviewedSittingView:
    id: str
    state: SittingState
    student: StudentView
    exam: WatchedExamView
    origin: datetime | None
    began_at: datetime | None
    finished_at: datetime | None
    result: ResultView | None


@dataclass(frozen=True, slots=True)
class ReviewView:
    """``may_decide``: the asking person is the proctor of this sitting.

    ``act_due``: what is confirmed does not stand in a readable act yet; ``act_outgrown``: it does
    not stand in the act that is on its way, and will in its next revision, after a recall.
    """

    may_decide: bool
    sitting: ReviewedSittingView
    recording: ReviewedRecordingView
    tracks: tuple[ReviewedTrackView, ...]
    flags: tuple[FlagView, ...]
    acts: tuple[ActView, ...]
    act_due: bool
    act_outgrown: bool


@dataclass(frozen=True, slots=True)
class DecidedView:
    """``act`` is the newest revision that the decision led to; null where nothing is confirmed."""

    flag: FlagView
    act: ActView | None


def clock_view(recording: Recording) -> ClockView | None:
    """A one-way delay is at most the whole round trip: the error is half of it."""
    if not recording.clocks:
        return None
    last = recording.clocks[-1]
    return ClockView(last.offset_ms, (last.round_trip_ms + 1) // 2)


def gap_views(recording: Recording) -> tuple[GapView, ...]:
    return tuple(GapView(gap.start_ms, gap.end_ms, str(gap.cause)) for gap in recording.gaps)


def exam_view(exam: Exam) -> WatchedExamView:
    title = TitleView(kk=exam.title["kk"], ru=exam.title["ru"], en=exam.title["en"])
    return WatchedExamView(exam.id, title, exam.opens_at, exam.closes_at)


def student_view(watched: WatchedSitting) -> StudentView:
    card = watched.student
    return StudentView(card.full_name, card.group, card.faculty, card.programme, card.course)


def sitting_result(sitting: Sitting, exam: Exam) -> ResultView | None:
    return result_view(sitting.result, exam.policy.pass_points)


def sitting_view(watched: WatchedSitting) -> ReviewedSittingView:
    sitting = watched.sitting
    return ReviewedSittingView(
        id=sitting.id,
        state=sitting.state,
        student=student_view(watched),
        exam=exam_view(watched.exam),
        origin=sitting.origin,
        began_at=sitting.began_at,
        finished_at=sitting.finished_at,
        result=sitting_result(sitting, watched.exam),
    )


def tile_flag(flag: StoredFlag, decision: StoredDecision | None, *, allowed: bool) -> TileFlagView:
    return TileFlagView(
        id=flag.id,
        kind=flag.kind,
        severity=flag.severity,
        start_ms=flag.start_ms,
        end_ms=flag.end_ms,
        confidence=flag.confidence,
        verdict=decision.verdict if decision else None,
        allowed=allowed,
    )


def flag_view(flag: StoredFlag, decisions: Iterable[StoredDecision], *, allowed: bool) -> FlagView:
    """``decisions`` of any flags, oldest first; ``allowed``: seen where the exam permits it."""
    history = [decision for decision in decisions if decision.flag_id == flag.id]
    item = FORM1_ITEM.get(flag.kind)
    return FlagView(
        id=flag.id,
        kind=flag.kind,
        severity=flag.severity,
        start_ms=flag.start_ms,
        end_ms=flag.end_ms,
        confidence=flag.confidence,
        form1_item=str(item) if item else None,
        form3=flag.kind in FORM3_KINDS,
        models=flag.models,
        thresholds=dict(flag.thresholds or {}),
        scores=flag.scores,
        evidence_at_ms=flag.evidence_at_ms,
        boxes=flag.boxes,
        decision=decision_view(history[-1]) if history else None,
        history=tuple(decision_view(decision) for decision in history),
        allowed=allowed,
        second=flag.second,
        before=tuple(still.at_ms for still in flag.before),
    )


def decision_view(decision: StoredDecision) -> DecisionView:
    return DecisionView(decision.verdict, decision.comment, decision.by_name, decision.at)


def act_view(
    act: StoredAct, flags: Sequence[StoredFlag], decisions: Sequence[StoredDecision]
) -> ActView:
    withdrawn = not grounds(flags, decisions)
    return ActView(act.id, act.number, act.revision, act.made_at, withdrawn=withdrawn)
