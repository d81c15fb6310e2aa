"""What the API keeps for its callers."""

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from exam_api.adapters.sql.tables.base import PII, Base, Digest, Json, Utc


class KeptCallRow(Base):
    """``key`` and ``request`` are digests; ``body`` is encrypted under the key itself."""

    __tablename__ = "kept_call"

    caller: Mapped[str] = mapped_column(String(36), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    request: Mapped[Digest]
    at: Mapped[Utc] = mapped_column(index=True)
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(Json)
    body: Mapped[bytes | None] = mapped_column(LargeBinary, info=PII)
