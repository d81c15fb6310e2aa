"""Check lists (form 4): what a member asks a proctor to check, the answers, and every step."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import (
    PII,
    Base,
    Code,
    Counter,
    Id,
    Json,
    SittingRef,
    UserRef,
    Utc,
)


class CheckListRow(Base):
    """``state`` is where its newest step has led."""

    __tablename__ = "check_list"

    id: Mapped[Id]
    member_id: Mapped[UserRef] = mapped_column(index=True)
    proctor_id: Mapped[UserRef] = mapped_column(index=True)
    state: Mapped[Code]
    made_at: Mapped[Utc]


class CheckListSitting(Base):
    """A sitting stands in one list at most."""

    __tablename__ = "check_list_sitting"

    sitting_id: Mapped[str] = mapped_column(String(36), ForeignKey("sitting.id"), primary_key=True)
    list_id: Mapped[str] = mapped_column(String(36), ForeignKey("check_list.id"), index=True)


class CheckListFindingRow(Base):
    """What was stated of a sitting. Append-only: the newest counts. ``source``: page or file."""

    __tablename__ = "check_list_finding"

    id: Mapped[Counter]
    list_id: Mapped[str] = mapped_column(String(36), ForeignKey("check_list.id"), index=True)
    sitting_id: Mapped[SittingRef] = mapped_column(index=True)
    finding: Mapped[Code]
    source: Mapped[Code]
    at: Mapped[Utc]
    by_user: Mapped[UserRef]


class CheckListStepRow(Base):
    """Append-only. ``sample``: the sittings that the member looked at again.

    ``files``: blobs by name, as they were sent or signed; ``sha256``: the signed sheet's digest.
    """

    __tablename__ = "check_list_step"

    id: Mapped[Counter]
    list_id: Mapped[str] = mapped_column(String(36), ForeignKey("check_list.id"), index=True)
    step: Mapped[Code]
    at: Mapped[Utc]
    by_user: Mapped[UserRef]
    reason: Mapped[str] = mapped_column(Text, info=PII)
    sample: Mapped[list[str]] = mapped_column(Json)
    files: Mapped[dict[str, str]] = mapped_column(Json)
    sha256: Mapped[str] = mapped_column(String(64))
