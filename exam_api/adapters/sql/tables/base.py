"""What every table is made of: column types, naming, the declarative base."""

from datetime import UTC, datetime
from typing import Annotated, Final

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    String,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import JSON

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python on both databases (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone was about to be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")
# SQLite gives out growing ids only to a column that is exactly INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")
PII: Final = {"pii": True}

Id = Annotated[str, mapped_column(String(36), primary_key=True)]
Counter = Annotated[int, mapped_column(Serial, primary_key=True, autoincrement=True)]
Utc = Annotated[datetime, mapped_column(UtcDateTime)]
Code = Annotated[str, mapped_column(String(40))]
Digest = Annotated[str, mapped_column(String(64))]
UserRef = Annotated[str, mapped_column(String(36), ForeignKey("user.id"))]
ExamRef = Annotated[str, mapped_column(String(36), ForeignKey("exam.id"))]
SittingRef = Annotated[str, mapped_column(String(36), ForeignKey("sitting.id"))]


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
