"""Recordings, flags, decisions, acts, and the events that consoles follow."""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import (
    Base,
    Code,
    Counter,
    Digest,
    ExamRef,
    Id,
    Json,
    SittingRef,
    UserRef,
    Utc,
)


class SegmentRow(Base):
    __tablename__ = "segment"

    sitting_id: Mapped[str] = mapped_column(String(36), ForeignKey("sitting.id"), primary_key=True)
    track: Mapped[Code] = mapped_column(primary_key=True)
    idx: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(200))
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[Digest]
    chain: Mapped[Digest]
    video_codec: Mapped[str | None] = mapped_column(String(20))
    audio_codec: Mapped[str | None] = mapped_column(String(20))
    width: Mapped[int]
    height: Mapped[int]


class GapRow(Base):
    """A stretch of the sitting's track that is not on record, and why (S-13)."""

    __tablename__ = "gap"

    sitting_id: Mapped[str] = mapped_column(String(36), ForeignKey("sitting.id"), primary_key=True)
    track: Mapped[Code] = mapped_column(primary_key=True)
    start_ms: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    end_ms: Mapped[int]
    cause: Mapped[Code]


class AnalysedRow(Base):
    """How many frames were analysed from one switching on of the analysis to its end."""

    __tablename__ = "analysed_stretch"

    sitting_id: Mapped[str] = mapped_column(String(36), ForeignKey("sitting.id"), primary_key=True)
    start_ms: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    end_ms: Mapped[int]
    frames: Mapped[int]


class FlagRow(Base):
    """A machine's claim. ``end_ms`` is null while it lasts; pictures lie in the blobs."""

    __tablename__ = "flag"
    __table_args__ = (UniqueConstraint("sitting_id", "kind", "start_ms"),)

    id: Mapped[Id]
    sitting_id: Mapped[SittingRef]
    kind: Mapped[Code]
    severity: Mapped[Code]
    start_ms: Mapped[int]
    end_ms: Mapped[int | None]
    confidence: Mapped[float]
    models: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    thresholds: Mapped[dict[str, float]] = mapped_column(Json)
    scores: Mapped[list[tuple[int, float]]] = mapped_column(Json)
    evidence_key: Mapped[str | None] = mapped_column(String(200))
    evidence_at_ms: Mapped[int | None]
    boxes: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    before: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    opened_at: Mapped[Utc]
    second_finding: Mapped[str | None] = mapped_column(String(40))
    second_confidence: Mapped[float | None]
    second_at: Mapped[Utc | None]


class DecisionRow(Base):
    """A person's verdict on a flag. Append-only: the newest counts, the older stay readable."""

    __tablename__ = "decision"

    id: Mapped[Id]
    flag_id: Mapped[str] = mapped_column(String(36), ForeignKey("flag.id"), index=True)
    verdict: Mapped[Code]
    comment: Mapped[str] = mapped_column(Text)
    by_user: Mapped[UserRef]
    at: Mapped[Utc]


class ActRow(Base):
    """One revision of an act. The number stays when a revision is added.

    ``source``: made of flags that were confirmed (one act a sitting), or drawn up by people.
    ``about_id``: of form 2, the act that was not signed.
    """

    __tablename__ = "act"
    __table_args__ = (
        UniqueConstraint("year", "form", "seq", "revision"),
        Index(
            "uq_act_sitting_id_revision",
            "sitting_id",
            "revision",
            unique=True,
            sqlite_where=text("source = 'flags'"),
            postgresql_where=text("source = 'flags'"),
        ),
    )

    id: Mapped[Id]
    sitting_id: Mapped[SittingRef]
    source: Mapped[Code] = mapped_column(default="flags")
    about_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("act.id"), index=True)
    form: Mapped[int]
    number: Mapped[str] = mapped_column(String(40))
    year: Mapped[int]
    seq: Mapped[int]
    revision: Mapped[int]
    made_at: Mapped[Utc]
    made_by: Mapped[UserRef]
    document_sha256: Mapped[dict[str, str]] = mapped_column(Json)
    blobs: Mapped[dict[str, str]] = mapped_column(Json)
    document: Mapped[dict[str, Any]] = mapped_column(Json)


class ActCounter(Base):
    __tablename__ = "act_counter"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    form: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class EventRow(Base):
    """What happened, in commit order: ``id`` is the cursor that consoles resume from."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "exam_id", "id"), Index(None, "sitting_id", "id"))

    id: Mapped[Counter]
    exam_id: Mapped[ExamRef]
    sitting_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("sitting.id"))
    kind: Mapped[Code]
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[Utc]
