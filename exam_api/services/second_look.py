"""After the exam a slower look over the whole recording, before a proctor reviews.

It confirms flags of the exam, doubts them or adds some. What was flagged live stays as it was: the
second look's finding stands beside it, and people decide. A durable job of low priority; while the
machine is needed by an exam it waits, also half-way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from analysis.contracts import JUDGED, Flag, FlagKind, FlagPhase, Sight
from analysis.policy import SEEN_AGAIN
from capture.contracts import Relief
from capture.errors import CaptureError, NothingRecorded
from exam_api.domain.errors import ExamError
from exam_api.domain.notices import NewNotice, NoticeKind
from exam_api.services.flag_pictures import keep_before, keep_best
from exam_api.services.jobs import JobPolicy, JobRun
from exam_api.services.notices_ports import Notices
from exam_api.services.ports import Blobs
from exam_api.services.proctoring_ports import (
    EventKind,
    ProctoringStore,
    SecondFinding,
    SittingTimes,
    StoredFlag,
    Transaction,
)
from exam_api.services.reviewing import Recordings
from exam_api.services.sitting_notices import review_path

SECOND_LOOK: Final = "second_look"
# By then students' computers have supplied what was missing, or will not.
SECOND_LOOK_AFTER: Final = timedelta(minutes=10)
SECOND_LOOKS: Final = JobPolicy(at_once=1, attempts=5, longest_delay=timedelta(minutes=30))
NEAR_MS: Final = 2_000  # two flags of a kind this near are of the same event
BUSY_S: Final = 5.0  # how often it is asked whether the machine is needed elsewhere


class SecondLookFailed(ExamError):
    """The recording could not be looked at; tried again later."""

    code = "second_look_failed"


@dataclass(frozen=True, slots=True)
class Compared:
    """``findings``: flag id → what the second look says, and how surely; ``added``: new ones."""

    findings: Mapping[str, tuple[SecondFinding, float]]
    added: tuple[Flag, ...]


class SecondStore(ProctoringStore, Protocol):
    @property
    def notices(self) -> Notices: ...
    async def concluded_by(self, sitting_id: str) -> Sequence[str]:
        """Ids: proctor and member of a list that is handed in, and who forwarded the act."""
        ...

    async def student_of(self, sitting_id: str) -> str: ...
    async def flags(self, sitting_ids: Sequence[str]) -> Sequence[StoredFlag]: ...
    async def save_finding(
        self, flag_id: str, finding: SecondFinding, confidence: float
    ) -> None: ...


class Looker(Protocol):
    async def look(self, video: Path, excused: Collection[str], busy: Callable[[], bool]) -> Sight:
        """In ms of the video. Stands still while ``busy``. SecondLookFailed."""
        ...


class Strained(Protocol):
    @property
    def relief(self) -> Relief: ...


def compare(live: Sequence[StoredFlag], sight: Sight) -> Compared:
    """Only what pictures showed can be seen again: flags without models are the page's or line's.

    Of what the second look could not look at it says nothing. A flag that still stood with no end
    cannot be here: the sitting is over.
    """
    seen = sight.flags
    findings: dict[str, tuple[SecondFinding, float]] = {}
    for flag in live:
        if flag.kind not in SEEN_AGAIN or not flag.models or flag.second is not None:
            continue
        again = [one for one in seen if _same(flag, one)]
        if again:
            findings[flag.id] = SecondFinding.CONFIRMED, max(one.confidence for one in again)
        elif _looked_at(flag, sight):
            findings[flag.id] = SecondFinding.DOUBTED, 0.0
    added = tuple(one for one in seen if not any(_same(flag, one) for flag in live))
    return Compared(findings, added)


def _looked_at(live: StoredFlag, sight: Sight) -> bool:
    live_end = live.start_ms if live.end_ms is None else live.end_ms
    return live.kind in sight.kinds and any(
        start_ms - NEAR_MS <= live.start_ms and live_end <= end_ms + NEAR_MS
        for start_ms, end_ms in sight.stretches
    )


def _same(live: StoredFlag, seen: Flag) -> bool:
    live_end = live.start_ms if live.end_ms is None else live.end_ms
    seen_end = seen.start_ms if seen.end_ms is None else seen.end_ms
    return (
        live.kind is seen.kind
        and seen.start_ms <= live_end + NEAR_MS
        and live.start_ms <= seen_end + NEAR_MS
    )


class SecondLookJob:
    """The handler. Done again it changes nothing: findings stand, a start names a flag."""

    def __init__(
        self,
        write: Transaction[SecondStore],
        recordings: Recordings,
        blobs: Blobs,
        looker: Looker,
        machine: Strained,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._write = write
        self._recordings = recordings
        self._blobs = blobs
        self._looker = looker
        self._machine = machine
        self._sleep = sleep

    def _busy(self) -> bool:
        return self._machine.relief is not Relief.NOTHING

    async def __call__(self, run: JobRun) -> None:
        sitting_id = run.job.payload["sitting_id"]
        while self._busy():
            await self._sleep(BUSY_S)
        try:
            recording = await asyncio.to_thread(self._recordings.recording, sitting_id)
            video = await self._recordings.joined(sitting_id)
        except NothingRecorded:
            return
        except CaptureError as error:
            raise SecondLookFailed(code=error.code) from error
        async with self._write() as store:
            excused = await store.excused(sitting_id)
        sight = await self._looker.look(video, excused, self._busy)
        first_ms = recording.segments[0].start_ms if recording.segments else 0
        await self._save(sitting_id, _sitting_times(sight, first_ms))

    async def _save(self, sitting_id: str, sight: Sight) -> None:
        """Pictures are stored of what is added only: no row would name the others."""
        async with self._write() as store:
            times = await store.times(sitting_id)
            if times is None:
                return
            in_test = tuple(flag for flag in sight.flags if _in_test(times, flag))
            compared = compare(await store.flags([sitting_id]), replace(sight, flags=in_test))
        added = compared.added
        best = {_name(flag): await keep_best(self._blobs, sitting_id, flag) for flag in added}
        before = {_name(flag): await keep_before(self._blobs, sitting_id, flag) for flag in added}
        async with self._write() as store:
            for flag_id, (finding, confidence) in compared.findings.items():
                await store.save_finding(flag_id, finding, confidence)
            for flag in added:
                pictures = best[_name(flag)], before[_name(flag)]
                stored, _ = await store.save_flag(sitting_id, flag, *pictures)
                await store.save_finding(stored.id, SecondFinding.ADDED, flag.confidence)
                payload = {"flag_id": stored.id, "phase": str(FlagPhase.CLOSED)}
                await store.append_event(times.exam_id, sitting_id, EventKind.FLAG_CLOSED, payload)
            if any(flag.severity in JUDGED for flag in added):
                await _tell_late(store, times, added)


async def _tell_late(store: SecondStore, times: SittingTimes, added: Sequence[Flag]) -> None:
    """S-17: what comes after the proctor's answer, or after the act was sent, is not overlooked."""
    people = await store.concluded_by(times.id)
    if not people:
        return
    names = ",".join(sorted(f"{kind}-{start_ms}" for kind, start_ms in map(_name, added)))
    notice = NewNotice(
        NoticeKind.FLAGS_LATE,
        f"{NoticeKind.FLAGS_LATE}:{times.id}:{sha256(names.encode()).hexdigest()[:16]}",
        review_path(times.id),
        exam_id=times.exam_id,
        student_id=await store.student_of(times.id),
        facts={"count": str(len(added))},
    )
    await store.notices.add(notice, people=people)


