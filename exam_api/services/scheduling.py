"""The schedule: sessions, exams with their windows and rooms, who sits them and who watches.

The testing centre and the registrar make it (S-5, S-8); the administrator may. Others see what
concerns them.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal, Protocol

from exam_api.domain.assignment import distribute
from exam_api.domain.conflicts import Conflict, conflicts_of
from exam_api.domain.errors import ExamBegun, Forbidden, InvalidRequest, NameTaken, NotFound
from exam_api.domain.exam_format import ExamFormat, require_format
from exam_api.domain.ids import new_id
from exam_api.domain.notices import NewNotice, NoticeKind
from exam_api.domain.roles import Actor, Role
from exam_api.services.erasures import Erasures, ErasureUnit
from exam_api.services.notices_ports import Notices
from exam_api.services.paging import Page, PageAsk, page_of
from exam_api.services.ports import Clock, Events, LiveMedia
from exam_api.services.proctoring_ports import HANDED_OVER, EventKind
from exam_api.services.scheduling_ports import (
    AppointedProctor,
    EnrolledStudent,
    ExamDraft,
    ExaminedDiscipline,
    HandedOver,
    Move,
    Named,
    Period,
    Room,
    Schedule,
    ScheduledExam,
)

_YEARS: Final = range(2000, 2101)
MOST_SEATS: Final = 10_000
PLANNERS: Final = (Role.TESTING_CENTRE, Role.REGISTRAR, Role.ADMINISTRATOR)
Step = Literal["schedule", "staff", "instructed"]


class ReferenceUnknown(InvalidRequest):
    """Something is named that is not there; ``field`` says where, ``unknown`` names all of it."""

    code = "reference_unknown"

    def __init__(self, field: str = "", unknown: Sequence[str] = ()) -> None:
        super().__init__(f"{field}: {unknown[0]}" if unknown else field)
        self.field = field
        self.unknown = unknown


class WindowOver(InvalidRequest):
    """Nobody could sit in it: the clock would call everybody absent within a second (S-9)."""

    code = "window_over"
    field = "closes_at"


class SchedulingUnit(ErasureUnit, Protocol):
    @property
    def schedule(self) -> Schedule: ...
    @property
    def events(self) -> Events: ...
    @property
    def notices(self) -> Notices: ...


class SchedulingUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[SchedulingUnit]: ...
    def write(self) -> AbstractAsyncContextManager[SchedulingUnit]: ...


@dataclass(frozen=True, slots=True)
class Choices:
    """What the forms offer."""

    periods: Sequence[Period]
    rooms: Sequence[Room]
    disciplines: Sequence[ExaminedDiscipline]
    groups: Sequence[Named]
    proctors: Sequence[Named]
    members: Sequence[Named]


@dataclass(frozen=True, slots=True)
class ExamSheet:
    """All of one exam that its page shows. ``others``: the exams that it conflicts with."""

    exam: ScheduledExam
    students: Sequence[EnrolledStudent]
    proctors: Sequence[AppointedProctor]
    members: Sequence[Named]
    handovers: Sequence[HandedOver]
    conflicts: Sequence[Conflict]
    names: Mapping[str, str]
    others: Mapping[str, ScheduledExam]


def may_plan(actor: Actor) -> bool:
    return actor.has(*PLANNERS)


def require_planner(actor: Actor) -> None:
    if not may_plan(actor):
        raise Forbidden


def require_to_come(closes_at: datetime, now: datetime) -> None:
    """WindowOver, as by a mistyped year."""
    if closes_at <= now:
        raise WindowOver


class Scheduling:
    def __init__(
        self, units: SchedulingUnits, clock: Clock, live: LiveMedia, erasures: Erasures
    ) -> None:
        self._units = units
        self._clock = clock
        self._live = live
        self._erasures = erasures

    # --- sessions of exams, rooms, the working group ----------------------------------------

    async def periods(self, actor: Actor) -> Sequence[Period]:
        require_planner(actor)
        async with self._units.read() as unit:
            return await unit.schedule.periods()

    async def add_period(self, actor: Actor, period: Period) -> None:
        """NameTaken, ReferenceUnknown."""
        _require_period(actor, period)
        async with self._units.write() as unit:
            await _save_period(unit.schedule, await unit.schedule.periods(), period)

    async def change_period(self, actor: Actor, period: Period) -> None:
        """What was approved stays approved. NotFound, NameTaken, ReferenceUnknown."""
        _require_period(actor, period)
        async with self._units.write() as unit:
            known = await unit.schedule.periods()
            old = next((one for one in known if one.id == period.id), None)
            if old is None:
                raise NotFound
            kept = replace(
                period,
                schedule_approved_on=old.schedule_approved_on,
                staff_approved_on=old.staff_approved_on,
                instructed_on=old.instructed_on,
            )
            await _save_period(unit.schedule, known, kept)

    async def approve(self, actor: Actor, period_id: str, step: Step, on: date) -> None:
        """S-5/S-8: the schedule; row 8: proctors and staff; row 7: they were instructed."""
        require_planner(actor)
        _require_years(on)
        async with self._units.write() as unit:
            found = [one for one in await unit.schedule.periods() if one.id == period_id]
            if not found:
                raise NotFound
            match step:
                case "schedule":
                    approved = replace(found[0], schedule_approved_on=on)
                case "staff":
                    approved = replace(found[0], staff_approved_on=on)
                case "instructed":
                    approved = replace(found[0], instructed_on=on)
            await unit.schedule.save_period(approved)

    async def add_room(self, actor: Actor, name: str, seats: int) -> str:
        """The room's id. NameTaken."""
        room = _room(actor, new_id(), name, seats)
        async with self._units.write() as unit:
            if not await unit.schedule.add_room(room):
                raise NameTaken
        return room.id

    async def change_room(self, actor: Actor, room_id: str, name: str, seats: int) -> None:
        """NotFound, NameTaken. What no longer fits into it shows among the conflicts."""
        room = _room(actor, room_id, name, seats)
        async with self._units.write() as unit:
            known = await unit.schedule.rooms()
            if room_id not in {one.id for one in known}:
                raise NotFound
            if any(one.name == room.name and one.id != room_id for one in known):
                raise NameTaken
            await unit.schedule.change_room(room)

    # --- exams ------------------------------------------------------------------------------

    async def calendar(
        self, actor: Actor, since: datetime, until: datetime
    ) -> Sequence[ScheduledExam]:
        async with self._units.read() as unit:
            return await unit.schedule.exams(actor, since, until)

    async def exams(
        self, actor: Actor, since: datetime, until: datetime, ask: PageAsk
    ) -> Page[ScheduledExam]:
        """For programs: those whose window touches the time, earliest first. CursorInvalid."""
        async with self._units.read() as unit:
            found = await unit.schedule.exams(actor, since, until, ask)
        return page_of(found, ask, lambda exam: (exam.opens_at.isoformat(), exam.id))

    async def exam(self, actor: Actor, exam_id: str) -> ScheduledExam:
        """For those who watch it. NotFound."""
        async with self._units.read() as unit:
            return await unit.schedule.exam(exam_id, actor)

    async def choices(self, actor: Actor) -> Choices:
        require_planner(actor)
        async with self._units.read() as unit:
            schedule = unit.schedule
            return Choices(
                periods=await schedule.periods(),
                rooms=await schedule.rooms(),
                disciplines=await schedule.disciplines(),
                groups=await schedule.groups(),
                proctors=await schedule.people(Role.PROCTOR),
                members=await schedule.people(Role.MEMBER),
            )

    async def sheet(self, actor: Actor, exam_id: str) -> ExamSheet:
        require_planner(actor)
        async with self._units.read() as unit:
            schedule = unit.schedule
            planned = await schedule.planned(self._clock.now())
            found = [one for one in conflicts_of(planned) if exam_id in one.exam_ids]
            beside = {other for one in found for other in one.exam_ids} - {exam_id}
            return ExamSheet(
                exam=await schedule.exam(exam_id, actor),
                students=await schedule.enrolled(exam_id),
                proctors=await schedule.proctors(exam_id),
                members=await schedule.members(exam_id),
                handovers=await schedule.handovers(exam_id),
                conflicts=found,
                names=await schedule.names({one.subject for one in found}),
                others={other: await schedule.exam(other, actor) for other in beside},
            )

    async def save_exam(self, actor: Actor, exam_id: str | None, draft: ExamDraft) -> str:
        """The exam's id. ExamBegun where somebody sits it already: then only its end may move on.

        WindowOver where its end has passed.
        """
        require_planner(actor)
        _require_years(draft.opens_at, draft.closes_at)
        if draft.opens_at + draft.policy.duration > draft.closes_at:
            raise InvalidRequest("the window is shorter than the test", code="window_too_short")
        require_to_come(draft.closes_at, self._clock.now())
        if not draft.languages:
            raise InvalidRequest("a test is offered in a language", code="languages_missing")
        async with self._units.write() as unit:
            before = await unit.schedule.exam(exam_id, actor) if exam_id else None
            if before is not None and before.begun and not _only_longer(before, draft):
                raise ExamBegun
            await _require_known(unit.schedule, draft, before.discipline_id if before else "")
            saved = exam_id or new_id()
            await unit.schedule.save_exam(saved, draft)
        return saved

    async def enrol(
        self, actor: Actor, exam_id: str, group_ids: Collection[str], logins: Collection[str]
    ) -> int:
        """Whole groups and single students; how many are new. They get proctors at once.

        ReferenceUnknown where a group or log-in is no student's: then nobody is enrolled.
        WindowOver where the exam has ended.
        """
        require_planner(actor)
        async with self._units.write() as unit:
            exam = await unit.schedule.exam(exam_id, actor)
            require_to_come(exam.closes_at, self._clock.now())
            await _require_students(unit.schedule, group_ids, logins)
            students = await unit.schedule.students(group_ids, logins)
            new = await unit.schedule.enrol(exam.id, students, actor.id)
            await self._settle(unit, exam, actor, "")
        return len(new)

    async def withdraw(self, actor: Actor, exam_id: str, student_id: str) -> None:
        """With what the student did in the room till then. ExamBegun from the camera check on."""
        require_planner(actor)
        async with self._units.write() as unit:
            await unit.schedule.exam(exam_id, actor)
            sitting = await unit.schedule.held_sitting(exam_id, student_id)
            if sitting is not None and sitting.on_record:
                raise ExamBegun
            if sitting is not None:
                await self._erasures.withdraw(unit, actor, sitting.id)
            await unit.schedule.withdraw(exam_id, student_id)
            await unit.audit.add(actor, "enrolment.withdrawn", student_id, "")

    # --- proctors ---------------------------------------------------------------------------

    async def appoint(
        self, actor: Actor, exam_id: str, proctor_ids: Collection[str], member_id: str | None
    ) -> None:
        """S-15: attached to the member who answers for them; who has no proctor yet gets one."""
        require_planner(actor)
        async with self._units.write() as unit:
            exam = await unit.schedule.exam(exam_id, actor)
            await _require_people(unit.schedule, "proctors", Role.PROCTOR, proctor_ids)
            await _require_people(unit.schedule, "member", Role.MEMBER, {member_id} - {None})
            for proctor_id in proctor_ids:
                await unit.schedule.appoint(exam_id, proctor_id, member_id)
            if member_id is not None:
                known = {one.id for one in await unit.schedule.members(exam_id)}
                await unit.schedule.set_members(exam_id, known | {member_id})
            await self._settle(unit, exam, actor, "")

    async def drop_out(self, actor: Actor, exam_id: str, proctor_id: str, reason: str) -> int:
        """The proctor's sittings go to the others; how many. Live ones too, on record."""
        require_planner(actor)
        if not reason.strip():
            raise InvalidRequest("a reason is stated", code="reason_missing")
        async with self._units.write() as unit:
            exam = await unit.schedule.exam(exam_id, actor)
            if not await unit.schedule.leave(exam_id, proctor_id):
                raise NotFound
            moves = await self._settle(unit, exam, actor, reason.strip())
        for live in (move for move in moves if move.live):
            await self._live.end_views(live.sitting_id)
        return len(moves)

    async def _settle(
        self, unit: SchedulingUnit, exam: ScheduledExam, actor: Actor, reason: str
    ) -> list[Move]:
        """Whoever has no proctor that is still there gets the least loaded one with room."""
        there = {one.id for one in await unit.schedule.proctors(exam.id) if one.left_at is None}
        sittings = await unit.schedule.open_sittings(exam.id)
        loads = Counter(dict.fromkeys(there, 0))
        loads.update(one.proctor_id for one in sittings if one.proctor_id in there)
        loose = [one for one in sittings if one.proctor_id not in there]
        found = distribute([one.id for one in loose], dict(loads), exam.policy.students_per_proctor)
        moves = [
            Move(one.id, one.proctor_id, found[one.id], one.live)
            for one in loose
            if found[one.id] != one.proctor_id
        ]
        await unit.schedule.move(moves, actor.id, reason)
        for live in (move for move in moves if move.live):
            # The tile leaves the one open console and comes to the other at once.
            told = {"kind": HANDED_OVER}
            await unit.events.append(exam.id, live.sitting_id, EventKind.SITTING_NOTED, told)
        await self._tell(unit, exam, [move for move in moves if move.from_proctor])
        return moves

    async def _tell(self, unit: SchedulingUnit, exam: ScheduledExam, moves: Sequence[Move]) -> None:
        """Each proctor who takes over; those who only got their first students see them listed."""
        taken = Counter(move.to_proctor for move in moves if move.to_proctor)
        for proctor_id, count in taken.items():
            notice = NewNotice(
                NoticeKind.HANDED_OVER,
                f"handed_over:{exam.id}:{proctor_id}:{self._clock.now().timestamp():.0f}",
                f"/console/{exam.id}",
                exam_id=exam.id,
                facts={"count": str(count)},
            )
            await unit.notices.add(notice, people=[proctor_id])

    # --- conflicts --------------------------------------------------------------------------

    async def conflicts(self, actor: Actor) -> tuple[Sequence[Conflict], Mapping[str, str]]:
        """In all exams that are not over, with the names of whom and what they are about."""
        require_planner(actor)
        async with self._units.read() as unit:
            found = conflicts_of(await unit.schedule.planned(self._clock.now()))
            return found, await unit.schedule.names({one.subject for one in found})


