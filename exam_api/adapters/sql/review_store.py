"""What people who watch an exam read and decide: sittings, flags, decisions, events."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import aliased

from analysis.contracts import AnalysedStretch
from capture.contracts import Gap, GapCause, Segment, TrackKind
from exam_api.adapters.sql import tables
from exam_api.adapters.sql.breaks import breaks_of
from exam_api.adapters.sql.concluded import concluded_by, forwarded_at
from exam_api.adapters.sql.exams import SqlExams, exam_for
from exam_api.adapters.sql.flag_rows import stored_flag
from exam_api.adapters.sql.jobs import SqlJobs
from exam_api.adapters.sql.proctoring_store import SqlEventSink, events_after, last_event_id
from exam_api.adapters.sql.sitting_log import SqlSittingLog
from exam_api.adapters.sql.sittings import sitting_of
from exam_api.adapters.sql.unit import SqlUnit
from exam_api.adapters.sql.visibility import sittings_proctored_by, sittings_watched_by
from exam_api.domain.errors import NotFound
from exam_api.domain.ids import new_id
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Exam, Sitting
from exam_api.domain.sitting_log import LogEntry
from exam_api.services.ports import Clock
from exam_api.services.proctoring_ports import (
    Break,
    StoredDecision,
    StoredEvent,
    StoredFlag,
    Verdict,
)
from exam_api.services.review_ports import ActSource, StoredAct, StudentCard, WatchedSitting

_Proctor = aliased(tables.User)
_Watched = tuple[
    tables.Sitting,
    tables.Exam,
    tables.Discipline,
    tables.User,
    tables.StudentProfile | None,
    str | None,
    tables.Enrolment | None,
]


def watched_query() -> Select[
    tables.Sitting,
    tables.Exam,
    tables.Discipline,
    tables.User,
    tables.StudentProfile,
    str,
    tables.Enrolment | None,
]:
    """Sittings with all that reviewing shows of them; the caller adds who may see which."""
    return (
        select(
            tables.Sitting,
            tables.Exam,
            tables.Discipline,
            tables.User,
            tables.StudentProfile,
            _Proctor.full_name,
            tables.Enrolment,
        )
        .join(tables.Exam, tables.Exam.id == tables.Sitting.exam_id)
        .join(tables.Discipline, tables.Discipline.id == tables.Exam.discipline_id)
        .join(tables.User, tables.User.id == tables.Sitting.student_id)
        .outerjoin(
            tables.StudentProfile, tables.StudentProfile.user_id == tables.Sitting.student_id
        )
        .outerjoin(_Proctor, _Proctor.id == tables.Sitting.proctor_id)
        .outerjoin(
            tables.Enrolment,
            and_(
                tables.Enrolment.exam_id == tables.Sitting.exam_id,
                tables.Enrolment.student_id == tables.Sitting.student_id,
            ),
        )
        .execution_options(populate_existing=True)
    )


def watched(found: _Watched) -> WatchedSitting:
    row, exam, discipline, user, profile, proctor_name, enrolment = found
    card = StudentCard(
        full_name=user.full_name,
        faculty=profile.faculty if profile else "",
        programme=profile.programme if profile else "",
        course=profile.course if profile else None,
        group=profile.group_name if profile else "",
    )
    return WatchedSitting(
        sitting_of(row), exam_for(exam, discipline, enrolment), card, proctor_name or ""
    )


def stored_act(row: tables.ActRow) -> StoredAct:
    return StoredAct(
        id=row.id,
        sitting_id=row.sitting_id,
        number=row.number,
        year=row.year,
        seq=row.seq,
        revision=row.revision,
        made_at=row.made_at,
        made_by=row.made_by,
        document=row.document,
        files=row.blobs,
        digests=row.document_sha256,
        form=row.form,
        source=ActSource(row.source),
        about_id=row.about_id,
    )


class SqlReviewStore(SqlEventSink):
    def __init__(self, unit: SqlUnit, clock: Clock) -> None:
        super().__init__(unit)
        self._session = unit.session
        self._clock = clock

    @property
    def jobs(self) -> SqlJobs:
        return self._unit.jobs

    async def exam(self, exam_id: str, actor: Actor) -> Exam:
        return await SqlExams(self._session).watched(exam_id, actor)

    async def sitting(self, sitting_id: str, actor: Actor) -> WatchedSitting:
        query = watched_query().where(tables.Sitting.id == sitting_id, sittings_watched_by(actor))
        found = (await self._session.execute(query)).first()
        if found is None:
            raise NotFound
        return watched(found)

    async def sittings(self, exam_id: str, actor: Actor) -> Sequence[WatchedSitting]:
        query = (
            watched_query()
            .where(tables.Sitting.exam_id == exam_id, sittings_watched_by(actor))
            .order_by(tables.User.full_name, tables.Sitting.id)
        )
        return [watched(found) for found in await self._session.execute(query)]

    async def flag(self, flag_id: str, actor: Actor) -> tuple[StoredFlag, WatchedSitting]:
        row = await self._session.get(tables.FlagRow, flag_id, populate_existing=True)
        if row is None:
            raise NotFound
        return stored_flag(row), await self.sitting(row.sitting_id, actor)

    async def breaks(self, sitting_ids: Sequence[str]) -> Mapping[str, Sequence[Break]]:
        return await breaks_of(self._session, sitting_ids)

    async def logs(self, sitting_ids: Sequence[str]) -> Mapping[str, Sequence[LogEntry]]:
        return await SqlSittingLog(self._session).of_each(sitting_ids)

    async def note(self, entry: LogEntry) -> None:
        await SqlSittingLog(self._session).add(entry)

    async def second_log_ins(self, sitting_ids: Sequence[str]) -> Collection[str]:
        row = tables.SecondLogInRow
        query = select(row.sitting_id).where(row.sitting_id.in_(sitting_ids))
        return set(await self._session.scalars(query))

    async def flags(self, sitting_ids: Sequence[str]) -> Sequence[StoredFlag]:
        query = (
            select(tables.FlagRow)
            .where(tables.FlagRow.sitting_id.in_(sitting_ids))
            .order_by(tables.FlagRow.start_ms, tables.FlagRow.id)
        )
        return [stored_flag(row) for row in await self._session.scalars(query)]

    async def decisions(self, sitting_ids: Sequence[str]) -> Sequence[StoredDecision]:
        query = (
            select(tables.DecisionRow, tables.User.full_name)
            .join(tables.FlagRow, tables.FlagRow.id == tables.DecisionRow.flag_id)
            .join(tables.User, tables.User.id == tables.DecisionRow.by_user)
            .where(tables.FlagRow.sitting_id.in_(sitting_ids))
            # Ids grow with time, also within one millisecond.
            .order_by(tables.DecisionRow.at, tables.DecisionRow.id)
        )
        return [_decision(row, name) for row, name in await self._session.execute(query)]

    async def answered(self, sitting_ids: Sequence[str]) -> Mapping[str, int]:
        query = (
            select(tables.Answer.sitting_id, func.count())
            .where(tables.Answer.sitting_id.in_(sitting_ids))
            .group_by(tables.Answer.sitting_id)
        )
        return dict((await self._session.execute(query)).all())

    async def segments(self, sitting_id: str) -> Sequence[Segment]:
        query = (
            select(tables.SegmentRow)
            .where(tables.SegmentRow.sitting_id == sitting_id)
            .order_by(tables.SegmentRow.track, tables.SegmentRow.idx)
        )
        return [_segment(row) for row in await self._session.scalars(query)]

    async def gaps(self, sitting_id: str) -> Sequence[Gap]:
        query = (
            select(tables.GapRow)
            .where(tables.GapRow.sitting_id == sitting_id)
            .order_by(tables.GapRow.start_ms)
        )
        rows = await self._session.scalars(query)
        return [
            Gap(row.start_ms, row.end_ms, GapCause(row.cause), TrackKind(row.track)) for row in rows
        ]

    async def analysed(self, sitting_id: str) -> Sequence[AnalysedStretch]:
        query = (
            select(tables.AnalysedRow)
            .where(tables.AnalysedRow.sitting_id == sitting_id)
            .order_by(tables.AnalysedRow.start_ms)
        )
        rows = await self._session.scalars(query)
        return [
            AnalysedStretch(row.sitting_id, row.frames, row.start_ms, row.end_ms) for row in rows
        ]

    async def acts(self, sitting_ids: Sequence[str]) -> Sequence[StoredAct]:
        query = (
            select(tables.ActRow)
            .where(
                tables.ActRow.sitting_id.in_(sitting_ids),
                tables.ActRow.source == ActSource.FLAGS.value,
            )
            .order_by(tables.ActRow.revision.desc())
            .execution_options(populate_existing=True)
        )
        return [stored_act(row) for row in await self._session.scalars(query)]

    async def drawn(self, sitting_ids: Sequence[str]) -> Sequence[StoredAct]:
        query = (
            select(tables.ActRow)
            .where(
                tables.ActRow.sitting_id.in_(sitting_ids),
                tables.ActRow.source == ActSource.PEOPLE.value,
            )
            .order_by(tables.ActRow.made_at.desc(), tables.ActRow.id.desc())
            .execution_options(populate_existing=True)
        )
        return [stored_act(row) for row in await self._session.scalars(query)]

    async def hold(self, sitting_id: str) -> None:
        query = select(tables.Sitting.id).where(tables.Sitting.id == sitting_id)
        await self._session.execute(query.with_for_update())

    async def may_decide(self, sitting_id: str, actor: Actor) -> bool:
        query = select(tables.Sitting.id).where(
            tables.Sitting.id == sitting_id, sittings_proctored_by(actor)
        )
        return await self._session.scalar(query) is not None

    async def forwarded_at(self, sitting_id: str) -> datetime | None:
        return await forwarded_at(self._session, sitting_id)

    async def concluded_by(self, sitting_id: str) -> Sequence[str]:
        return await concluded_by(self._session, sitting_id)

    async def add_decision(
        self, flag_id: str, verdict: Verdict, comment: str, actor: Actor
    ) -> StoredDecision:
        row = tables.DecisionRow(
            id=new_id(),
            flag_id=flag_id,
            verdict=str(verdict),
            comment=comment,
            by_user=actor.id,
            at=self._clock.now(),
        )
        self._session.add(row)
        await self._session.flush()
        return _decision(row, actor.full_name)

    async def own_sitting(self, sitting_id: str, actor: Actor) -> Sitting:
        own = tables.Sitting.student_id == actor.id
        row = await self._session.scalar(
            select(tables.Sitting).where(tables.Sitting.id == sitting_id, own)
        )
        if row is None:
            raise NotFound
        return sitting_of(row)

    async def last_event_id(self) -> int:
        return await last_event_id(self._session)

    async def events_after(self, exam_id: str, after: int, limit: int) -> Sequence[StoredEvent]:
        return await events_after(self._session, exam_id, after, limit)


def _decision(row: tables.DecisionRow, by_name: str) -> StoredDecision:
    return StoredDecision(
        id=row.id,
        flag_id=row.flag_id,
        verdict=Verdict(row.verdict),
        comment=row.comment,
        by_user=row.by_user,
        by_name=by_name,
        at=row.at,
    )


def _segment(row: tables.SegmentRow) -> Segment:
    return Segment(
        sitting_id=row.sitting_id,
        index=row.idx,
        name=row.name,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        chain=row.chain,
        video_codec=row.video_codec,
        audio_codec=row.audio_codec,
        width=row.width,
        height=row.height,
        track=TrackKind(row.track),
    )