def _name(flag: Flag) -> tuple[FlagKind, int]:
    return flag.kind, flag.start_ms


def _sitting_times(sight: Sight, by_ms: int) -> Sight:
    """From the video's times to the sitting's."""
    return replace(
        sight,
        flags=tuple(_later(flag, by_ms) for flag in sight.flags),
        stretches=tuple((start + by_ms, end + by_ms) for start, end in sight.stretches),
    )


def _later(flag: Flag, by_ms: int) -> Flag:
    evidence = flag.evidence
    if evidence is not None:
        evidence = replace(evidence, at_ms=evidence.at_ms + by_ms)
    return replace(
        flag,
        start_ms=flag.start_ms + by_ms,
        end_ms=None if flag.end_ms is None else flag.end_ms + by_ms,
        scores=tuple((at_ms + by_ms, score) for at_ms, score in flag.scores),
        evidence=evidence,
        before=tuple(replace(still, at_ms=still.at_ms + by_ms) for still in flag.before),
    )


def _in_test(times: SittingTimes, flag: Flag) -> bool:
    began_ms, finished_ms = times.at_ms(times.began_at), times.at_ms(times.finished_at)
    if began_ms is None or finished_ms is None or flag.end_ms is None:
        return False
    return flag.end_ms > began_ms and flag.start_ms < finished_ms
