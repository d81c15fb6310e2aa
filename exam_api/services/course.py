"""A sitting's course as those who watch it see it: states, log, and what may be done now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from exam_api.domain.errors import InvalidRequest
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.sitting import Sitting
from exam_api.domain.sitting_log import LogEntry, LogKind, open_entries
from exam_api.domain.states import RUNNING, TRANSITIONS, SittingEvent, SittingState
from exam_api.services.ports import NamedTransition, Unit

TEXT_LIMIT: Final = 500
_SAID: Final = frozenset({LogKind.MESSAGE, LogKind.WARNING, LogKind.REPLY})


class ProctorAction(StrEnum):
    ADMIT = "admit"
    REFUSE = "refuse"
    MESSAGE = "message"
    WARN = "warn"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    GRANT_TIME = "grant_time"
    REFUSE_TIME = "refuse_time"
    REMOVE = "remove"


class Want(StrEnum):
    """What a student waits for at this moment."""

    ADMISSION = "admission"
    TIME = "time"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class TransitionView:
    """``by`` is null where the exam clock made the change; ``reference``: what ordered it."""

    before: SittingState
    after: SittingState
    at: datetime
    by: str | None
    reason: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class EntryView:
    """``open``: it waits for its answer; ``about``: the entry that this one answers."""

    id: str
    kind: LogKind
    at: datetime
    by: str
    text: str
    minutes: int | None
    about: str | None
    open: bool


@dataclass(frozen=True, slots=True)
class CourseView:
    """``can``: what its proctor may do at this moment."""

    state: SittingState
    server_now: datetime
    admitted_at: datetime | None
    deadline_at: datetime | None
    pause_until: datetime | None
    can: tuple[ProctorAction, ...]
    transitions: tuple[TransitionView, ...]
    log: tuple[EntryView, ...]


def stated(text: str, *, needed: bool = True) -> str:
    """What a person wrote, trimmed. InvalidRequest."""
    text = text.strip()
    if not needed <= len(text) <= TEXT_LIMIT or "\0" in text:
        raise InvalidRequest(f"a reason or message has {int(needed)} to {TEXT_LIMIT} characters")
    return text


async def course_of(unit: Unit, sitting: Sitting, now: datetime) -> CourseView:
    exam = await unit.exams.of(sitting)
    history = await unit.transitions.of(sitting.id)
    log = await unit.log.of(sitting.id)
    waiting = open_entries([named.entry for named in log])
    return CourseView(
        state=sitting.state,
        server_now=now,
        admitted_at=sitting.admitted_at,
        deadline_at=sitting.deadline_at,
        pause_until=sitting.pause.until if sitting.pause else None,
        can=possible(sitting, now, exam.policy, waiting),
        transitions=_transitions(history),
        log=tuple(
            EntryView(
                id=entry.id,
                kind=entry.kind,
                at=entry.at,
                by=named.by_name,
                text=entry.text,
                minutes=entry.minutes,
                about=entry.about,
                open=entry in waiting,
            )
            for named in log
            for entry in (named.entry,)
        ),
    )


def _transitions(history: Sequence[NamedTransition]) -> tuple[TransitionView, ...]:
    return tuple(
        TransitionView(row.before, row.after, row.at, named.by_name, row.reason, row.reference)
        for named in history
        for row in (named.transition,)
    )


def possible(
    sitting: Sitting, now: datetime, policy: ExamPolicy, waiting: Sequence[LogEntry]
) -> tuple[ProctorAction, ...]:
    """What a proctor may try with a chance of success; the rules themselves decide."""
    return tuple(_possible(sitting, now, policy, waiting))


def _possible(
    sitting: Sitting, now: datetime, policy: ExamPolicy, waiting: Sequence[LogEntry]
) -> Iterator[ProctorAction]:
    here = not sitting.completed and sitting.state is not SittingState.SCHEDULED
    running = sitting.state in RUNNING and not sitting.is_due(now)
    if sitting.state is SittingState.WAITING and sitting.admitted_at is None:
        yield ProctorAction.ADMIT
    if running and any(entry.kind is LogKind.TIME_ASKED for entry in waiting):
        yield ProctorAction.GRANT_TIME
        yield ProctorAction.REFUSE_TIME
    if here:
        yield ProctorAction.MESSAGE
    if running:
        yield ProctorAction.WARN
        yield from _clock_actions(sitting, policy)
    if here and (sitting.state, SittingEvent.REFUSE) in TRANSITIONS:
        yield ProctorAction.REFUSE
    if (sitting.state, SittingEvent.REMOVE) in TRANSITIONS:
        yield ProctorAction.REMOVE


def _clock_actions(sitting: Sitting, policy: ExamPolicy) -> Iterator[ProctorAction]:
    granted = sitting.granted
    if sitting.state is SittingState.PAUSED:
        yield ProctorAction.RESUME
    elif granted.paused_ms < policy.pause_most_min * 60_000:
        yield ProctorAction.PAUSE
    if granted.extended_ms < policy.extend_most_min * 60_000:
        yield ProctorAction.EXTEND


def wants_of(sitting: Sitting, log: Sequence[LogEntry]) -> tuple[Want, ...]:
    """``log``: oldest first."""
    return () if sitting.completed else tuple(_wants(sitting, log))


def _wants(sitting: Sitting, log: Sequence[LogEntry]) -> Iterator[Want]:
    if sitting.state is SittingState.WAITING and sitting.admitted_at is None:
        yield Want.ADMISSION
    if any(entry.kind is LogKind.TIME_ASKED for entry in open_entries(log)):
        yield Want.TIME
    said = [entry for entry in log if entry.kind in _SAID]
    if said and said[-1].kind is LogKind.REPLY:
        yield Want.REPLY
