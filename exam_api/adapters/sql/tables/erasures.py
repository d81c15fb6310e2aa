"""What was erased: outlives the data, and holds nothing of them but digests."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import (
    PII,
    Base,
    Code,
    Id,
    Json,
    Utc,
    UtcDateTime,
)


class ErasureRow(Base):
    """``files``: SHA-256 and size of each; ``keys``: of the files still to go, none at the end.

    ``exam``: its title at that time, by language. ``sitting_id``: the sitting may be gone, too.
    """

    __tablename__ = "erasure"
    __table_args__ = (UniqueConstraint("year", "seq"),)

    id: Mapped[Id]
    year: Mapped[int]
    seq: Mapped[int]
    sitting_id: Mapped[str] = mapped_column(String(36), index=True)
    exam: Mapped[dict[str, str]] = mapped_column(Json)
    what: Mapped[Code]
    files: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    rule: Mapped[Code]
    kept_days: Mapped[int]
    keys: Mapped[list[str]] = mapped_column(Json, info=PII)
    began_at: Mapped[Utc]
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
