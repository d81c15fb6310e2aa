"""Who changed what (services.audit), and log-ins beside a running exam."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import (
    PII,
    Base,
    Code,
    Counter,
    Json,
    SittingRef,
    Utc,
)


class AuditRow(Base):
    """Append-only. ``by_user`` is null for the command line; ``about``: the id of what it is on."""

    __tablename__ = "audit_entry"

    id: Mapped[Counter]
    at: Mapped[Utc]
    by_user: Mapped[str | None] = mapped_column(String(36), ForeignKey("user.id"))
    what: Mapped[Code] = mapped_column(index=True)
    about: Mapped[str] = mapped_column(String(36), index=True)
    label: Mapped[str] = mapped_column(String(200), info=PII)
    before: Mapped[dict[str, str]] = mapped_column(Json, info=PII)
    after: Mapped[dict[str, str]] = mapped_column(Json, info=PII)
    reason: Mapped[str] = mapped_column(Text, info=PII)


class SecondLogInRow(Base):
    """A log-in of a student whose sitting was running elsewhere; ``outcome``: which was kept."""

    __tablename__ = "second_log_in"

    id: Mapped[Counter]
    sitting_id: Mapped[SittingRef] = mapped_column(index=True)
    at: Mapped[Utc]
    address: Mapped[str] = mapped_column(String(64), info=PII)
    agent: Mapped[str] = mapped_column(String(300))
    id_hash: Mapped[str] = mapped_column(String(64), index=True)
    outcome: Mapped[Code]
