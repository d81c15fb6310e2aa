"""Acts: numbers without gaps, revisions, and who may read them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Text, cast, or_, select, update

from exam_api.adapters.sql import tables
from exam_api.adapters.sql.act_visibility import acts_visible_to
from exam_api.adapters.sql.check_list_rows import checked
from exam_api.adapters.sql.identity import SqlIdentity
from exam_api.adapters.sql.insert_once import next_of
from exam_api.adapters.sql.review_store import SqlReviewStore, stored_act, watched, watched_query
from exam_api.adapters.sql.unit import SqlUnit
from exam_api.domain.act_course import ActState
from exam_api.domain.check_lists import Checked
from exam_api.domain.errors import NotFound
from exam_api.domain.roles import Actor
from exam_api.services.review_ports import ActSource, StoredAct, WatchedSitting
from exam_api.services.sitting_log_ports import NamedEntry

_RECENT = timedelta(days=2)


class SqlActStore(SqlReviewStore):
    async def lock_sitting(self, sitting_id: str) -> WatchedSitting:
        await self.hold(sitting_id)
        query = watched_query().where(tables.Sitting.id == sitting_id)
        found = (await self._session.execute(query)).first()
        if found is None:
            raise NotFound
        return watched(found)

    async def said(self, sitting_id: str) -> Sequence[NamedEntry]:
        return await self._unit.log.of(sitting_id)

    async def act(self, act_id: str, actor: Actor) -> StoredAct:
        query = (
            select(tables.ActRow)
            .join(tables.Sitting, tables.Sitting.id == tables.ActRow.sitting_id)
            .where(tables.ActRow.id == act_id, acts_visible_to(actor))
        )
        row = await self._session.scalar(query)
        if row is None:
            raise NotFound
        return stored_act(row)

    async def act_for_anyone(self, act_id: str) -> StoredAct | None:
        row = await self._session.get(tables.ActRow, act_id, populate_existing=True)
        return None if row is None else stored_act(row)

    async def revisions_of(self, act: StoredAct) -> Sequence[StoredAct]:
        row = tables.ActRow
        same = (row.year == act.year, row.form == act.form, row.seq == act.seq)
        query = select(row).where(*same).order_by(row.revision.desc())
        query = query.execution_options(populate_existing=True)
        return [stored_act(one) for one in await self._session.scalars(query)]

    async def course_state(self, act: StoredAct) -> ActState | None:
        course = tables.ActCourseRow
        query = select(course.state).where(
            course.year == act.year, course.form == act.form, course.seq == act.seq
        )
        state = await self._session.scalar(query)
        return None if state is None else ActState(state)

    async def draw_number(self, year: int, form: int) -> int:
        """The counter's row is held until the unit ends, so writers take numbers in turn."""
        return await next_of(
            self._session, tables.ActCounter, tables.ActCounter.last, year=year, form=form
        )

    async def add_act(self, act: StoredAct) -> None:
        self._session.add(
            tables.ActRow(
                id=act.id,
                sitting_id=act.sitting_id,
                source=str(act.source),
                about_id=act.about_id,
                form=act.form,
                number=act.number,
                year=act.year,
                seq=act.seq,
                revision=act.revision,
                made_at=act.made_at,
                made_by=act.made_by,
                document_sha256=dict(act.digests),
                blobs=dict(act.files),
                document=dict(act.document),
            )
        )
        await self._session.flush()

    async def complete_act(
        self, act_id: str, files: Mapping[str, str], digests: Mapping[str, str]
    ) -> None:
        await self._session.execute(
            update(tables.ActRow)
            .where(tables.ActRow.id == act_id)
            .values(blobs=dict(files), document_sha256=dict(digests))
            .execution_options(synchronize_session=False)
        )

    async def unfinished(self) -> list[StoredAct]:
        query = select(tables.ActRow).where(
            tables.ActRow.source == ActSource.PEOPLE.value,
            cast(tables.ActRow.blobs, Text) == "{}",
        )
        return [stored_act(row) for row in await self._session.scalars(query)]

    @property
    def unit(self) -> SqlUnit:
        return self._unit

    @property
    def identity(self) -> SqlIdentity:
        return self._unit.identity

    async def members_of(self, exam_id: str) -> Sequence[str]:
        query = (
            select(tables.User.full_name)
            .join(tables.ExamMember, tables.ExamMember.member_id == tables.User.id)
            .where(tables.ExamMember.exam_id == exam_id)
            .order_by(tables.User.full_name)
        )
        return (await self._session.scalars(query)).all()

    async def checked(self, sitting_ids: Sequence[str]) -> Mapping[str, Checked]:
        return await checked(self._session, sitting_ids)

    async def decided_sittings(self) -> Sequence[str]:
        query = (
            select(tables.FlagRow.sitting_id)
            .join(tables.DecisionRow, tables.DecisionRow.flag_id == tables.FlagRow.id)
            .distinct()
        )
        return (await self._session.scalars(query)).all()

    async def recently_recorded(self) -> Sequence[str]:
        since = self._clock.now() - _RECENT
        query = select(tables.Sitting.id).where(
            tables.Sitting.origin.is_not(None),
            or_(tables.Sitting.finished_at.is_(None), tables.Sitting.finished_at > since),
        )
        return (await self._session.scalars(query)).all()
