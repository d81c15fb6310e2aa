"""Who may send or watch a track besides the student's own page."""

from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import Base, Code, Digest, SittingRef, UserRef, Utc


class MediaTokenRow(Base):
    """``purpose``: services.media_ports.Purpose. ``user_id``: for whom it was made."""

    __tablename__ = "media_token"

    hash: Mapped[Digest] = mapped_column(primary_key=True)
    purpose: Mapped[Code]
    sitting_id: Mapped[SittingRef] = mapped_column(index=True)
    track: Mapped[Code]
    user_id: Mapped[UserRef]
    expires_at: Mapped[Utc] = mapped_column(index=True)
