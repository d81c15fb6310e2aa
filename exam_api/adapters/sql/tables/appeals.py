"""Appeals, the commission named by order, and its votes."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import (
    PII,
    Base,
    Code,
    Id,
    SittingRef,
    UserRef,
    Utc,
    UtcDateTime,
)


class AppealCommission(Base):
    """``protocols``: how many it has signed; the next protocol's number."""

    __tablename__ = "appeal_commission"

    id: Mapped[Id]
    order_number: Mapped[str] = mapped_column(String(40))
    order_date: Mapped[date] = mapped_column(Date)
    chair_id: Mapped[UserRef]
    created_at: Mapped[Utc]
    created_by: Mapped[UserRef]
    protocols: Mapped[int] = mapped_column(default=0)


class AppealCommissionMember(Base):
    """The chair is a member too."""

    __tablename__ = "appeal_commission_member"

    commission_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("appeal_commission.id"), primary_key=True
    )
    member_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("user.id"), primary_key=True, index=True
    )


class AppealRow(Base):
    """One appeal on a sitting's grade; its steps are its own columns and never change again.

    ``item_id``: on that question alone (S-20), whose grounds are in ``question_appeal``.
    ``cause`` and ``nth``: domain.appeals.Appealed.
    """

    __tablename__ = "appeal"
    __table_args__ = (
        UniqueConstraint("sitting_id", "item_id"),
        Index(
            "uq_appeal_sitting_id_cause_nth",
            "sitting_id",
            "cause",
            "nth",
            unique=True,
            sqlite_where=text("item_id IS NULL"),
            postgresql_where=text("item_id IS NULL"),
        ),
        UniqueConstraint("commission_id", "protocol"),
    )

    id: Mapped[Id]
    sitting_id: Mapped[SittingRef]
    item_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("item.id"))
    cause: Mapped[Code] = mapped_column(server_default="grade")
    nth: Mapped[int] = mapped_column(server_default="1")
    state: Mapped[Code]
    grounds: Mapped[str] = mapped_column(Text, info=PII)
    lodged_at: Mapped[Utc]
    visa_by: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    visa_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    visa_note: Mapped[str] = mapped_column(Text, info=PII)
    commission_id: Mapped[str | None] = mapped_column(
        String(36), ForeignKey("appeal_commission.id")
    )
    due_on: Mapped[date | None] = mapped_column(Date)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reasons: Mapped[str] = mapped_column(Text, info=PII)
    points_before: Mapped[int | None]
    points_after: Mapped[int | None]
    protocol: Mapped[int | None]


class AppealVoteRow(Base):
    """A member's newest vote counts until the decision."""

    __tablename__ = "appeal_vote"

    appeal_id: Mapped[str] = mapped_column(String(36), ForeignKey("appeal.id"), primary_key=True)
    member_id: Mapped[str] = mapped_column(String(36), ForeignKey("user.id"), primary_key=True)
    uphold: Mapped[bool]
    note: Mapped[str] = mapped_column(Text, info=PII)
    at: Mapped[Utc]
