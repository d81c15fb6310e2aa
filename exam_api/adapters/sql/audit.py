"""The audit log's rows."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.tables import AuditRow, User
from exam_api.domain.roles import Actor
from exam_api.services.audit import AuditEntry, AuditNote, Facts
from exam_api.services.numbered_pages import NumberedPage, PageWanted
from exam_api.services.ports import Clock

_LABEL = 200


class SqlAudit:
    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    async def add(
        self,
        actor: Actor | None,
        what: str,
        about: str,
        label: str,
        *,
        before: Facts | None = None,
        after: Facts | None = None,
        reason: str = "",
    ) -> None:
        note = AuditNote(what, about, label, before or {}, after or {}, reason)
        await self.add_all(actor, [note])

    async def add_all(self, actor: Actor | None, notes: Sequence[AuditNote]) -> None:
        if not notes:
            return
        now, by_user = self._clock.now(), actor.id if actor else None
        rows = [
            {
                "at": now,
                "by_user": by_user,
                "what": note.what,
                "about": note.about,
                "label": note.label[:_LABEL],
                "before": dict(note.before),
                "after": dict(note.after),
                "reason": note.reason,
            }
            for note in notes
        ]
        await self._session.execute(insert(AuditRow).execution_options(render_nulls=True), rows)

    async def page(
        self, wanted: PageWanted, *, about: str = "", what: str = ""
    ) -> NumberedPage[AuditEntry]:
        rights = [
            column == value
            for column, value in ((AuditRow.about, about), (AuditRow.what, what))
            if value
        ]
        total = await self._session.scalar(select(func.count(AuditRow.id)).where(*rights))
        query = (
            select(AuditRow, User.full_name)
            .outerjoin(User, User.id == AuditRow.by_user)
            .where(*rights)
            .order_by(AuditRow.id.desc())
            .limit(wanted.size)
            .offset(wanted.offset)
        )
        rows = [_entry(row, name) for row, name in await self._session.execute(query)]
        return NumberedPage(rows, total or 0, wanted)

    async def kinds(self) -> Sequence[str]:
        query = select(AuditRow.what).distinct().order_by(AuditRow.what)
        return (await self._session.scalars(query)).all()


def _entry(row: AuditRow, by_name: str | None) -> AuditEntry:
    return AuditEntry(
        what=row.what,
        about=row.about,
        label=row.label,
        before=row.before,
        after=row.after,
        reason=row.reason,
        at=row.at,
        by_name=by_name or "",
        by=row.by_user,
    )
