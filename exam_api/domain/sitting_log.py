"""What was said and granted during a sitting, besides the changes of its state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class LogKind(StrEnum):
    ADMITTED = "admitted"  # T-4.3, T-4.10
    MESSAGE = "message"  # a proctor to the student
    REPLY = "reply"  # the student to the proctor
    WARNING = "warning"
    ACKNOWLEDGED = "acknowledged"  # about a warning
    EXTENDED = "extended"
    TIME_ASKED = "time_asked"  # the student, after an outage
    TIME_GRANTED = "time_granted"  # about what was asked
    TIME_REFUSED = "time_refused"  # about what was asked
    LATE_ANSWER = "late_answer"  # S-9: came when the time was over; the text is its question
    OPEN_ELSEWHERE = "open_elsewhere"  # another browser asked for the sitting, and was refused
    TAKEN_OVER = "taken_over"  # the student went on in another browser
    MICROPHONE_LOST = "microphone_lost"  # S-13: no sound is recorded from here on
    MICROPHONE_BACK = "microphone_back"
    SCREEN_UNKNOWN = "screen_unknown"  # S-13: the browser does not tell screen from window


# What the server saw; nobody said it to anybody.
SEEN: Final = frozenset(
    {
        LogKind.LATE_ANSWER,
        LogKind.OPEN_ELSEWHERE,
        LogKind.TAKEN_OVER,
        LogKind.MICROPHONE_LOST,
        LogKind.MICROPHONE_BACK,
        LogKind.SCREEN_UNKNOWN,
    }
)
_MICROPHONE: Final = (LogKind.MICROPHONE_LOST, LogKind.MICROPHONE_BACK)
NOTED_AT_MOST: Final = 20  # of a kind that a page can bring about: more say nothing new
# What answers what; an entry that waits for its answer is open.
ANSWERS: Final = {
    LogKind.WARNING: frozenset({LogKind.ACKNOWLEDGED}),
    LogKind.TIME_ASKED: frozenset({LogKind.TIME_GRANTED, LogKind.TIME_REFUSED}),
}


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Never changed. ``minutes``: what was granted; ``about``: the entry that this one answers."""

    id: str
    sitting_id: str
    kind: LogKind
    at: datetime
    by: str
    text: str = ""
    minutes: int | None = None
    about: str | None = None


def open_entries(log: Sequence[LogEntry]) -> list[LogEntry]:
    """Warnings not acknowledged, requests not decided; oldest first."""
    answered = {entry.about for entry in log if entry.about}
    return [entry for entry in log if entry.kind in ANSWERS and entry.id not in answered]


def lacking(log: Sequence[LogEntry]) -> tuple[LogKind, ...]:
    """What a proctor cannot rely on now: the sound, or that the whole screen is seen."""
    sound = next((entry.kind for entry in reversed(log) if entry.kind in _MICROPHONE), None)
    silent = (LogKind.MICROPHONE_LOST,) if sound is LogKind.MICROPHONE_LOST else ()
    unknown = any(entry.kind is LogKind.SCREEN_UNKNOWN for entry in log)
    return (*silent, *((LogKind.SCREEN_UNKNOWN,) if unknown else ()))


def is_news(kind: LogKind, log: Sequence[LogEntry]) -> bool:
    """Whether a page's word on ``kind`` adds anything to what is noted already."""
    if kind is LogKind.SCREEN_UNKNOWN:
        return kind not in lacking(log)
    silent = LogKind.MICROPHONE_LOST in lacking(log)
    often = sum(entry.kind is kind for entry in log) >= NOTED_AT_MOST
    return silent is (kind is LogKind.MICROPHONE_BACK) and not often
