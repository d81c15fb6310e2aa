"""Rows of the small university (services.seeding)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.item_json import body_json, key_json
from exam_api.adapters.sql.tables import (
    Base,
    Department,
    Discipline,
    Enrolment,
    Exam,
    ExamMember,
    ExamProctor,
    Faculty,
    Item,
    LoadingRight,
    Programme,
    Sitting,
    StudentProfile,
    StudyGroup,
    User,
)
from exam_api.domain.ids import new_id
from exam_api.domain.items import (
    FULL,
    Body,
    ChoiceKey,
    ItemKind,
    ItemState,
    Option,
    new_option_id,
)
from exam_api.domain.languages import LANGUAGES, Texts
from exam_api.domain.paper import PaperItem
from exam_api.domain.people import searchable
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.states import SittingState
from exam_api.services.seeding import SeededExam, SeedPerson, SeedQuestion, SeedUniversity

SEEDED_RATING: Final = 74  # enough to be admitted (T-4.1)


class SqlSeeds:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def missing(self, logins: Sequence[str]) -> Sequence[str]:
        known = await self.ids(logins)
        return [login for login in logins if login not in known]

    async def ids(self, logins: Sequence[str]) -> Mapping[str, str]:
        rows = await self._session.execute(
            select(User.login, User.id).where(User.login.in_(logins))
        )
        return dict(rows.all())

    async def add_person(self, person: SeedPerson, password_hash: str) -> None:
        user = User(
            id=new_id(),
            login=person.login,
            password_hash=password_hash,
            full_name=person.full_name,
            language=person.language,
            roles=[role.value for role in person.roles],
            disabled=False,
            search=searchable(person.full_name, person.login),
            faculty_id=await self._only(Faculty.id) if person.of == "faculty" else None,
            department_id=await self._only(Department.id) if person.of == "department" else None,
        )
        await self._add(user)
        if person.group is not None:
            group = select(StudyGroup.id).where(StudyGroup.name == person.group)
            group_id = (await self._session.scalars(group)).one()
            await self._add(StudentProfile(user_id=user.id, group_id=group_id))

    async def _only(self, column: InstrumentedAttribute[str]) -> str | None:
        """The first of what was seeded."""
        return await self._session.scalar(select(column).order_by(column).limit(1))

    async def add_structure(self, university: SeedUniversity) -> None:
        """Where there is a faculty already, the structure is somebody's own."""
        if await self._only(Faculty.id) is not None:
            return
        faculty = Faculty(id=new_id(), **_names(university.faculty))
        await self._add(faculty)
        department = Department(id=new_id(), faculty_id=faculty.id, **_names(university.department))
        await self._add(department)
        programmes = {
            one.code: Programme(
                id=new_id(), faculty_id=faculty.id, code=one.code, **_names(one.name)
            )
            for one in university.programmes
        }
        await self._add(*programmes.values())
        for group in university.groups:
            programme = programmes[group.programme]
            await self._add(
                StudyGroup(
                    id=new_id(), programme_id=programme.id, name=group.name, course=group.course
                )
            )

    async def discipline_id(self, code: str) -> str | None:
        return await self._session.scalar(select(Discipline.id).where(Discipline.code == code))

    async def add_discipline(self, university: SeedUniversity, at: datetime) -> str:
        discipline = Discipline(
            id=new_id(),
            code=university.code,
            title_kk=university.title["kk"],
            title_ru=university.title["ru"],
            title_en=university.title["en"],
            department_id=await self._only(Department.id),
        )
        await self._add(discipline)
        for question in university.questions:
            await self._add_question(discipline.id, question, at)
        return discipline.id

    async def _add_question(self, discipline_id: str, question: SeedQuestion, at: datetime) -> None:
        item_id, taken = new_id(), set[str]()
        choices = tuple(Option(new_option_id(taken), text) for text in question.choices)
        body = Body(question.stem, choices)
        item = Item(
            id=item_id,
            discipline_id=discipline_id,
            lineage_id=item_id,
            version=1,
            kind=ItemKind.SINGLE,
            state=ItemState.APPROVED,
            parts=PaperItem.of(item_id, ItemKind.SINGLE, body).to_json(),
            body=body_json(body),
            key=key_json(ChoiceKey(weights={choices[question.correct].id: FULL})),
            languages=" ".join(LANGUAGES),
            decided_at=at,
        )
        await self._add(item)

    async def name_loaders(
        self, discipline_id: str, teacher_ids: Sequence[str], head_id: str, at: datetime
    ) -> None:
        for teacher_id in teacher_ids:
            await insert_once(
                self._session,
                LoadingRight,
                discipline_id=discipline_id,
                teacher_id=teacher_id,
                given_by=head_id,
                given_at=at,
            )

    async def newest_exam(self, discipline_id: str) -> SeededExam | None:
        begun = (
            select(func.count())
            .where(Sitting.exam_id == Exam.id, Sitting.state != SittingState.SCHEDULED.value)
            .scalar_subquery()
        )
        query = (
            select(Exam.id, Exam.opens_at, Exam.closes_at, begun)
            .where(Exam.discipline_id == discipline_id)
            .order_by(Exam.closes_at.desc())
            .limit(1)
        )
        found = (await self._session.execute(query)).first()
        return SeededExam(*found) if found else None

    async def add_exam(
        self, discipline_id: str, opens_at: datetime, closes_at: datetime, policy: ExamPolicy
    ) -> str:
        exam = Exam(
            id=new_id(),
            discipline_id=discipline_id,
            opens_at=opens_at,
            closes_at=closes_at,
            policy=policy.to_json(),
        )
        await self._add(exam)
        return exam.id

    async def move_window(self, exam_id: str, opens_at: datetime, closes_at: datetime) -> None:
        window = update(Exam).where(Exam.id == exam_id)
        await self._session.execute(window.values(opens_at=opens_at, closes_at=closes_at))

    async def assign(
        self, exam_id: str, proctor_ids: Sequence[str], member_ids: Sequence[str]
    ) -> None:
        for proctor_id in proctor_ids:
            await insert_once(self._session, ExamProctor, exam_id=exam_id, proctor_id=proctor_id)
        for member_id in member_ids:
            await insert_once(self._session, ExamMember, exam_id=exam_id, member_id=member_id)

    async def enrol(self, exam_id: str, student_ids: Sequence[str], now: datetime) -> None:
        for student_id in student_ids:
            await insert_once(
                self._session,
                Enrolment,
                exam_id=exam_id,
                student_id=student_id,
                enrolled_at=now,
                rating_points=SEEDED_RATING,
                excused=[],
            )

    async def _add(self, *rows: Base) -> None:
        """At once, so that rows which refer to these find them."""
        self._session.add_all(rows)
        await self._session.flush()


def _names(texts: Texts) -> dict[str, str]:
    return {f"name_{language}": text for language, text in texts.items()}
