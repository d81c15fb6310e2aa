"""What in a schedule cannot work, found by comparing exams with each other."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations


class ConflictKind(StrEnum):
    STUDENT_TWICE = "student_twice"
    PROCTOR_OVER = "proctor_over"
    ROOM_TWICE = "room_twice"
    ROOM_SMALL = "room_small"
    NO_PROCTOR = "no_proctor"
    NO_TEST = "no_test"
    TEST_COUNT = "test_count"
    TOO_FEW_ITEMS = "too_few_items"


@dataclass(frozen=True, slots=True)
class PlannedExam:
    """``windows``: of each enrolled student, individual dates and extra time included.

    ``watched``: proctor → sittings that are not over; None: those that no proctor has.
    ``rooms``: room → seats; none for a remote exam. ``lacks``: what its test bank does not hold.
    """

    id: str
    opens_at: datetime
    closes_at: datetime
    capacity: int
    windows: Mapping[str, "Window"]
    watched: Mapping[str | None, int]
    rooms: Mapping[str, int]
    lacks: Sequence[ConflictKind] = ()

    def overlaps(self, other: "PlannedExam") -> bool:
        return self.opens_at < other.closes_at and other.opens_at < self.closes_at


@dataclass(frozen=True, slots=True)
class Window:
    opens_at: datetime
    closes_at: datetime
    duration: timedelta


@dataclass(frozen=True, slots=True)
class Conflict:
    """``subject``: the id of the student, proctor or room; empty where the exam itself is meant."""

    kind: ConflictKind
    subject: str
    exam_ids: tuple[str, ...]


def conflicts_of(exams: Sequence[PlannedExam]) -> tuple[Conflict, ...]:
    return (
        *_students_twice(exams),
        *_proctors_over(exams),
        *_rooms_twice(exams),
        *(conflict for exam in exams for conflict in _within(exam)),
    )


def both_fit(one: Window, other: Window) -> bool:
    """Whether a person can sit both, one after the other, within their windows."""
    return _in_order(one, other) or _in_order(other, one)


def _in_order(first: Window, second: Window) -> bool:
    free_at = max(first.opens_at + first.duration, second.opens_at)
    return (
        first.opens_at + first.duration <= first.closes_at
        and free_at + second.duration <= second.closes_at
    )


def _students_twice(exams: Sequence[PlannedExam]) -> Iterator[Conflict]:
    of_student: dict[str, list[PlannedExam]] = defaultdict(list)
    for exam in exams:
        for student in exam.windows:
            of_student[student].append(exam)
    for student, sat in sorted(of_student.items()):
        for one, other in combinations(sat, 2):
            if not both_fit(one.windows[student], other.windows[student]):
                yield Conflict(ConflictKind.STUDENT_TWICE, student, (one.id, other.id))


def _proctors_over(exams: Sequence[PlannedExam]) -> Iterator[Conflict]:
    """Over the capacity of an exam, counting what the proctor watches beside it."""
    for exam in exams:
        beside = [other for other in exams if other is exam or exam.overlaps(other)]
        load: Counter[str] = Counter()
        for other in beside:
            load.update({who: n for who, n in other.watched.items() if who is not None})
        for proctor in sorted(who for who in exam.watched if who is not None):
            if load[proctor] > exam.capacity:
                yield Conflict(ConflictKind.PROCTOR_OVER, proctor, (exam.id,))


def _rooms_twice(exams: Sequence[PlannedExam]) -> Iterator[Conflict]:
    for one, other in combinations(exams, 2):
        if one.overlaps(other):
            for room in sorted(one.rooms.keys() & other.rooms.keys()):
                yield Conflict(ConflictKind.ROOM_TWICE, room, (one.id, other.id))


def _within(exam: PlannedExam) -> Iterator[Conflict]:
    if exam.rooms and len(exam.windows) > sum(exam.rooms.values()):
        yield Conflict(ConflictKind.ROOM_SMALL, "", (exam.id,))
    if exam.watched.get(None, 0):
        yield Conflict(ConflictKind.NO_PROCTOR, "", (exam.id,))
    for kind in exam.lacks:
        yield Conflict(kind, "", (exam.id,))
