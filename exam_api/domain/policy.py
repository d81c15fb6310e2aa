"""The settings of the two procedures, each a default that a university or an exam may change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from analysis.contracts import FlagKind
from exam_api.domain.policy_rules import (
    OneOf,
    SomeOf,
    Switch,
    Whole,
    read_setting,
    rules_of,
    stored,
)

# The others say that nothing could be watched.
WATCHABLE = tuple(
    kind for kind in FlagKind if kind not in {FlagKind.CONNECTION_LOST, FlagKind.ANALYSIS_LOST}
)


class AdmissionRule(StrEnum):
    """Whether a student who is enrolled needs a sufficient admission rating too (T-4.1)."""

    RATING = "rating"
    ENROLLED = "enrolled"


class Admit(StrEnum):
    BY_RULE = "by_rule"
    BY_PROCTOR = "by_proctor"


class LateEntry(StrEnum):
    ASK = "ask"
    REFUSE = "refuse"
    ALLOW = "allow"


class Outage(StrEnum):
    RUNS_ON = "runs_on"
    PAUSE_WITH_APPROVAL = "pause_with_approval"


@dataclass(frozen=True, slots=True)
class ExamPolicy:
    """Stored with the exam, so that a later change of defaults changes no past exam.

    To add a setting is to declare it with its kind, clause and default (domain.policy_rules).
    """

    questions: Annotated[int, Whole("T-4.5", least=1, most=500)] = 25
    # T-4.4: one astronomical hour
    duration_min: Annotated[int, Whole("T-4.4", least=1, most=1440)] = 60
    # T-4.2: workplace and program are made ready 15 min before
    check_lead_min: Annotated[int, Whole("T-4.2", most=1440)] = 15
    # domain.md, grades: D begins at 50
    pass_points: Annotated[int, Whole("grades", most=100)] = 50
    # domain.md, grades: final = rating × 0.6 + exam × 0.4, in hundredths
    rating_share: Annotated[int, Whole("grades", most=100)] = 60
    # T-4.1: 50 % in the two midterm controls, and no debt
    admission: Annotated[AdmissionRule, OneOf("T-4.1", AdmissionRule)] = AdmissionRule.RATING
    admission_points: Annotated[int, Whole("T-4.1", most=100)] = 50
    # S-15: how many students one proctor watches at once
    students_per_proctor: Annotated[int, Whole("S-15", least=1, most=1000)] = 20
    # S-15: how often a console tile gets a new picture; 0: as often as the server makes them
    thumbnail_s: Annotated[int, Whole("S-15", most=60)] = 0
    # T-4.3: who lets students in, and from how long before the window
    admit: Annotated[Admit, OneOf("T-4.3", Admit)] = Admit.BY_RULE
    admit_lead_min: Annotated[int, Whole("T-4.3", most=1440)] = 10
    # T-4.10: who is late needs the proctor's permission, and comes at most 30 min after the start;
    # a grace, which the regulations do not know, is the exam's own
    late: Annotated[LateEntry, OneOf("T-4.10", LateEntry)] = LateEntry.ASK
    late_most_min: Annotated[int, Whole("T-4.10", most=1440)] = 30
    late_grace_min: Annotated[int, Whole("T-4.10", most=1440)] = 0
    # T-4.4: what a proctor may add to the hour, in all; what a declared break may be
    pause_most_min: Annotated[int, Whole("T-4.4", most=1440)] = 15
    extend_most_min: Annotated[int, Whole("T-4.4", most=1440)] = 15
    breaks: Annotated[int, Whole("T-4.11", most=20)] = 0
    break_min: Annotated[int, Whole("T-4.11", least=1, most=120)] = 5
    break_stops_clock: Annotated[bool, Switch("T-4.4")] = False
    # S-10, T-4.4: whether the clock runs on in an outage, or a proctor may give the time back
    outage: Annotated[Outage, OneOf("S-10", Outage)] = Outage.RUNS_ON
    outage_most_min: Annotated[int, Whole("S-10", most=1440)] = 15
    # T-4.3: a face and a document photo before the student is ready
    identity_photos: Annotated[bool, Switch("T-4.3")] = False
    # S-17: whether the whole recording is looked at once more before the proctor reviews it
    second_pass: Annotated[bool, Switch("S-17")] = True
    # T-4.8: kinds of flags that this exam does without, as where books are allowed
    unwatched: Annotated[tuple[FlagKind, ...], SomeOf("T-4.8", WATCHABLE)] = ()
    # S-13: what is recorded besides the camera and the microphone
    screen: Annotated[bool, Switch("S-13")] = False
    second_camera: Annotated[bool, Switch("S-13")] = False

    def __post_init__(self) -> None:
        for name, rule in rules_of(ExamPolicy).items():
            object.__setattr__(self, name, read_setting(rule, name, getattr(self, name)))

    @property
    def duration(self) -> timedelta:
        return timedelta(minutes=self.duration_min)

    @property
    def check_lead(self) -> timedelta:
        return timedelta(minutes=self.check_lead_min)

    @property
    def admit_lead(self) -> timedelta:
        return timedelta(minutes=self.admit_lead_min)

    @property
    def late_most(self) -> timedelta:
        return timedelta(minutes=self.late_most_min)

    @property
    def late_grace(self) -> timedelta:
        return timedelta(minutes=self.late_grace_min)

    def to_json(self) -> dict[str, Any]:
        return {name: stored(getattr(self, name)) for name in rules_of(ExamPolicy)}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "ExamPolicy":
        """Settings that the stored policy does not name take their defaults; others are ignored."""
        known = rules_of(ExamPolicy)
        return cls(**{name: value for name, value in found.items() if name in known})


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """Log-in sessions, publish tokens and limits."""

    session_idle: timedelta = timedelta(hours=2)
    session_absolute: timedelta = timedelta(hours=12)
    session_touch: timedelta = timedelta(minutes=5)  # last_seen is written no oftener
    session_trust: timedelta = timedelta(seconds=10)  # how long a session's reading is relied on
    password_least: int = 10  # characters of a password that a person chooses
    publish_token_life: timedelta = timedelta(minutes=10)
    watch_token_life: timedelta = timedelta(minutes=1)  # a live view is opened at once
    phone_link_life: timedelta = timedelta(minutes=10)  # the QR code of the second camera
    phone_life: timedelta = timedelta(hours=12)  # and the phone that opened it
    failure_window: timedelta = timedelta(minutes=5)
    # Per login from one address; per login from anywhere; per address (a class behind one NAT).
    # The first is the smallest so that nobody can lock a student out from another address.
    failures_per_login_and_address: int = 8
    failures_per_login: int = 60
    failures_per_address: int = 120


@dataclass(frozen=True, slots=True)
class DeadlinePolicy:
    """What is told of in time; settings of the server (S-5, S-7, S-8)."""

    # Before the session, and before the summer one: schedule, proctors and staff are approved
    approved_before: timedelta = timedelta(days=14)
    approved_before_summer: timedelta = timedelta(days=7)
    warned_ahead: timedelta = timedelta(days=7)  # so many days are left to act
    statement_before: timedelta = timedelta(days=3)  # the ratings, before the exam


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Calls a minute by one person, or from one address without a session; 0: no limit."""

    reads: int = 6000  # a console with fifty pictures asks 1500 times a minute
    writes: int = 600
    answers: int = 600  # saving answers: far above what a hand can do
    address: int = 6000  # a class behind one address logs in together
