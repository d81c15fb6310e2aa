"""Every table of the system. Migrations build the schema; a test proves that both are equal.

Times are UTC; ids are UUIDv7 strings; ``*_ms`` counts from the sitting's origin. Columns marked
``pii`` hold personal data: they are never logged and follow the retention rules.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import JSON

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python on both databases (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone was about to be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")
# SQLite gives out growing ids only to a column that is exactly INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")
PII: Final = {"pii": True}

Id = Annotated[str, mapped_column(String(36), primary_key=True)]
Counter = Annotated[int, mapped_column(Serial, primary_key=True, autoincrement=True)]
Utc = Annotated[datetime, mapped_column(UtcDateTime)]
Code = Annotated[str, mapped_column(String(40))]
Digest = Annotated[str, mapped_column(String(64))]
UserRef = Annotated[str, mapped_column(String(36), ForeignKey("user.id"))]
ExamRef = Annotated[str, mapped_column(String(36), ForeignKey("exam.id"))]
SittingRef = Annotated[str, mapped_column(String(36), ForeignKey("sitting.id"))]


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


# --- people -------------------------------------------------------------------------------------


class User(Base):
    __tablename__ = "user"

    id: Mapped[Id]
    login: Mapped[str] = mapped_column(String(64), unique=True, info=PII)
    password_hash: Mapped[str] = mapped_column(String(255))
    full_name: Mapped[str] = mapped_column(String(200), info=PII)
    language: Mapped[str] = mapped_column(String(2))
    roles: Mapped[list[str]] = mapped_column(Json)
    disabled: Mapped[bool] = mapped_column(default=False)


class StudentProfile(Base):
    __tablename__ = "student_profile"

    user_id: Mapped[str] = mapped_column(String(36), ForeignKey("user.id"), primary_key=True)
    faculty: Mapped[str] = mapped_column(String(200))
    programme: Mapped[str] = mapped_column(String(200))
    course: Mapped[int]
    group_name: Mapped[str] = mapped_column(String(40))


class LogInSession(Base):
    """``id_hash`` is sha256 of the cookie's value: reading the table gives nobody a session."""

    __tablename__ = "session"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UserRef] = mapped_column(index=True)
    created_at: Mapped[Utc]
    last_seen_at: Mapped[Utc]
    expires_at: Mapped[Utc]
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LogInFailure(Base):
    """``key`` is a digest of login and address: kept only while it counts against the limit."""

    __tablename__ = "login_failure"
    __table_args__ = (Index(None, "key", "at"),)

    id: Mapped[Counter]
    key: Mapped[Digest]
    at: Mapped[Utc]


# --- the test bank ------------------------------------------------------------------------------


class Discipline(Base):
    __tablename__ = "discipline"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    title_kk: Mapped[str] = mapped_column(String(200))
    title_ru: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    department: Mapped[str] = mapped_column(String(200))


class Item(Base):
    __tablename__ = "item"
    __table_args__ = (UniqueConstraint("discipline_id", "position"),)

    id: Mapped[Id]
    discipline_id: Mapped[str] = mapped_column(String(36), ForeignKey("discipline.id"))
    position: Mapped[int]


class ItemText(Base):
    __tablename__ = "item_text"

    item_id: Mapped[str] = mapped_column(String(36), ForeignKey("item.id"), primary_key=True)
    lang: Mapped[str] = mapped_column(String(2), primary_key=True)
    stem: Mapped[str] = mapped_column(Text)


class ItemChoice(Base):
    __tablename__ = "item_choice"
    __table_args__ = (UniqueConstraint("item_id", "position"),)

    id: Mapped[Id]
    item_id: Mapped[str] = mapped_column(String(36), ForeignKey("item.id"))
    position: Mapped[int]
    correct: Mapped[bool]


class ChoiceText(Base):
    __tablename__ = "choice_text"

    choice_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("item_choice.id"), primary_key=True
    )
    lang: Mapped[str] = mapped_column(String(2), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


# --- exams and sittings -------------------------------------------------------------------------


class Exam(Base):
    """``policy`` holds the exam's own numbers (domain.policy.ExamPolicy): T-4.4, T-4.5."""

    __tablename__ = "exam"

    id: Mapped[Id]
    discipline_id: Mapped[str] = mapped_column(String(36), ForeignKey("discipline.id"), index=True)
    opens_at: Mapped[Utc]
    closes_at: Mapped[Utc]
    policy: Mapped[dict[str, Any]] = mapped_column(Json)


class ExamProctor(Base):
    __tablename__ = "exam_proctor"

    exam_id: Mapped[str] = mapped_column(String(36), ForeignKey("exam.id"), primary_key=True)
    proctor_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("user.id"), primary_key=True, index=True
    )


class ExamMember(Base):
    """The working-group member who answers for the exam (S-15)."""

    __tablename__ = "exam_member"

    exam_id: Mapped[str] = mapped_column(String(36), ForeignKey("exam.id"), primary_key=True)
    member_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("user.id"), primary_key=True, index=True
    )


