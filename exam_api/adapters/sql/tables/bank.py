"""The test bank: disciplines and their questions in three languages."""

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from exam_api.adapters.sql.tables.base import (
    Base,
    Id,
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