# --- what is entered must be possible ------------------------------------------------------------


def _require_years(*days: date) -> None:
    if not {day.year for day in days} <= set(_YEARS):
        raise InvalidRequest(f"dates lie between {_YEARS[0]} and {_YEARS[-1]}", code="dates_far")


def _only_longer(before: ScheduledExam, draft: ExamDraft) -> bool:
    """The same exam whose window ends later: it takes nothing from anybody who has begun."""
    kept = ExamDraft(
        before.discipline_id,
        before.period_id,
        before.opens_at,
        max(before.closes_at, draft.closes_at),
        before.languages,
        before.policy,
        tuple(sorted(room.id for room in before.rooms)),
    )
    return replace(draft, rooms=tuple(sorted(draft.rooms))) == kept


def _require_period(actor: Actor, period: Period) -> None:
    require_planner(actor)
    _require_years(period.starts_on, period.ends_on)
    if not period.title.strip():
        raise InvalidRequest("a session has a title", code="name_missing")
    if period.starts_on > period.ends_on:
        raise InvalidRequest("a session ends after it begins", code="dates_reversed")
    ordered = bool(period.order_number) and period.order_date is not None
    if (period.members or period.order_number or period.order_date) and not ordered:
        raise InvalidRequest("a working group is appointed by order", code="order_missing")


