"""The numbers of the two procedures, each a default that a university or an exam may change."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any

from exam_api.domain.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class ExamPolicy:
    """Stored with the exam, so that a later change of defaults changes no past exam."""

    questions: int = 25  # T-4.5
    duration_min: int = 60  # T-4.4: one astronomical hour
    check_lead_min: int = 15  # T-4.2: workplace and program are made ready 15 min before
    pass_points: int = 50  # domain.md, grades: D begins at 50

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            # bool is an int in Python; in a stored policy it is a mistake.
            if type(value) is not int or value < 0:
                raise InvalidRequest(f"policy: {field.name} must be a whole number, 0 or more")
        if not (self.questions and self.duration_min):
            raise InvalidRequest("policy: questions and duration_min must be above 0")

    @property
    def duration(self) -> timedelta:
        return timedelta(minutes=self.duration_min)

    @property
    def check_lead(self) -> timedelta:
        return timedelta(minutes=self.check_lead_min)

    def to_json(self) -> dict[str, int]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "ExamPolicy":
        """Numbers that the stored policy does not name take their defaults; others are ignored."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in stored.items() if key in known})


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """Log-in sessions, publish tokens and limits."""

    session_idle: timedelta = timedelta(hours=2)
    session_absolute: timedelta = timedelta(hours=12)
    session_touch: timedelta = timedelta(minutes=5)  # last_seen is written no oftener
    session_trust: timedelta = timedelta(seconds=10)  # how long a session's reading is relied on
    publish_token_life: timedelta = timedelta(minutes=10)
    failure_window: timedelta = timedelta(minutes=5)
    # Per login from one address; per login from anywhere; per address (a class behind one NAT).
    # The first is the smallest so that nobody can lock a student out from another address.
    failures_per_login_and_address: int = 8
    failures_per_login: int = 60
    failures_per_address: int = 120
