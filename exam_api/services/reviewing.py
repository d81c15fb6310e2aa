"""Reviewing a sitting: its flags with evidence and clips, and a person's decisions on them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from capture.contracts import GapCause, LiveStatus, Recording, TrackKey, TrackKind
from exam_api.domain.errors import ActOnItsWay, Forbidden, InvalidRequest, NotFound
from exam_api.domain.ids import new_id
from exam_api.domain.notices import NewNotice, NoticeKind
from exam_api.domain.roles import Actor, Role
from exam_api.domain.sitting import Sitting
from exam_api.domain.sitting_log import LogEntry, LogKind, is_news
from exam_api.services.act_documents import decisions_in, is_settled
from exam_api.services.ports import Blobs, Clock
from exam_api.services.proctoring_ports import (
    EventKind,
    StoredDecision,
    StoredFlag,
    Transaction,
    Verdict,
)
from exam_api.services.review_ports import (
    MAKE_ACT,
    MAKE_ACT_AFTER,
    ReviewStore,
    StoredAct,
    WatchedSitting,
)
from exam_api.services.review_rules import coverage, grounds, is_allowed, newest, times_of
from exam_api.services.review_views import (
    FlagView,
    ReviewedRecordingView,
    ReviewedTrackView,
    ReviewView,
    SuppliedView,
    act_view,
    clock_view,
    flag_view,
    gap_views,
    sitting_view,
)
from exam_api.services.tracks import wanted_tracks

COMMENT_LIMIT: Final = 2_000
CLIP_BEFORE_MS: Final = 5_000
CLIP_AFTER_MS: Final = 10_000
_HAVE_IT: Final = (Role.COMMISSION, Role.DEAN_OFFICE)  # an act that is on its way (S-18)
# What a student's page may report about itself; anything else is refused.
CLIENT_KINDS: Final = frozenset(
    {
        "camera_denied",
        "no_camera",
        "camera_busy",
        "camera_failed",
        "insecure_origin",
        "no_webrtc",
        "mic_denied",
        "mic_lost",
        "mic_back",
        "focus_lost",
        "focus_back",
        "second_tab",
        "publish_failed",
        "connection_lost",
        "reconnected",
        "camera_lost",
        "camera_muted",
        "picture_back",
        "page_closed",
        "page_opened",
        "screen_shared",
        "screen_stopped",
        "screen_refused",
    }
)
# Why there is no picture, where only the page knows; of which track, where not of the camera.
_TRACKS: Final = {"screen_stopped": TrackKind.SCREEN, "screen_shared": TrackKind.SCREEN}
_CAUSES: Final = {
    "screen_stopped": GapCause.SCREEN_STOPPED,
    "screen_shared": None,
    "camera_lost": GapCause.CAMERA_OFF,
    "camera_muted": GapCause.CAMERA_OFF,
    "picture_back": None,
    "page_closed": GapCause.BROWSER_CLOSED,
    "page_opened": GapCause.BROWSER_CLOSED,  # the page before said no good-bye: a crash
}
# What a proctor should know of the recording, by what the page reports (and its detail, if any).
_NOTED: Final = {
    ("mic_denied", None): LogKind.MICROPHONE_LOST,
    ("mic_lost", None): LogKind.MICROPHONE_LOST,
    ("mic_back", None): LogKind.MICROPHONE_BACK,
    ("screen_shared", "unknown"): LogKind.SCREEN_UNKNOWN,
}


class Recordings(Protocol):
    """The files on record, from capture."""

    def status(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> LiveStatus: ...

    def recording(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> Recording: ...

    def recorded_until(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> int: ...

    def explain(self, key: TrackKey, cause: GapCause | None) -> None: ...

    async def joined(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> Path: ...

    async def clip(
        self, sitting_id: str, at_ms: int, before_ms: int = 5000, after_ms: int = 10000
    ) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Decided:
    flag: StoredFlag
    sitting_id: str
    decision: StoredDecision


class Reviewing:
    def __init__(
        self,
        read: Transaction[ReviewStore],
        write: Transaction[ReviewStore],
        recordings: Recordings,
        blobs: Blobs,
        clock: Clock,
    ) -> None:
        self._read = read
        self._write = write
        self._recordings = recordings
        self._blobs = blobs
        self._clock = clock

    async def review(self, actor: Actor, sitting_id: str) -> ReviewView:
        async with self._read() as store:
            watched = await store.sitting(sitting_id, actor)
            flags = await store.flags([sitting_id])
            decisions = await store.decisions([sitting_id])
            acts = await store.acts([sitting_id])
            breaks = (await store.breaks([sitting_id])).get(sitting_id, ())
            may_decide = await store.may_decide(watched.sitting.id, actor)
            on_its_way = await store.forwarded_at(sitting_id) is not None
        readable = [act for act in acts if act.complete]
        lags = not is_settled(grounds(flags, decisions), next(iter(readable), None))
        return ReviewView(
            may_decide=may_decide,
            sitting=sitting_view(watched),
            recording=self._recording_view(watched),
            tracks=tuple(self._track_views(watched)),
            flags=tuple(
                flag_view(flag, decisions, allowed=is_allowed(flag, breaks)) for flag in flags
            ),
            acts=tuple(act_view(act, flags, decisions) for act in readable),
            act_due=lags and not on_its_way,
            act_outgrown=lags and on_its_way,
        )

    def _track_views(self, watched: WatchedSitting) -> Iterator[ReviewedTrackView]:
        """What was recorded stays to be seen, whatever the policy says today."""
        sitting_id = watched.sitting.id
        wanted = wanted_tracks(watched.exam.policy)
        times = times_of(watched.sitting)
        now_ms = times.at_ms(self._clock.now()) or 0
        for kind in TrackKind:
            until_ms = self._recordings.recorded_until(sitting_id, kind)
            if kind not in wanted and not until_ms:
                continue
            recording = self._recordings.recording(sitting_id, kind)
            yield ReviewedTrackView(
                track=kind,
                live=self._recordings.status(sitting_id, kind).live,
                recorded=until_ms > 0,
                coverage=coverage(times, recording, until_ms, now_ms).ratio,
                gaps=gap_views(recording),
            )

    def _recording_view(self, watched: WatchedSitting) -> ReviewedRecordingView:
        sitting_id = watched.sitting.id
        recording = self._recordings.recording(sitting_id)
        until_ms = self._recordings.recorded_until(sitting_id)
        times = times_of(watched.sitting)
        now_ms = times.at_ms(self._clock.now()) or 0
        covered = coverage(times, recording, until_ms, now_ms)
        return ReviewedRecordingView(
            first_ms=recording.segments[0].start_ms if recording.segments else 0,
            until_ms=until_ms,
            recorded_ms=covered.recorded_ms,
            supplied_ms=covered.supplied_ms,
            exam_ms=covered.exam_ms,
            coverage=covered.ratio,
            digest=recording.digest,
            segments=len(recording.segments),
            live=self._recordings.status(sitting_id).live,
            gaps=gap_views(recording),
            clock=clock_view(recording),
            supplied=tuple(
                SuppliedView(one.start_ms, one.end_ms, one.source_sha256)
                for one in recording.supplied
            ),
        )

    async def evidence(self, actor: Actor, flag_id: str) -> bytes:
        """JPEG. NotFound where the flag has no picture."""
        async with self._read() as store:
            flag, _ = await store.flag(flag_id, actor)
        return await self.frame_of(flag)

    async def frame_of(self, flag: StoredFlag) -> bytes:
        """Of a flag that the caller was allowed to see. NotFound where it has no picture."""
        if flag.evidence_key is None:
            raise NotFound
        return await self._blobs.get(flag.evidence_key)

    async def before(self, actor: Actor, flag_id: str, at_ms: int) -> bytes:
        """JPEG of a moment before the flag. NotFound where no picture is of that moment."""
        async with self._read() as store:
            flag, _ = await store.flag(flag_id, actor)
        for still in flag.before:
            if still.at_ms == at_ms:
                return await self._blobs.get(still.key)
        raise NotFound

    async def clip(self, actor: Actor, flag_id: str) -> bytes:
        """WebM of [start - 5 s, start + 10 s]: the clip of the act where it is in one."""
        async with self._read() as store:
            flag, _ = await store.flag(flag_id, actor)
        return await self.clip_of(flag)

    async def clip_of(self, flag: StoredFlag) -> bytes:
        """Of a flag that the caller was allowed to see."""
        async with self._read() as store:
            acts = await store.acts([flag.sitting_id])
        if key := _clip_key(acts, flag.id):
            return await self._blobs.get(key)
        return await self._recordings.clip(
            flag.sitting_id, flag.start_ms, CLIP_BEFORE_MS, CLIP_AFTER_MS
        )

    async def recording(
        self, actor: Actor, sitting_id: str, kind: TrackKind = TrackKind.CAMERA
    ) -> Path:
        """A track's whole recording as one seekable WebM file. NothingRecorded."""
        await self.require_watched(actor, sitting_id)
        return await self._recordings.joined(sitting_id, kind)

    async def require_watched(self, actor: Actor, sitting_id: str) -> None:
        """NotFound."""
        async with self._read() as store:
            await store.sitting(sitting_id, actor)

    async def flag_view(self, actor: Actor, flag_id: str) -> FlagView:
        async with self._read() as store:
            flag, _ = await store.flag(flag_id, actor)
            decisions = await store.decisions([flag.sitting_id])
            breaks = (await store.breaks([flag.sitting_id])).get(flag.sitting_id, ())
        return flag_view(flag, decisions, allowed=is_allowed(flag, breaks))

    async def decide(self, actor: Actor, flag_id: str, verdict: Verdict, comment: str) -> Decided:
        """A proctor's verdict. The same verdict and comment again add nothing.

        Forbidden; ActOnItsWay: what was decided when the act was forwarded waits for its recall.
        """
        comment = _fitting(comment)
        async with self._write() as store:
            decided = await self._decide(store, actor, flag_id, verdict, comment)
            await self._lead_on(store, actor, decided)
            return decided

    async def decide_together(
        self,
        actor: Actor,
        sitting_id: str,
        flag_ids: Sequence[str],
        verdict: Verdict,
        comment: str,
    ) -> None:
        """One verdict on several flags of a sitting, each with its own decision: all or none.

        NotFound, also where a flag is another sitting's.
        """
        comment = _fitting(comment)
        async with self._write() as store:
            for flag_id in flag_ids:
                decided = await self._decide(store, actor, flag_id, verdict, comment)
                if decided.sitting_id != sitting_id:
                    raise NotFound
            await self._lead_on(store, actor, decided)

    async def _decide(
        self, store: ReviewStore, actor: Actor, flag_id: str, verdict: Verdict, comment: str
    ) -> Decided:
        flag, watched = await store.flag(flag_id, actor)
        if not await store.may_decide(watched.sitting.id, actor):
            raise Forbidden
        await store.hold(flag.sitting_id)
        last = newest(await store.decisions([flag.sitting_id])).get(flag_id)
        if last is not None and (last.verdict, last.comment) == (verdict, comment):
            return Decided(flag, flag.sitting_id, last)
        await self._require_free(store, flag)
        decision = await store.add_decision(flag_id, verdict, comment, actor)
        payload = {"flag_id": flag_id, "verdict": str(verdict)}
        await store.append_event(watched.exam.id, flag.sitting_id, EventKind.DECISION_MADE, payload)
        return Decided(flag, flag.sitting_id, decision)

    async def _require_free(self, store: ReviewStore, flag: StoredFlag) -> None:
        """A flag that came after its act was forwarded is decided all the same."""
        forwarded_at = await store.forwarded_at(flag.sitting_id)
        if forwarded_at is None:
            return
        decisions = await store.decisions([flag.sitting_id])
        if any(one.flag_id == flag.id and one.at <= forwarded_at for one in decisions):
            raise ActOnItsWay

    async def _lead_on(self, store: ReviewStore, actor: Actor, last: Decided) -> None:
        if await store.forwarded_at(last.sitting_id) is None:
            await self._keep_making(store, last)
        elif last.decision.verdict is Verdict.CONFIRMED:
            await self._tell_outgrown(store, actor, last)

    async def _tell_outgrown(self, store: ReviewStore, actor: Actor, last: Decided) -> None:
        """The act on its way stays as it is till its recall: those who have it decide on that."""
        act = next(act for act in await store.acts([last.sitting_id]) if act.complete)
        if last.decision.id in decisions_in(act.document):
            return
        watched = await store.sitting(last.sitting_id, actor)
        notice = NewNotice(
            NoticeKind.ACT_OUTGROWN,
            f"{NoticeKind.ACT_OUTGROWN}:{last.decision.id}",
            f"/acts/{act.id}",
            exam_id=watched.exam.id,
            student_id=watched.sitting.student_id,
            facts={"number": act.number},
        )
        people = set(await store.concluded_by(last.sitting_id)) - {actor.id}
        await store.notices.add(notice, roles=_HAVE_IT, people=people)

    async def _keep_making(self, store: ReviewStore, last: Decided) -> None:
        """The act that follows is made even if whoever decided does not see it through."""
        payload = {"sitting_id": last.sitting_id}
        due_at = self._clock.now() + MAKE_ACT_AFTER
        await store.jobs.add(f"{MAKE_ACT}:{last.decision.id}", MAKE_ACT, payload, due_at=due_at)

    async def client_reported(self, actor: Actor, sitting_id: str, kind: str, detail: str) -> None:
        """What the student's own page noticed: a notice for the console, never a flag by itself."""
        if kind not in CLIENT_KINDS:
            raise InvalidRequest("unknown kind of client event")
        async with self._write() as store:
            sitting = await store.own_sitting(sitting_id, actor)
            await store.hold(sitting_id)
            noted = _NOTED.get((kind, None)) or _NOTED.get((kind, detail))
            if noted is not None and not sitting.completed:
                await self._note(store, sitting, noted)
            payload = {"kind": kind, "detail": detail[:200]}
            await store.append_event(
                sitting.exam_id, sitting_id, EventKind.CLIENT_REPORTED, payload
            )
        if kind in _CAUSES:
            key = TrackKey(sitting_id, _TRACKS.get(kind, TrackKind.CAMERA))
            self._recordings.explain(key, _CAUSES[kind])

    async def _note(self, store: ReviewStore, sitting: Sitting, kind: LogKind) -> None:
        """Before the event, so that consoles which it wakes show it."""
        log = (await store.logs([sitting.id])).get(sitting.id, ())
        if is_news(kind, log):
            now = self._clock.now()
            await store.note(LogEntry(new_id(), sitting.id, kind, now, sitting.student_id))


def _fitting(comment: str) -> str:
    comment = comment.strip()
    if len(comment) > COMMENT_LIMIT:
        raise InvalidRequest(f"a comment has at most {COMMENT_LIMIT} characters")
    return comment


def _clip_key(acts: Sequence[StoredAct], flag_id: str) -> str | None:
    """From the newest revision that holds the flag."""
    for act in acts:
        for entry in act.document["evidence"]:
            if entry["flag_id"] == flag_id and entry["clip_key"]:
                return str(entry["clip_key"])
    return None
