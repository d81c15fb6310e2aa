"""Recordings that are over: signed, and kept in a bucket."""

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
    archived_at: Mapped[Utc | None]  # all of it is in the bucket
    removed_at: Mapped[Utc | None]  # and no longer on the local disk


class ArchivedFile(Base):
    """A segment's file that is in the bucket."""

    __tablename__ = "archived_file"

    sitting_id: Mapped[str] = mapped_column(String(36), ForeignKey("sitting.id"), primary_key=True)
    track: Mapped[Code] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    blob_key: Mapped[str] = mapped_column(String(200))
    at: Mapped[Utc]
