"""Sessions of exams, rooms, the working group, and who may sit which exam."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import (
    PII,
    Base,
    Counter,
    Digest,
    ExamRef,
    Id,
    Json,
    SittingRef,
    UserRef,
    Utc,
    UtcDateTime,
)


class ExamPeriod(Base):
    """A session of exams. The three dates: S-5/S-8 and rows 7 and 8 of the procedure."""

    __tablename__ = "exam_period"

    id: Mapped[Id]
    title: Mapped[str] = mapped_column(String(200), unique=True)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    summer: Mapped[bool]
    schedule_approved_on: Mapped[date | None] = mapped_column(Date)
    staff_approved_on: Mapped[date | None] = mapped_column(Date)
    instructed_on: Mapped[date | None] = mapped_column(Date)


class Room(Base):
    __tablename__ = "room"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(80), unique=True)
    seats: Mapped[int]


class ExamRoom(Base):
    """An exam without rooms is remote."""

    __tablename__ = "exam_room"

    exam_id: Mapped[str] = mapped_column(String(36), ForeignKey("exam.id"), primary_key=True)
    room_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("room.id"), primary_key=True, index=True
    )


class WorkingGroup(Base):
    """S-14: appointed by order, one for a session of exams."""

    __tablename__ = "working_group"

    period_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("exam_period.id"), primary_key=True
    )
    order_number: Mapped[str] = mapped_column(String(40))
    order_date: Mapped[date] = mapped_column(Date)


class WorkingGroupMember(Base):
    __tablename__ = "working_group_member"

    period_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("working_group.period_id"), primary_key=True
    )
    member_id: Mapped[str] = mapped_column(String(36), ForeignKey("user.id"), primary_key=True)


class Enrolment(Base):
    """Lets a student sit an exam. ``rating_points`` and ``debt`` as the newest statement has them.

    ``opens_at``/``closes_at``: individual dates (T-4.11); ``extra_min``, ``break_min`` and
    ``excused`` (kinds of flags): accommodations. ``document`` says why, and is shown to nobody
    who proctors. ``admitted_*``: a decision that stands in place of the rating.
    """

    __tablename__ = "enrolment"

    exam_id: Mapped[str] = mapped_column(String(36), ForeignKey("exam.id"), primary_key=True)
    student_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("user.id"), primary_key=True, index=True
    )
    enrolled_at: Mapped[Utc]
    enrolled_by: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    rating_points: Mapped[int | None]
    debt: Mapped[bool] = mapped_column(default=False, server_default=false())
    opens_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    extra_min: Mapped[int] = mapped_column(default=0, server_default="0")
    break_min: Mapped[int] = mapped_column(default=0, server_default="0")
    excused: Mapped[list[str]] = mapped_column(Json)
    document: Mapped[str] = mapped_column(Text, default="", server_default="", info=PII)
    granted_by: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    granted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    admitted_by: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    admitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    admitted_reason: Mapped[str] = mapped_column(Text, default="", server_default="", info=PII)


class Handover(Base):
    """A sitting went from one proctor to another. Append-only; ``live``: in mid-exam."""

    __tablename__ = "handover"

    id: Mapped[Counter]
    sitting_id: Mapped[SittingRef] = mapped_column(index=True)
    from_proctor: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    to_proctor: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    live: Mapped[bool]
    at: Mapped[Utc]
    by_user: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(Text, info=PII)


class RatingStatement(Base):
    """An imported statement of admission ratings (S-7); kept as it came."""

    __tablename__ = "rating_statement"

    id: Mapped[Id]
    exam_id: Mapped[ExamRef] = mapped_column(index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[Digest]
    imported_at: Mapped[Utc]
    imported_by: Mapped[UserRef]


class Rating(Base):
    __tablename__ = "rating"

    statement_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("rating_statement.id"), primary_key=True
    )
    student_id: Mapped[str] = mapped_column(String(36), ForeignKey("user.id"), primary_key=True)
    points: Mapped[int]
    debt: Mapped[bool]