class Sitting(Base):
    """``origin`` is the zero of the sitting's timeline, set once, at the first publish.

    ``score`` counts correct answers of ``total``; ``points`` is out of 100 (T-4.12).
    ``item_order`` = {"seed": n, "items": [{"item": id, "choices": [id, …]}, …]}.
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
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deadline_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finish_reason: Mapped[str | None] = mapped_column(String(40))
    client_id: Mapped[str | None] = mapped_column(String(64))
    item_order: Mapped[dict[str, Any] | None] = mapped_column(Json)
    score: Mapped[int | None]
    total: Mapped[int | None]
    points: Mapped[int | None]
    letter: Mapped[str | None] = mapped_column(String(2))


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


class Answer(Base):
    """The answer that counts: the one with the highest ``client_seq``."""

    __tablename__ = "answer"

    sitting_id: Mapped[str] = mapped_column(String(36), ForeignKey("sitting.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(36), ForeignKey("item.id"), primary_key=True)
    choice_id: Mapped[str] = mapped_column(String(36), ForeignKey("item_choice.id"))
    saved_at: Mapped[Utc]
    client_seq: Mapped[int] = mapped_column(BigInteger)


class AnswerLog(Base):
    """Append-only: every answer that was accepted, for an appeal."""

    __tablename__ = "answer_log"
    __table_args__ = (UniqueConstraint("sitting_id", "item_id", "client_seq"),)

    id: Mapped[Counter]
    sitting_id: Mapped[SittingRef]
    item_id: Mapped[str] = mapped_column(String(36), ForeignKey("item.id"))
    choice_id: Mapped[str] = mapped_column(String(36), ForeignKey("item_choice.id"))
    client_id: Mapped[str] = mapped_column(String(64))
    client_seq: Mapped[int] = mapped_column(BigInteger)
    saved_at: Mapped[Utc]


class PublishToken(Base):
    __tablename__ = "publish_token"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    sitting_id: Mapped[SittingRef] = mapped_column(index=True)
    expires_at: Mapped[Utc]


# --- recordings, flags, decisions, acts ---------------------------------------------------------


class SegmentRow(Base):
    __tablename__ = "segment"

    sitting_id: Mapped[str] = mapped_column(String(36), ForeignKey("sitting.id"), primary_key=True)
    idx: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(200))
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[Digest]
    chain: Mapped[Digest]
    video_codec: Mapped[str | None] = mapped_column(String(20))
    audio_codec: Mapped[str | None] = mapped_column(String(20))
    width: Mapped[int]
    height: Mapped[int]


class GapRow(Base):
    """A stretch of the sitting that is not on record, and why (S-13)."""

    __tablename__ = "gap"

    sitting_id: Mapped[str] = mapped_column(String(36), ForeignKey("sitting.id"), primary_key=True)
    start_ms: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    end_ms: Mapped[int]
    cause: Mapped[Code]


class FlagRow(Base):
    """A machine's claim. ``end_ms`` is null while it lasts; evidence lies in the blobs."""

    __tablename__ = "flag"
    __table_args__ = (UniqueConstraint("sitting_id", "kind", "start_ms"),)

    id: Mapped[Id]
    sitting_id: Mapped[SittingRef]
    kind: Mapped[Code]
    severity: Mapped[Code]
    start_ms: Mapped[int]
    end_ms: Mapped[int | None]
    confidence: Mapped[float]
    models: Mapped[list[dict[str, str]]] = mapped_column(Json)
    thresholds: Mapped[dict[str, float]] = mapped_column(Json)
    scores: Mapped[list[tuple[int, float]]] = mapped_column(Json)
    evidence_key: Mapped[str | None] = mapped_column(String(200))
    evidence_at_ms: Mapped[int | None]
    boxes: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    opened_at: Mapped[Utc]


class DecisionRow(Base):
    """A person's verdict on a flag. Append-only: the newest counts, the older stay readable."""

    __tablename__ = "decision"

    id: Mapped[Id]
    flag_id: Mapped[str] = mapped_column(String(36), ForeignKey("flag.id"), index=True)
    verdict: Mapped[Code]
    comment: Mapped[str] = mapped_column(Text)
    by_user: Mapped[UserRef]
    at: Mapped[Utc]


class ActRow(Base):
    """One revision of an act. The number stays when a revision is added."""

    __tablename__ = "act"
    __table_args__ = (
        UniqueConstraint("sitting_id", "form", "revision"),
        UniqueConstraint("year", "form", "seq", "revision"),
    )

    id: Mapped[Id]
    sitting_id: Mapped[SittingRef]
    form: Mapped[int]
    number: Mapped[str] = mapped_column(String(40))
    year: Mapped[int]
    seq: Mapped[int]
    revision: Mapped[int]
    made_at: Mapped[Utc]
    made_by: Mapped[UserRef]
    document_sha256: Mapped[dict[str, str]] = mapped_column(Json)
    blobs: Mapped[dict[str, str]] = mapped_column(Json)
    document: Mapped[dict[str, Any]] = mapped_column(Json)


class ActCounter(Base):
    __tablename__ = "act_counter"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    form: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class EventRow(Base):
    """What happened, in commit order: ``id`` is the cursor that consoles resume from."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "exam_id", "id"), Index(None, "sitting_id", "id"))

    id: Mapped[Counter]
    exam_id: Mapped[ExamRef]
    sitting_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("sitting.id"))
    kind: Mapped[Code]
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[Utc]
