"""Grades as services read and write them."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from exam_api.domain.grades import FinalGrade, GradeChange
from exam_api.domain.languages import Texts
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Exam
from exam_api.services.paging import PageAsk


@dataclass(frozen=True, slots=True)
class GradedExam:
    exam: Exam
    department: Texts | None
    students: int
    graded: int
    imported: int


@dataclass(frozen=True, slots=True)
class GradeRow:
    """A student who is enrolled; ``sitting_id`` is None where there is no sitting."""

    student_id: str
    student: str
    login: str
    group: str
    programme: str
    sitting_id: str | None
    grade: FinalGrade


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """``id`` is the cursor."""

    id: int
    exam_id: str
    discipline_code: str
    discipline: Texts
    student_id: str
    student_login: str
    student: str
    group: str
    revision: int
    rating: int | None
    exam_points: int | None
    final_points: int | None
    letter: str
    remark: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NamedGradeChange:
    """``by_name`` is None where the exam clock made the change."""

    change: GradeChange
    by_name: str | None


@dataclass(frozen=True, slots=True)
class OwnGrade:
    """``appeal_id``: the appeal that the student has lodged, and its state."""

    exam: Exam
    sitting_id: str | None
    grade: FinalGrade
    appeal_id: str | None
    appeal_state: str | None


class Grades(Protocol):
    async def add(self, change: GradeChange) -> None: ...
    async def of_sitting(self, sitting_id: str) -> Sequence[NamedGradeChange]:
        """Oldest first."""
        ...

    async def best_points(self, discipline_id: str, student_id: str) -> int | None:
        """The best final points in the journal or of a finished sitting of the discipline."""
        ...


class ResultRows(Protocol):
    """Every query asks for the actor: what may not be seen is not found."""

    async def exams(self, actor: Actor, limit: int, offset: int) -> Sequence[GradedExam]:
        """Newest first."""
        ...

    async def exam_count(self, actor: Actor) -> int: ...
    async def exam(self, exam_id: str, actor: Actor) -> GradedExam: ...
    async def rows(self, exam: Exam, actor: Actor) -> Sequence[GradeRow]:
        """By group and name."""
        ...

    async def of_student(self, exam_id: str, student_id: str) -> FinalGrade:
        """As it stands now, in this unit. NotFound where the student is not enrolled."""
        ...

    async def own(self, student_id: str) -> Sequence[OwnGrade]:
        """Newest exam first."""
        ...

    async def may_import(self, exam_id: str, actor: Actor) -> bool: ...
    async def imported(self, exam_id: str) -> Mapping[str, tuple[int, FinalGrade]]:
        """By student: the newest revision in the journal and its grade."""
        ...

    async def add_entry(
        self,
        *,
        exam_id: str,
        student_id: str,
        revision: int,
        grade: FinalGrade,
        at: datetime,
        by: str,
    ) -> None: ...
    async def journal(self, ask: PageAsk) -> Sequence[JournalEntry]:
        """In the order they were handed over; up to ``limit + 1``."""
        ...


@dataclass(frozen=True, slots=True)
class ApiClient:
    id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None


class ApiClients(Protocol):
    async def all(self) -> Sequence[ApiClient]: ...
    async def add(
        self, client_id: str, name: str, token_hash: str, at: datetime, by: str
    ) -> None: ...
    async def revoke(self, client_id: str, at: datetime) -> bool: ...
    async def is_known(self, token_hash: str) -> bool: ...


class ResultsUnit(Protocol):
    @property
    def grades(self) -> Grades: ...
    @property
    def results(self) -> ResultRows: ...
    @property
    def api_clients(self) -> ApiClients: ...


class ResultsUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[ResultsUnit]: ...
    def write(self) -> AbstractAsyncContextManager[ResultsUnit]: ...
