"""What people were told of."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import PII, Base, Code, Id, Json, Utc, UtcDateTime


class NoticeRow(Base):
    """``once_key`` is what it is about; ``facts`` fill the text of its kind.

    ``file_key``: the blob that its mails carry under ``file_name``.
    """

    __tablename__ = "notice"

    id: Mapped[Id]
    kind: Mapped[Code]
    once_key: Mapped[str] = mapped_column(String(200), unique=True)
    at: Mapped[Utc] = mapped_column(index=True)
    link: Mapped[str] = mapped_column(String(300))
    exam_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("exam.id"))
    student_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    facts: Mapped[dict[str, str]] = mapped_column(Json, info=PII)
    file_name: Mapped[str | None] = mapped_column(String(80))
    file_key: Mapped[str | None] = mapped_column(String(200))


class NoticeReader(Base):
    """A notice in a person's inbox. The mail to the same person is the job ``mail:…``."""

    __tablename__ = "notice_reader"

    notice_id: Mapped[str] = mapped_column(String(36), ForeignKey("notice.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("user.id"), primary_key=True, index=True
    )
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
