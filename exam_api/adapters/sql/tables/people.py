"""People, their log-in sessions and failed log-ins."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import (
    PII,
    Base,
    Counter,
    Digest,
    Id,
    Json,
    UserRef,
    Utc,
    UtcDateTime,
)


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
