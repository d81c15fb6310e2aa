"""Grades: what they have been, and what the university's journal was told."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import (
    PII,
    Base,
    Code,
    Counter,
    Digest,
    ExamRef,
    Id,
    SittingRef,
    UserRef,
    Utc,
    UtcDateTime,
)


class GradeChangeRow(Base):
    """Append-only: a sitting's points before and after, with who changed them and why."""

    __tablename__ = "grade_change"

    id: Mapped[Counter]
    sitting_id: Mapped[SittingRef] = mapped_column(index=True)
    cause: Mapped[Code]
    before: Mapped[int | None]
    after: Mapped[int | None]
    at: Mapped[Utc]
    by_user: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(Text, info=PII)


class JournalRow(Base):
    """A final grade as it was handed to the journal (S-22). Append-only: the newest counts.

    ``id`` is the cursor by which the university's journal reads.
    """

    __tablename__ = "journal_entry"
    __table_args__ = (UniqueConstraint("exam_id", "student_id", "revision"),)

    id: Mapped[Counter]
    exam_id: Mapped[ExamRef]
    student_id: Mapped[UserRef] = mapped_column(index=True)
    revision: Mapped[int]
    rating: Mapped[int | None]
    exam_points: Mapped[int | None]
    final_points: Mapped[int | None]
    letter: Mapped[str] = mapped_column(String(2))
    remark: Mapped[Code]
    at: Mapped[Utc]
    by_user: Mapped[UserRef]


class ApiClientRow(Base):
    """A machine that may read the journal. ``token_hash``: the token itself is kept nowhere."""

    __tablename__ = "api_client"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[Digest] = mapped_column(unique=True)
    created_at: Mapped[Utc]
    created_by: Mapped[UserRef]
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
