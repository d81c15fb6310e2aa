"""Recordings that are over: signed."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import Base, Code, Digest, Utc


class SealedRow(Base):
    """A track whose manifest is signed; ``digest`` is empty where nothing is on record."""

    __tablename__ = "sealed_recording"

    sitting_id: Mapped[str] = mapped_column(String(36), ForeignKey("sitting.id"), primary_key=True)
    track: Mapped[Code] = mapped_column(primary_key=True)
    digest: Mapped[Digest]
    public_key: Mapped[Digest]
    sealed_at: Mapped[Utc]
