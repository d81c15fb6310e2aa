"""Rows of identity photos, rules and consents."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.tables import Consent, IdentityPhoto, RulesVersion
from exam_api.domain.languages import Language, Texts, language_or
from exam_api.services.identity_ports import Photo, PhotoKind, Rules
from exam_api.services.ports import Clock


class SqlIdentity:
    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    async def add_photo(self, sitting_id: str, photo: Photo) -> None:
        row = IdentityPhoto(
            sitting_id=sitting_id, kind=photo.kind.value, key=photo.key, taken_at=photo.taken_at
        )
        self._session.add(row)
        await self._session.flush()

    async def photos(self, sitting_id: str) -> Mapping[PhotoKind, Photo]:
        query = select(IdentityPhoto).where(IdentityPhoto.sitting_id == sitting_id)
        rows = await self._session.scalars(query.order_by(IdentityPhoto.id))
        return {
            PhotoKind(row.kind): Photo(PhotoKind(row.kind), row.key, row.taken_at) for row in rows
        }

    async def expired(self, before: datetime, limit: int) -> Mapping[str, Sequence[str]]:
        sittings = (
            select(IdentityPhoto.sitting_id)
            .group_by(IdentityPhoto.sitting_id)
            .having(func.max(IdentityPhoto.taken_at) < before)
            .order_by(IdentityPhoto.sitting_id)
            .limit(limit)
        )
        query = select(IdentityPhoto.sitting_id, IdentityPhoto.key).where(
            IdentityPhoto.sitting_id.in_((await self._session.scalars(sittings)).all())
        )
        keys: dict[str, list[str]] = {}
        for sitting_id, key in await self._session.execute(query.order_by(IdentityPhoto.id)):
            of_sitting = keys.setdefault(sitting_id, [])
            if key not in of_sitting:  # the same picture, taken again
                of_sitting.append(key)
        return keys

    async def keys(self, sitting_id: str) -> Sequence[str]:
        query = select(IdentityPhoto.key).where(IdentityPhoto.sitting_id == sitting_id).distinct()
        return (await self._session.scalars(query.order_by(IdentityPhoto.key))).all()

    async def forget(self, keys: Sequence[str]) -> int:
        gone = delete(IdentityPhoto).where(IdentityPhoto.key.in_(keys)).returning(IdentityPhoto.id)
        return len((await self._session.scalars(gone)).all())

    async def rules(self) -> Rules:
        newest = select(RulesVersion).order_by(RulesVersion.number.desc()).limit(1)
        row = await self._session.scalar(newest)
        if row is None:
            return Rules(0, {}, None)
        return Rules(row.number, _texts(row.texts), row.published_at)

    async def publish_rules(self, texts: Texts, by: str) -> Rules:
        row = RulesVersion(
            number=(await self.rules()).number + 1,
            texts=dict(texts),
            published_at=self._clock.now(),
            published_by=by,
        )
        self._session.add(row)
        await self._session.flush()
        return Rules(row.number, texts, row.published_at)

    async def consent(self, sitting_id: str, number: int, language: Language) -> None:
        await insert_once(
            self._session,
            Consent,
            sitting_id=sitting_id,
            number=number,
            language=language,
            at=self._clock.now(),
        )

    async def consents(self, sitting_id: str) -> Sequence[tuple[int, Language, datetime]]:
        query = select(Consent).where(Consent.sitting_id == sitting_id).order_by(Consent.at)
        return [
            (row.number, language_or(row.language), row.at)
            for row in await self._session.scalars(query)
        ]


def _texts(stored: Mapping[str, str]) -> Texts:
    return {language_or(language): text for language, text in stored.items()}