async def _save_period(schedule: Schedule, known: Sequence[Period], period: Period) -> None:
    if any(one.title == period.title and one.id != period.id for one in known):
        raise NameTaken
    await _require_people(schedule, "members", Role.MEMBER, period.members)
    await schedule.save_period(period)


def _room(actor: Actor, room_id: str, name: str, seats: int) -> Room:
    require_planner(actor)
    if not name.strip():
        raise InvalidRequest("a room has a name", code="name_missing")
    if not 1 <= seats <= MOST_SEATS:
        raise InvalidRequest(f"a room has 1 to {MOST_SEATS} seats", code="seats_wrong")
    return Room(room_id, name.strip(), seats)


# --- what is named must be there ----------------------------------------------------------------


async def _require_known(schedule: Schedule, draft: ExamDraft, kept: str) -> None:
    """``kept``: the discipline that the exam has, though it may be disabled by now."""
    formats = {one.id: one.exam_format for one in await schedule.disciplines()}
    periods = {one.id for one in await schedule.periods()}
    rooms = {one.id for one in await schedule.rooms()}
    _require_among("discipline", {draft.discipline_id}, {*formats, kept})
    _require_among("period", {draft.period_id} - {None}, periods)
    _require_among("rooms", draft.rooms, rooms)
    exam_format = formats.get(draft.discipline_id, ExamFormat.TEST)
    require_format(exam_format, in_rooms=bool(draft.rooms))


async def _require_students(
    schedule: Schedule, group_ids: Collection[str], logins: Collection[str]
) -> None:
    _require_among("groups", group_ids, {one.id for one in await schedule.groups()})
    _require_among("logins", logins, await schedule.students_among(logins))


async def _require_people(
    schedule: Schedule, field: str, role: Role, ids: Collection[str | None]
) -> None:
    _require_among(field, ids, {one.id for one in await schedule.people(role)})


def _require_among(field: str, named: Collection[str | None], known: Collection[str]) -> None:
    strange = sorted(str(one) for one in set(named) - set(known))
    if strange:
        raise ReferenceUnknown(field, strange)
