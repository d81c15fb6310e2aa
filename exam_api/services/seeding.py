"""A small university to try everything with. Running it again keeps all that happened since."""

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import Any, Literal, Protocol

from exam_api.domain.ids import new_id
from exam_api.domain.languages import Language, Texts
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.roles import Role
from exam_api.domain.sitting import Sitting
from exam_api.domain.states import SittingState
from exam_api.services.ports import Clock, PasswordHasher, Unit

DEMO_PASSWORD = "baqylau-demo"  # noqa: S105 - printed by the demo for everybody to see
WINDOW = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class SeedProgramme:
    code: str
    name: Texts


@dataclass(frozen=True, slots=True)
class SeedGroup:
    name: str
    programme: str
    course: int


@dataclass(frozen=True, slots=True)
class SeedPerson:
    """``group`` of a student; ``of``: a dean's office or a department belongs to the seeded one."""

    login: str
    full_name: str
    language: Language
    roles: tuple[Role, ...]
    group: str | None = None
    of: Literal["faculty", "department"] | None = None


@dataclass(frozen=True, slots=True)
class SeedQuestion:
    """``choices`` in the order in which they are stored; ``correct`` is an index into them."""

    stem: Texts
    choices: tuple[Texts, ...]
    correct: int

    def mixed(self, chance: random.Random) -> "SeedQuestion":
        """Ids grow in the order of storing: were the correct choice first, its id would tell."""
        order = chance.sample(range(len(self.choices)), len(self.choices))
        choices = tuple(self.choices[index] for index in order)
        return SeedQuestion(self.stem, choices, order.index(self.correct))


@dataclass(frozen=True, slots=True)
class SeedUniversity:
    faculty: Texts
    department: Texts
    programmes: tuple[SeedProgramme, ...]
    groups: tuple[SeedGroup, ...]
    people: tuple[SeedPerson, ...]
    code: str
    title: Texts
    questions: tuple[SeedQuestion, ...]


@dataclass(frozen=True, slots=True)
class SeedReport:
    """Who can log in (all with ``password``), and the exam that is open now."""

    people: tuple[SeedPerson, ...]
    password: str
    exam_id: str
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class SeededExam:
    id: str
    opens_at: datetime
    closes_at: datetime
    begun: int  # sittings that are no longer just scheduled


class Seeds(Protocol):
    """Rows of the small university; what is there already stays as it is."""

    async def missing(self, logins: Sequence[str]) -> Sequence[str]: ...
    async def add_structure(self, university: SeedUniversity) -> None: ...
    async def add_person(self, person: SeedPerson, password_hash: str) -> None: ...
    async def ids(self, logins: Sequence[str]) -> Mapping[str, str]: ...
    async def discipline_id(self, code: str) -> str | None: ...
    async def add_discipline(self, university: SeedUniversity, at: datetime) -> str: ...
    async def name_loaders(
        self, discipline_id: str, teacher_ids: Sequence[str], head_id: str, at: datetime
    ) -> None: ...
    async def newest_exam(self, discipline_id: str) -> SeededExam | None: ...
    async def add_exam(
        self, discipline_id: str, opens_at: datetime, closes_at: datetime, policy: ExamPolicy
    ) -> str: ...
    async def move_window(self, exam_id: str, opens_at: datetime, closes_at: datetime) -> None: ...
    async def assign(
        self, exam_id: str, proctor_ids: Sequence[str], member_ids: Sequence[str]
    ) -> None: ...

    async def enrol(self, exam_id: str, student_ids: Sequence[str], now: datetime) -> None:
        """Each with a rating that admits (T-4.1)."""
        ...


class SeedUnit(Unit, Protocol):
    @property
    def seeds(self) -> Seeds: ...


class SeedUnits(Protocol):
    def write(self) -> AbstractAsyncContextManager[SeedUnit]: ...


def load_university() -> SeedUniversity:
    text = resources.files("exam_api.services").joinpath("seed_university.json").read_text("utf-8")
    stored = json.loads(text)
    chance = random.Random(stored["discipline"]["code"])  # noqa: S311 - order, not a secret
    return SeedUniversity(
        faculty=stored["faculty"],
        department=stored["department"],
        programmes=tuple(SeedProgramme(**row) for row in stored["programmes"]),
        groups=tuple(SeedGroup(**row) for row in stored["groups"]),
        people=tuple(_person(row) for row in stored["people"]),
        code=stored["discipline"]["code"],
        title=stored["discipline"]["title"],
        questions=tuple(_question(row).mixed(chance) for row in stored["questions"]),
    )


def _person(row: dict[str, Any]) -> SeedPerson:
    return SeedPerson(
        login=row["login"],
        full_name=row["full_name"],
        language=row["language"],
        roles=tuple(Role(role) for role in row["roles"]),
        group=row.get("group"),
        of=row.get("of"),
    )


