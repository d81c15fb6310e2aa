"""Tokens to watch a sitting live, and of the phone that is its second camera."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from capture.contracts import TrackKey, TrackKind
from exam_api.adapters.sql import tables
from exam_api.services.media_ports import MediaToken, Purpose

# An ended one is told apart from an unknown one for as long.
_KEPT: Final = timedelta(days=1)


class SqlMediaTokens:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, token_hash: str, token: MediaToken, now: datetime) -> None:
        past = tables.MediaTokenRow.expires_at < now - _KEPT
        await self._session.execute(delete(tables.MediaTokenRow).where(past))
        row = tables.MediaTokenRow(
            hash=token_hash,
            purpose=str(token.purpose),
            sitting_id=token.key.sitting_id,
            track=str(token.key.track),
            user_id=token.user_id,
            expires_at=token.expires_at,
        )
        self._session.add(row)
        await self._session.flush()

    async def find(self, token_hash: str, purpose: Purpose) -> MediaToken | None:
        row = await self._session.get(tables.MediaTokenRow, token_hash)
        if row is None or row.purpose != purpose:
            return None
        key = TrackKey(row.sitting_id, TrackKind(row.track))
        return MediaToken(purpose, key, row.user_id, row.expires_at)

    async def drop(self, key: TrackKey, *purposes: Purpose) -> None:
        gone = delete(tables.MediaTokenRow).where(
            tables.MediaTokenRow.sitting_id == key.sitting_id,
            tables.MediaTokenRow.track == str(key.track),
            tables.MediaTokenRow.purpose.in_([str(purpose) for purpose in purposes]),
        )
        await self._session.execute(gone)
