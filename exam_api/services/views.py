"""What pages and the JSON API show: plain values, the same for both. Times are aware UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from capture.contracts import TrackKind
from exam_api.domain.admission import Admission
from exam_api.domain.clockwork import PauseKind
from exam_api.domain.grading import Result
from exam_api.domain.items import Formula, ItemKind
from exam_api.domain.languages import Language
from exam_api.domain.policy import Admit
from exam_api.domain.responses import Response
from exam_api.domain.sitting_log import LogKind
from exam_api.domain.states import SittingState

ExamPhase = Literal["upcoming", "checking", "open", "closed"]
Claimed = Literal["mine", "other"]


@dataclass(frozen=True, slots=True)
class TitleView:
    kk: str
    ru: str
    en: str

    def __getitem__(self, language: Language) -> str:
        return {"kk": self.kk, "ru": self.ru, "en": self.en}[language]


@dataclass(frozen=True, slots=True)
class ExamView:
    """``admits_at``: from when on students are let in (T-4.3)."""

    id: str
    code: str
    title: TitleView
    opens_at: datetime
    closes_at: datetime
    phase: ExamPhase
    questions: int
    duration_min: int
    tracks: tuple[TrackKind, ...]
    identity_photos: bool
    admit: Admit
    admits_at: datetime


@dataclass(frozen=True, slots=True)
class ResultView:
    """T-4.12: ``score`` marks of ``total``; ``points`` out of 100; letter and GPA points."""

    score: float
    total: int
    points: int
    letter: str
    gpa: float
    passed: bool


@dataclass(frozen=True, slots=True)
class ExamCard:
    """An exam in a list; ``sitting_id`` is the asking student's own sitting.

    ``admission``: whether the student may sit it, as far as is known now (T-4.1).
    """

    exam: ExamView
    sitting_id: str | None
    state: SittingState | None
    result: ResultView | None
    admission: Admission = Admission.ADMITTED


@dataclass(frozen=True, slots=True)
class RecordingView:
    """``tracks`` that arrive now."""

    live: bool
    connected: bool
    seconds: int
    tracks: tuple[TrackKind, ...]


@dataclass(frozen=True, slots=True)
class StudentView:
    full_name: str


@dataclass(frozen=True, slots=True)
class PauseView:
    """It ends by itself at ``until``."""

    kind: PauseKind
    since: datetime
    until: datetime
    stops_clock: bool


@dataclass(frozen=True, slots=True)
class TalkView:
    """A word between student and proctor. ``open``: a warning or a request without its answer."""

    id: str
    kind: LogKind
    at: datetime
    mine: bool
    text: str
    minutes: int | None
    open: bool


@dataclass(frozen=True, slots=True)
class SittingView:
    """``claimed``: whether the asking tab holds the sitting, another does, or none (null).

    ``breaks_left`` of ``break_min`` minutes each; ``may_ask_time``: after an outage.
    """

    id: str
    state: SittingState
    exam: ExamView
    student: StudentView
    server_now: datetime
    checked_at: datetime | None
    ready_at: datetime | None
    admitted_at: datetime | None
    began_at: datetime | None
    deadline_at: datetime | None
    finished_at: datetime | None
    finish_reason: str | None
    recording: RecordingView
    claimed: Claimed | None
    answered: int
    total: int
    result: ResultView | None
    pause: PauseView | None
    breaks_left: int
    break_min: int
    may_ask_time: bool
    talk: tuple[TalkView, ...]


@dataclass(frozen=True, slots=True)
class IceServerView:
    """As a browser's RTCPeerConnection takes it."""

    urls: str
    username: str | None
    credential: str | None


@dataclass(frozen=True, slots=True)
class PublishTokenView:
    token: str
    whip_url: str
    expires_at: datetime
    ice_servers: tuple[IceServerView, ...]


@dataclass(frozen=True, slots=True)
class ChoiceView:
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class QuestionView:
    """``position`` counts from 1 in the sitting's own order; ``answer`` is the one so far.

    ``choices``: of matching the left sides, whose right sides are ``targets``; of ordering what
    is to be ordered. Texts hold the marks of domain.items; ``formulas`` has each formula's SVG.
    """

    id: str
    position: int
    kind: ItemKind
    stem: str
    choices: tuple[ChoiceView, ...]
    targets: tuple[ChoiceView, ...]
    formulas: Mapping[str, Formula]
    answer: Response | None
    client_seq: int


@dataclass(frozen=True, slots=True)
class QuestionsView:
    """A client goes on counting from ``last_seq``, so that its next answer is the later one."""

    lang: Language
    server_now: datetime
    deadline_at: datetime
    last_seq: int
    questions: tuple[QuestionView, ...]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """The answer that counts now; ``applied`` is false where a later one had come first."""

    item_id: str
    response: Response
    client_seq: int
    saved_at: datetime
    applied: bool
    answered: int


def result_view(result: Result | None, pass_points: int) -> ResultView | None:
    if result is None:
        return None
    return ResultView(
        score=float(result.score),
        total=result.total,
        points=result.points,
        letter=result.letter,
        gpa=result.gpa,
        passed=result.points >= pass_points,
    )
