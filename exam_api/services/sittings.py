"""A student's way to the test: open a sitting, hold it with one tab, publish the camera."""

from datetime import datetime

import structlog

from capture.contracts import PublishGrant, TrackKey, TrackKind
from capture.errors import CaptureError, TokenExpired, TokenInvalid
from capture.ice import IceSettings
from exam_api.domain import timers
from exam_api.domain.errors import Forbidden, NotInProgress, OpenElsewhere
from exam_api.domain.grades import GradeChange, require_not_passed
from exam_api.domain.ids import digest, new_id, new_secret
from exam_api.domain.policy import AccessPolicy
from exam_api.domain.roles import Actor, Role
from exam_api.domain.sitting import Exam, Sitting, Transition
from exam_api.domain.sitting_log import NOTED_AT_MOST, LogEntry, LogKind
from exam_api.domain.states import SittingState
from exam_api.services.identity import require_consent
from exam_api.services.paging import Page, PageAsk, page_of
from exam_api.services.ports import Clock, ExamWithSitting, LiveMedia, Unit, Units
from exam_api.services.recent_sittings import RecentSittings, SeenSitting
from exam_api.services.sitting_notices import tell_of_change
from exam_api.services.sitting_views import SittingViewer, exam_card
from exam_api.services.views import ExamCard, IceServerView, PublishTokenView, SittingView

_log = structlog.get_logger(__name__)
SITTING_CHANGED = "sitting.changed"
SITTING_NOTED = "sitting.noted"
WHIP_URL = "/whip"


class SittingDesk:
    def __init__(
        self,
        units: Units,
        clock: Clock,
        live: LiveMedia,
        policy: AccessPolicy = AccessPolicy(),  # noqa: B008 - frozen value
        ice: IceSettings = IceSettings(),  # noqa: B008 - likewise
    ) -> None:
        self._units = units
        self._clock = clock
        self._policy = policy
        self._ice = ice
        self._live = live
        self._viewer = SittingViewer(clock, live)
        self.recent = RecentSittings()
        units.sitting_listeners.append(self.recent.drop)
        units.answer_listeners.append(self.recent.answered)

    async def exams(self, actor: Actor) -> tuple[ExamCard, ...]:
        """What the actor may see; to a student, past exams only where they sat."""
        return (await self.exams_after(actor, None)).rows

    async def exams_after(self, actor: Actor, ask: PageAsk | None) -> Page[ExamCard]:
        """The same page by page; None: all of them. CursorInvalid."""
        now = self._clock.now()
        since = None if actor.roles - {Role.STUDENT} else now
        async with self._units.read() as unit:
            found = await unit.exams.visible(actor, ask, since=since)
        ask = ask or PageAsk(len(found))
        page = page_of(found, ask, lambda row: (row.exam.opens_at.isoformat(), row.exam.id))
        return page.shown(lambda row: exam_card(row, now))

    async def exam(self, actor: Actor, exam_id: str) -> ExamCard:
        async with self._units.read() as unit:
            exam = await unit.exams.get(exam_id, actor)
            own = await unit.sittings.of_student(exam_id, actor.id)
        return exam_card(ExamWithSitting(exam, own), self._clock.now())

    async def open(self, actor: Actor, exam_id: str) -> SittingView:
        """The student's own sitting; made where there is none yet. Opening twice is no error."""
        if not actor.has(Role.STUDENT):
            raise Forbidden
        async with self._units.write() as unit:
            exam = await unit.exams.get(exam_id, actor)
            sitting = await unit.sittings.of_student(exam.id, actor.id)
            if sitting is None:
                sitting = await self._make(unit, exam, actor)
            return await self._viewer.show(unit, sitting, actor, None)

    async def _make(self, unit: Unit, exam: Exam, actor: Actor) -> Sitting:
        now = self._clock.now()
        timers.require_check_window(now, exam.opens_at, exam.closes_at, exam.policy)
        best = await unit.grades.best_points(exam.discipline_id, actor.id)
        require_not_passed(best, exam.policy)
        sitting = Sitting(
            id=new_id(),
            exam_id=exam.id,
            student_id=actor.id,
            proctor_id=await unit.exams.least_busy_proctor(exam.id),
            state=SittingState.SCHEDULED,
            created_at=now,
        )
        if not await unit.sittings.add(sitting):
            # Another request of the same student was quicker.
            return await unit.sittings.of_student(exam.id, actor.id) or sitting
        await announce(unit, sitting)
        return sitting

    async def view(
        self, actor: Actor, sitting_id: str, client_id: str | None = None
    ) -> SittingView:
        """To its own student without a query, where this process has shown it a moment ago."""
        seen = self.recent.get(sitting_id, self._clock.now())
        if seen is not None and seen.sitting.student_id == actor.id:
            return self._viewer.again(seen, client_id)
        changes = self.recent.changes(sitting_id)
        async with self._units.read() as unit:
            sitting = await unit.sittings.get(sitting_id, actor)
            view = await self._viewer.show(unit, sitting, actor, client_id)
        if sitting.student_id == actor.id:
            self.recent.put(SeenSitting(sitting, view), changes=changes)
        return view

    async def claim(
        self, actor: Actor, sitting_id: str, client_id: str, *, take_over: bool = False
    ) -> SittingView:
        """One tab holds a sitting. OpenElsewhere unless the other one is taken over.

        Either is on record, for who watches: it may be another person's computer (S-11).
        """
        async with self._units.write() as unit:
            before = await unit.sittings.lock_own(sitting_id, actor)
            elsewhere = before.client_id not in {None, client_id}
            if elsewhere:
                await self._note_elsewhere(unit, before, taken=take_over)
            refused = elsewhere and not take_over
            sitting = before if refused else before.claimed(client_id, take_over=take_over)
            if sitting != before:
                await unit.sittings.save(sitting)
                # The tab that lost the sitting must not push the new one's camera out.
                await unit.sittings.drop_tokens(sitting.id)
            shown = await self._viewer.show(unit, sitting, actor, client_id)
        if refused:
            raise OpenElsewhere
        if before.client_id in {None, client_id}:
            return shown
        # S-10: nobody reads the questions here while the camera of the other place is recorded.
        await self._live.end_sitting(sitting_id)
        return await self.view(actor, sitting_id, client_id)

    async def _note_elsewhere(self, unit: Unit, sitting: Sitting, *, taken: bool) -> None:
        """A page that asks again and again says nothing new after some times."""
        if sitting.completed:
            return
        kind = LogKind.TAKEN_OVER if taken else LogKind.OPEN_ELSEWHERE
        log = [named.entry for named in await unit.log.of(sitting.id)]
        if sum(entry.kind is kind for entry in log) < NOTED_AT_MOST:
            entry = LogEntry(new_id(), sitting.id, kind, self._clock.now(), sitting.student_id)
            await note(unit, sitting, entry)

    async def publish_token(
        self,
        actor: Actor,
        sitting_id: str,
        client_id: str,
        track: TrackKind = TrackKind.CAMERA,
    ) -> PublishTokenView:
        """Lets a client send this track, for some minutes; at a reconnect ask anew.

        ConsentMissing, and what the camera's arrival would raise.
        """
        token = new_secret()
        now = self._clock.now()
        expires_at = now + self._policy.publish_token_life
        async with self._units.write() as unit:
            sitting = await unit.sittings.lock_own(sitting_id, actor)
            sitting.require_claimed(client_id)
            await require_consent(unit, sitting)
            # Raises what the camera's arrival would: better here, where the page can say it.
            sitting.published(now, await unit.exams.of(sitting))
            await unit.sittings.add_token(digest(token), TrackKey(sitting_id, track), expires_at)
        return PublishTokenView(token, WHIP_URL, expires_at, ice_servers(self._ice))

    async def authorize_publish(self, token: str) -> PublishGrant:
        """TokenInvalid, TokenExpired. The first time it sets the zero of the timeline."""
        now = self._clock.now()
        async with self._units.write() as unit:
            found = await unit.sittings.find_token(digest(token))
            if found is None:
                raise TokenInvalid
            key, expires_at = found
            if now >= expires_at:
                raise TokenExpired
            before = await unit.sittings.lock(key.sitting_id)
            if before is None or before.completed:
                raise TokenInvalid
            sitting = before.published(now, await unit.exams.of(before))
            if sitting != before:
                await advance(unit, before, sitting, now, by=sitting.student_id)
            return _grant(sitting, key.track)


