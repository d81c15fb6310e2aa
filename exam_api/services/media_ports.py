"""Tokens that let somebody send or watch one track, as they are kept."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from capture.contracts import TrackKey


class Purpose(StrEnum):
    """Stored codes."""

    WATCH = "watch"
    PHONE_LINK = "phone_link"  # in the QR code: only opens the page
    PHONE = "phone"  # of the phone that opened it


@dataclass(frozen=True, slots=True)
class MediaToken:
    purpose: Purpose
    key: TrackKey
    user_id: str
    expires_at: datetime


class MediaTokens(Protocol):
    async def add(self, token_hash: str, token: MediaToken, now: datetime) -> None:
        """Tokens of the past go at the same time."""
        ...

    async def find(self, token_hash: str, purpose: Purpose) -> MediaToken | None: ...

    async def drop(self, key: TrackKey, *purposes: Purpose) -> None: ...
