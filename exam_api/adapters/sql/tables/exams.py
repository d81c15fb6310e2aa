"""Exams, sittings, answers."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import (
    PII,
    Base,
    Code,
    Counter,
    ExamRef,
    Id,
    Json,
    SittingRef,
    UserRef,
    Utc,
    UtcDateTime,
)


class Exam(Base):
    """``policy`` holds the exam's own numbers (domain.policy.ExamPolicy): T-4.4, T-4.5.

    ``languages``: those of the test, by commas.
    """

    __tablename__ = "exam"

    id: Mapped[Id]
    discipline_id: Mapped[str] = mapped_column(String(36), ForeignKey("discipline.id"), index=True)
    opens_at: Mapped[Utc]
    closes_at: Mapped[Utc]
    policy: Mapped[dict[str, Any]] = mapped_column(Json)
    period_id: Mapped[str | None] = mapped_column(
        String(36), ForeignKey("exam_period.id"), index=True
    )
    languages: Mapped[str] = mapped_column(
        String(20), default="kk,ru,en", server_default="kk,ru,en"
    )


class ExamProctor(Base):
    """Attached to the member who answers for them (S-15). ``left_at``: dropped out."""

    __tablename__ = "exam_proctor"

    exam_id: Mapped[str] = mapped_column(String(36), ForeignKey("exam.id"), primary_key=True)
    proctor_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("user.id"), primary_key=True, index=True
    )
    member_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ExamMember(Base):
    """The working-group member who answers for the exam (S-15)."""

    __tablename__ = "exam_member"

    exam_id: Mapped[str] = mapped_column(String(36), ForeignKey("exam.id"), primary_key=True)
    member_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("user.id"), primary_key=True, index=True
    )


class Sitting(Base):
    """``origin`` is the zero of the sitting's timeline, set once, at the first publish.

    ``score_hundredths``: hundredths of a mark, of ``total``; ``points``: out of 100 (T-4.12).
    ``item_order`` = {"seed": n, "items": [{"item": id, "choices": [id, …], …}, …]} (domain.paper).
    ``pause``, ``granted``: domain.clockwork's values.
    """

    __tablename__ = "sitting"
    __table_args__ = (
        UniqueConstraint("exam_id", "student_id"),
        Index(None, "state", "deadline_at"),
    )

    id: Mapped[Id]
    exam_id: Mapped[ExamRef]
    student_id: Mapped[UserRef] = mapped_column(index=True)
    proctor_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    state: Mapped[Code]
    created_at: Mapped[Utc]
    origin: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ready_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    admitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deadline_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finish_reason: Mapped[str | None] = mapped_column(String(40))
    client_id: Mapped[str | None] = mapped_column(String(64))
    item_order: Mapped[dict[str, Any] | None] = mapped_column(Json)
    score_hundredths: Mapped[int | None]
    total: Mapped[int | None]
    points: Mapped[int | None]
    letter: Mapped[str | None] = mapped_column(String(2))
    pause: Mapped[dict[str, Any] | None] = mapped_column(Json)
    granted: Mapped[dict[str, Any] | None] = mapped_column(Json)


class TransitionRow(Base):
    """A change of a sitting's state. Append-only; ``by_user`` is null where the clock made it."""

    __tablename__ = "sitting_transition"

    id: Mapped[Counter]
    sitting_id: Mapped[SittingRef] = mapped_column(index=True)
    before: Mapped[Code]
    after: Mapped[Code]
    at: Mapped[Utc]
    by_user: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(Text, info=PII)
    reference: Mapped[str | None] = mapped_column(String(80))


class SittingLogRow(Base):
    """What was said and granted during a sitting. Append-only; ``about``: an earlier entry."""

    __tablename__ = "sitting_log"

    id: Mapped[Id]
    sitting_id: Mapped[SittingRef] = mapped_column(index=True)
    kind: Mapped[Code]
    at: Mapped[Utc]
    by_user: Mapped[UserRef]
    text: Mapped[str] = mapped_column(Text, info=PII)
    minutes: Mapped[int | None]
    about: Mapped[str | None] = mapped_column(String(36), ForeignKey("sitting_log.id"))


class Answer(Base):
    """The answer that counts: the one with the highest ``client_seq``.

    ``response`` = {"kind": …} as in domain.responses; ``blank`` where it was taken back.
    """

    __tablename__ = "answer"

    sitting_id: Mapped[str] = mapped_column(String(36), ForeignKey("sitting.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(36), ForeignKey("item.id"), primary_key=True)
    response: Mapped[dict[str, Any]] = mapped_column(Json)
    blank: Mapped[bool]
    saved_at: Mapped[Utc]
    client_seq: Mapped[int] = mapped_column(BigInteger)


class AnswerLog(Base):
    """Append-only: every answer that was accepted, for an appeal."""

    __tablename__ = "answer_log"
    __table_args__ = (UniqueConstraint("sitting_id", "item_id", "client_seq"),)

    id: Mapped[Counter]
    sitting_id: Mapped[SittingRef]
    item_id: Mapped[str] = mapped_column(String(36), ForeignKey("item.id"))
    response: Mapped[dict[str, Any]] = mapped_column(Json)
    client_id: Mapped[str] = mapped_column(String(64))
    client_seq: Mapped[int] = mapped_column(BigInteger)
    saved_at: Mapped[Utc]


class ItemCredit(Base):
    """What each item of a finished sitting earned, 0 to 100 (domain.scoring); unanswered: 0."""

    __tablename__ = "item_credit"

    sitting_id: Mapped[str] = mapped_column(String(36), ForeignKey("sitting.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("item.id"), primary_key=True, index=True
    )
    hundredths: Mapped[int]


class QuestionAppealRow(Base):
    """A question that was sent to appeal during the test (S-20); ``item_id`` names its version.

    ``response``: the answer that counted at that moment.
    """

    __tablename__ = "question_appeal"

    sitting_id: Mapped[str] = mapped_column(String(36), ForeignKey("sitting.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(36), ForeignKey("item.id"), primary_key=True)
    text: Mapped[str] = mapped_column(Text, info=PII)
    response: Mapped[dict[str, Any] | None] = mapped_column(Json)
    at: Mapped[Utc]


class PublishToken(Base):
    """Lets its bearer send one track of one sitting."""

    __tablename__ = "publish_token"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    sitting_id: Mapped[SittingRef] = mapped_column(index=True)
    track: Mapped[Code]
    expires_at: Mapped[Utc]
