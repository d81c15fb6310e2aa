"""Signatures of people beside sealed documents."""

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import PII, Base, Code, Digest, Id, UserRef, Utc


class SignatureRow(Base):
    """A person's detached signature beside a revision's PDF in ``language``; its file is a blob.

    ``kind`` says whose id ``paper_id`` is: a revision of an act, a check list, an appeal.
    ``sha256`` is the file's, ``document_sha256`` the PDF's. ``problem`` is empty where it is
    verified; the file itself may be attached once.
    """

    __tablename__ = "signature"
    __table_args__ = (UniqueConstraint("kind", "paper_id", "revision", "sha256"),)

    id: Mapped[Id]
    kind: Mapped[Code]
    paper_id: Mapped[str] = mapped_column(String(36))
    revision: Mapped[int]
    language: Mapped[Code]
    document_sha256: Mapped[Digest]
    sha256: Mapped[Digest]
    subject: Mapped[str] = mapped_column(Text, info=PII)
    issuer: Mapped[str] = mapped_column(Text)
    problem: Mapped[Code]
    attached_by: Mapped[UserRef]
    attached_at: Mapped[Utc]