def _question(row: dict[str, Any]) -> SeedQuestion:
    return SeedQuestion(row["stem"], tuple(row["choices"]), row["correct"])


async def seed_demo(
    units: SeedUnits,
    clock: Clock,
    hasher: PasswordHasher,
    *,
    policy: ExamPolicy = ExamPolicy(),  # noqa: B008 - frozen value
    password: str = DEMO_PASSWORD,
) -> SeedReport:
    """People, one discipline with its test, and an exam that is open now."""
    university = load_university()
    password_hash = await asyncio.to_thread(hasher.hash, password)
    async with units.write() as unit:
        await _seed_people(unit.seeds, university, password_hash)
        discipline_id = await unit.seeds.discipline_id(university.code)
        if discipline_id is None:
            discipline_id = await unit.seeds.add_discipline(university, clock.now())
        await _name_loaders(unit.seeds, discipline_id, university.people, clock.now())
        exam = await _open_exam(unit.seeds, discipline_id, clock.now(), policy)
        await _appoint(unit, exam.id, university.people, clock.now())
    return SeedReport(university.people, password, exam.id, exam.closes_at)


async def seed_crowd(
    units: SeedUnits, clock: Clock, hasher: PasswordHasher, exam_id: str, students: int
) -> tuple[str, ...]:
    """More students of one exam, all with the demo's password; their log-ins."""
    group = next(person.group for person in load_university().people if person.group)
    password_hash = await asyncio.to_thread(hasher.hash, DEMO_PASSWORD)
    crowd = [
        SeedPerson(f"load{number}", f"load{number}", "kk", (Role.STUDENT,), group)
        for number in range(1, students + 1)
    ]
    async with units.write() as unit:
        for person in crowd:
            await unit.seeds.add_person(person, password_hash)
        await _schedule(
            unit,
            exam_id,
            list((await unit.seeds.ids([p.login for p in crowd])).values()),
            clock.now(),
        )
    return tuple(person.login for person in crowd)


async def _seed_people(seeds: Seeds, university: SeedUniversity, password_hash: str) -> None:
    missing = await seeds.missing([person.login for person in university.people])
    await seeds.add_structure(university)
    for person in university.people:
        if person.login in missing:
            await seeds.add_person(person, password_hash)


async def _name_loaders(
    seeds: Seeds, discipline_id: str, people: Sequence[SeedPerson], now: datetime
) -> None:
    """The head of the department names its teachers (row 2)."""
    holding = _holding(people, await seeds.ids([person.login for person in people]))
    (head, *_) = holding(Role.DEPARTMENT_HEAD)
    await seeds.name_loaders(discipline_id, holding(Role.TEACHER), head, now)


async def _open_exam(
    seeds: Seeds, discipline_id: str, now: datetime, policy: ExamPolicy
) -> SeededExam:
    """The newest exam while its window lasts; one in which somebody sat is history and stays."""
    opens_at, closes_at = now, now + WINDOW
    found = await seeds.newest_exam(discipline_id)
    if found is not None and found.opens_at <= now <= found.closes_at - policy.duration:
        return found
    if found is not None and found.begun == 0:
        await seeds.move_window(found.id, opens_at, closes_at)
        return SeededExam(found.id, opens_at, closes_at, 0)
    exam_id = await seeds.add_exam(discipline_id, opens_at, closes_at, policy)
    return SeededExam(exam_id, opens_at, closes_at, 0)


async def _appoint(
    unit: SeedUnit, exam_id: str, people: Sequence[SeedPerson], now: datetime
) -> None:
    """Proctors and the member (S-14, S-15); each student enrolled, with a scheduled sitting."""
    ids = await unit.seeds.ids([person.login for person in people])
    holding = _holding(people, ids)
    await unit.seeds.assign(exam_id, holding(Role.PROCTOR), holding(Role.MEMBER))
    await _schedule(unit, exam_id, holding(Role.STUDENT), now)


async def _schedule(
    unit: SeedUnit, exam_id: str, student_ids: Sequence[str], now: datetime
) -> None:
    await unit.seeds.enrol(exam_id, student_ids, now)
    for student_id in student_ids:
        if await unit.sittings.of_student(exam_id, student_id) is None:
            proctor_id = await unit.exams.least_busy_proctor(exam_id)
            await unit.sittings.add(_scheduled(exam_id, student_id, proctor_id, now))


def _holding(people: Sequence[SeedPerson], ids: Mapping[str, str]) -> Callable[[Role], list[str]]:
    return lambda role: [ids[person.login] for person in people if role in person.roles]


def _scheduled(exam_id: str, student_id: str, proctor_id: str | None, now: datetime) -> Sitting:
    return Sitting(new_id(), exam_id, student_id, proctor_id, SittingState.SCHEDULED, now)
