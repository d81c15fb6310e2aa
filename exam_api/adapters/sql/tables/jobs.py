"""Work to be done after a commit (services.jobs)."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import Base, Code, Json, Utc, UtcDateTime


class JobRow(Base):
    """``key`` is the job's meaning. ``due_at`` of a running job is the end of its lease."""

    __tablename__ = "job"
    __table_args__ = (Index(None, "state", "due_at"),)

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[Code]
    payload: Mapped[dict[str, str]] = mapped_column(Json)
    state: Mapped[Code]
    attempts: Mapped[int]
    done: Mapped[int]
    total: Mapped[int]
    due_at: Mapped[Utc]
    created_at: Mapped[Utc]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(String(80))
