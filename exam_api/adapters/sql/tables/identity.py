"""Identity photos, the rules of exams, and who agreed to which version."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import PII, Base, Code, Counter, Json, SittingRef, Utc


class IdentityPhoto(Base):
    """``key``: of the private blob. Taken again: a new row, and the newest counts."""

    __tablename__ = "identity_photo"
    __table_args__ = (Index(None, "taken_at"),)

    id: Mapped[Counter]
    sitting_id: Mapped[SittingRef] = mapped_column(index=True)
    kind: Mapped[Code]
    key: Mapped[str] = mapped_column(String(200), info=PII)
    taken_at: Mapped[Utc]


class RulesVersion(Base):
    __tablename__ = "rules_version"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    texts: Mapped[dict[str, str]] = mapped_column(Json)
    published_at: Mapped[Utc]
    published_by: Mapped[str] = mapped_column(String(36), ForeignKey("user.id"))


class Consent(Base):
    """``number`` 0 is the built-in text, which has no row in ``rules_version``."""

    __tablename__ = "consent"

    sitting_id: Mapped[str] = mapped_column(String(36), ForeignKey("sitting.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    language: Mapped[str] = mapped_column(String(2))
    at: Mapped[Utc]
