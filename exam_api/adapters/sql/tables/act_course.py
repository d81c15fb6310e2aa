"""Where an act is on its way (S-18, S-19), and every step that brought it there."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import (
    PII,
    Base,
    Code,
    Counter,
    Id,
    SittingRef,
    UserRef,
    Utc,
    UtcDateTime,
)


class ActCourseRow(Base):
    """Of an act over its revisions: the number names it. An act without a row is just made."""

    __tablename__ = "act_course"
    __table_args__ = (UniqueConstraint("year", "form", "seq"),)

    id: Mapped[Id]
    year: Mapped[int]
    form: Mapped[int]
    seq: Mapped[int]
    sitting_id: Mapped[SittingRef] = mapped_column(index=True)
    act_id: Mapped[str] = mapped_column(String(36), ForeignKey("act.id"))  # the revision on its way
    state: Mapped[Code] = mapped_column(index=True)
    since: Mapped[Utc]
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ActStepRow(Base):
    """Append-only. ``by_user`` is null where the clock took the step.

    ``reason``: what the person stated, the student's answer included; ``reference``: form 2.
    """

    __tablename__ = "act_step"

    id: Mapped[Counter]
    course_id: Mapped[str] = mapped_column(String(36), ForeignKey("act_course.id"), index=True)
    act_id: Mapped[str] = mapped_column(String(36), ForeignKey("act.id"))
    step: Mapped[Code]
    before: Mapped[Code]
    after: Mapped[Code]
    at: Mapped[Utc]
    by_user: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(Text, info=PII)
    reference: Mapped[str | None] = mapped_column(String(80))


class SecondReviewRow(Base):
    """A blind second opinion on a flag that the first had decided (``first_verdict``)."""

    __tablename__ = "second_review"

    act_id: Mapped[str] = mapped_column(String(36), ForeignKey("act.id"), primary_key=True)
    flag_id: Mapped[str] = mapped_column(String(36), ForeignKey("flag.id"), primary_key=True)
    verdict: Mapped[Code]
    first_verdict: Mapped[Code]
    comment: Mapped[str] = mapped_column(Text, info=PII)
    by_user: Mapped[UserRef]
    at: Mapped[Utc]
