"""The structure of the university, its people, their log-in sessions and failed log-ins."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, false, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

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


class Faculty(Base):
    __tablename__ = "faculty"

    id: Mapped[Id]
    name_kk: Mapped[str] = mapped_column(String(200), unique=True)
    name_ru: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    disabled: Mapped[bool] = mapped_column(default=False)


class Department(Base):
    """``faculty_id`` is null for a department that serves the whole university."""

    __tablename__ = "department"

    id: Mapped[Id]
    faculty_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("faculty.id"), index=True)
    name_kk: Mapped[str] = mapped_column(String(200), unique=True)
    name_ru: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    disabled: Mapped[bool] = mapped_column(default=False)


class Programme(Base):
    __tablename__ = "programme"

    id: Mapped[Id]
    faculty_id: Mapped[str] = mapped_column(String(36), ForeignKey("faculty.id"), index=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_kk: Mapped[str] = mapped_column(String(200))
    name_ru: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    disabled: Mapped[bool] = mapped_column(default=False)


class StudyGroup(Base):
    """``course`` is the year of study of all its students."""

    __tablename__ = "study_group"

    id: Mapped[Id]
    programme_id: Mapped[str] = mapped_column(String(36), ForeignKey("programme.id"), index=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    course: Mapped[int]
    disabled: Mapped[bool] = mapped_column(default=False)


class User(Base):
    """``faculty_id``: of a dean's office; ``department_id``: of a teacher or a head.

    ``must_change_password``: the password was given out, not chosen. ``search``: what a search
    looks through (domain.people.searchable).
    """

    __tablename__ = "user"

    id: Mapped[Id]
    login: Mapped[str] = mapped_column(String(64), unique=True, info=PII)
    password_hash: Mapped[str] = mapped_column(String(255))
    full_name: Mapped[str] = mapped_column(String(200), info=PII)
    language: Mapped[str] = mapped_column(String(2))
    roles: Mapped[list[str]] = mapped_column(Json)
    disabled: Mapped[bool] = mapped_column(default=False)
    email: Mapped[str | None] = mapped_column(String(254), info=PII)
    faculty_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("faculty.id"))
    department_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("department.id"))
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=false())
    search: Mapped[str] = mapped_column(String(600), default="", server_default="", info=PII)


class StudentProfile(Base):
    """The group tells the rest: names as they stand in documents, in Kazakh."""

    __tablename__ = "student_profile"

    user_id: Mapped[str] = mapped_column(String(36), ForeignKey("user.id"), primary_key=True)
    group_id: Mapped[str] = mapped_column(String(36), ForeignKey("study_group.id"), index=True)
    group_name: Mapped[str] = column_property(
        select(StudyGroup.name).where(StudyGroup.id == group_id).scalar_subquery()
    )
    course: Mapped[int] = column_property(
        select(StudyGroup.course).where(StudyGroup.id == group_id).scalar_subquery()
    )
    programme: Mapped[str] = column_property(
        select(Programme.code + " " + Programme.name_kk)
        .join(StudyGroup, StudyGroup.programme_id == Programme.id)
        .where(StudyGroup.id == group_id)
        .scalar_subquery()
    )
    faculty: Mapped[str] = column_property(
        select(Faculty.name_kk)
        .join(Programme, Programme.faculty_id == Faculty.id)
        .join(StudyGroup, StudyGroup.programme_id == Programme.id)
        .where(StudyGroup.id == group_id)
        .scalar_subquery()
    )


class LogInSession(Base):
    """``id_hash`` is sha256 of the cookie's value: reading the table gives nobody a session.

    ``held``: opened beside a running exam; good for nothing until the student chose which to keep.
    """

    __tablename__ = "session"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UserRef] = mapped_column(index=True)
    created_at: Mapped[Utc]
    last_seen_at: Mapped[Utc]
    expires_at: Mapped[Utc]
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(64), default="", server_default="", info=PII)
    agent: Mapped[str] = mapped_column(String(300), default="", server_default="")
    held: Mapped[bool] = mapped_column(default=False, server_default=false())


class LogInFailure(Base):
    """``key`` is a digest of login and address: kept only while it counts against the limit."""

    __tablename__ = "login_failure"
    __table_args__ = (Index(None, "key", "at"),)

    id: Mapped[Counter]
    key: Mapped[Digest]
    at: Mapped[Utc]