def ice_servers(ice: IceSettings) -> tuple[IceServerView, ...]:
    """What a page puts into its peer connection; credentials are made for this answer."""
    return tuple(
        IceServerView(server.url, server.username or None, server.credential or None)
        for server in ice.servers()
    )


def _grant(sitting: Sitting, track: TrackKind) -> PublishGrant:
    if sitting.origin is None:
        raise NotInProgress
    begun = sitting.began_at is not None  # whatever this server's memory says, it was let in
    return PublishGrant(sitting.id, sitting.origin, track, returning=begun)


async def end_media(live: LiveMedia, sitting_id: str) -> None:
    """The test is over and graded, whatever becomes of the recording's last piece."""
    try:
        await live.end_sitting(sitting_id)
    except CaptureError as error:
        _log.warning("recording_not_ended", code=error.code)


async def advance(
    unit: Unit,
    before: Sitting,
    after: Sitting,
    at: datetime,
    *,
    by: str | None,
    reason: str = "",
    reference: str | None = None,
) -> None:
    """Save the new state, record who made it and why, and tell whom it concerns."""
    await unit.sittings.save(after)
    change = Transition(after.id, before.state, after.state, at, by, reason, reference)
    await unit.transitions.add(change)
    if before.result != after.result:
        await unit.grades.add(_regraded(before, after, change))
    await tell_of_change(unit, after)
    await announce(unit, after)


def _regraded(before: Sitting, after: Sitting, change: Transition) -> GradeChange:
    return GradeChange(
        sitting_id=after.id,
        cause=after.state.value,
        before=before.result.points if before.result else None,
        after=after.result.points if after.result else None,
        at=change.at,
        by=change.by,
        reason=change.reason,
    )


async def announce(unit: Unit, sitting: Sitting) -> None:
    """Tell the exam's consoles."""
    payload = {"state": sitting.state.value, "reason": sitting.finish_reason}
    await unit.events.append(sitting.exam_id, sitting.id, SITTING_CHANGED, payload)


async def note(unit: Unit, sitting: Sitting, entry: LogEntry) -> None:
    """Put it on the sitting's record, and tell the exam's consoles that there is something new."""
    await unit.log.add(entry)
    await unit.events.append(sitting.exam_id, sitting.id, SITTING_NOTED, {"kind": entry.kind.value})
