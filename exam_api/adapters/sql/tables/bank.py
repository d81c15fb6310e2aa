"""The test bank: disciplines and their items in three languages."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from exam_api.adapters.sql.tables.base import (
    Base,
    Code,
    Id,
    Json,
    UserRef,
    Utc,
    UtcDateTime,
)
from exam_api.adapters.sql.tables.people import Department
from exam_api.domain.exam_format import ExamFormat


class Discipline(Base):
    """``exam_format``: domain.exam_format (S-1)."""

    __tablename__ = "discipline"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    title_kk: Mapped[str] = mapped_column(String(200))
    title_ru: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    exam_format: Mapped[Code] = mapped_column(
        default=ExamFormat.TEST.value, server_default=ExamFormat.TEST.value
    )
    disabled: Mapped[bool] = mapped_column(default=False, server_default=false())
    department_id: Mapped[str | None] = mapped_column(
        String(36), ForeignKey("department.id"), index=True
    )
    department: Mapped[str | None] = column_property(
        select(Department.name_kk).where(Department.id == department_id).scalar_subquery()
    )


class Topic(Base):
    __tablename__ = "topic"
    __table_args__ = (UniqueConstraint("discipline_id", "name"),)

    id: Mapped[Id]
    discipline_id: Mapped[str] = mapped_column(String(36), ForeignKey("discipline.id"))
    name: Mapped[str] = mapped_column(String(200))


class LoadingRight(Base):
    """The department names the teachers who may load items of a discipline (row 2)."""

    __tablename__ = "loading_right"

    discipline_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("discipline.id"), primary_key=True
    )
    teacher_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("user.id"), primary_key=True, index=True
    )
    given_by: Mapped[UserRef]
    given_at: Mapped[Utc]


class Item(Base):
    """One version of an item: never changed once it was approved; an edit makes the next version.

    ``lineage_id``: the id of the item's first version. ``parts``: what the draw needs
    (domain.paper.PaperItem); ``body``: what may leave (domain.items.Body); ``key``: what is
    right, in a column of its own so that no query for students reads it. ``languages``: those in
    which the item is complete, "kk ru en".
    """

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("lineage_id", "version"),
        Index(None, "discipline_id", "state"),
    )

    id: Mapped[Id]
    discipline_id: Mapped[str] = mapped_column(String(36), ForeignKey("discipline.id"))
    lineage_id: Mapped[str] = mapped_column(String(36))
    version: Mapped[int]
    kind: Mapped[Code]
    state: Mapped[Code]
    parts: Mapped[dict[str, Any]] = mapped_column(Json)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    key: Mapped[dict[str, Any]] = mapped_column(Json)
    topic_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("topic.id"))
    difficulty: Mapped[int] = mapped_column(default=2)
    languages: Mapped[str] = mapped_column(String(20))
    author_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    remark: Mapped[str] = mapped_column(Text, default="")


class LoadedTestRow(Base):
    """What exams of a discipline draw from (domain.bank_tests), and its technical check (S-6)."""

    __tablename__ = "loaded_test"

    id: Mapped[Id]
    discipline_id: Mapped[str] = mapped_column(String(36), ForeignKey("discipline.id"), index=True)
    discipline_code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    control: Mapped[Code]
    languages: Mapped[str] = mapped_column(String(20))
    questions: Mapped[int]
    shares: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    state: Mapped[Code]
    loaded_by: Mapped[UserRef]
    loaded_at: Mapped[Utc]
    remark: Mapped[str] = mapped_column(Text)
    checked_by: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ItemImportRow(Base):
    """A test file that was read; its items are no part of the bank until somebody takes them."""

    __tablename__ = "item_import"
    __table_args__ = (Index(None, "discipline_id", "by_user"),)

    id: Mapped[Id]
    discipline_id: Mapped[str] = mapped_column(String(36), ForeignKey("discipline.id"))
    by_user: Mapped[UserRef]
    at: Mapped[Utc]
    file_name: Mapped[str] = mapped_column(String(200))
    items: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    refused: Mapped[list[dict[str, Any]]] = mapped_column(Json)
