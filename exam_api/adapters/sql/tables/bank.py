"""The test bank: disciplines and their items in three languages."""

from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from exam_api.adapters.sql.tables.base import (
    Base,
    Code,
    Id,
    Json,
)
from exam_api.adapters.sql.tables.people import Department


class Discipline(Base):
    __tablename__ = "discipline"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    title_kk: Mapped[str] = mapped_column(String(200))
    title_ru: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    department_id: Mapped[str | None] = mapped_column(
        String(36), ForeignKey("department.id"), index=True
    )
    department: Mapped[str | None] = column_property(
        select(Department.name_kk).where(Department.id == department_id).scalar_subquery()
    )


class Item(Base):
    """One version of an item: never changed once it was approved; an edit makes the next version.

    ``lineage_id``: the id of the item's first version. ``parts``: what the draw needs
    (domain.paper.PaperItem); ``body``: what may leave (domain.items.Body); ``key``: what is
    right, in a column of its own so that no query for students reads it.
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
