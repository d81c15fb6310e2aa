"""Permission inside the query: which rows an actor may see. 404, never 403, for the others.

Rules say "watch" for all that proctoring knows of a sitting (recording, flags, acts), and "see"
for the sitting itself. Each goes by role and assignment together: a role that was taken away
shows nothing any more.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, true

from exam_api.adapters.sql.tables import (
    Discipline,
    Enrolment,
    Exam,
    ExamMember,
    ExamProctor,
    LoadingRight,
    Programme,
    Sitting,
    StudentProfile,
    StudyGroup,
)
from exam_api.domain.roles import Actor, Role


def sittings_visible_to(actor: Actor) -> ColumnElement[bool]:
    """A student's own, and those that the actor watches."""
    return or_(Sitting.student_id == actor.id, sittings_watched_by(actor))


def sittings_watched_by(actor: Actor) -> ColumnElement[bool]:
    """Proctors their own students, members those of own proctors, deans those of their faculty."""
    return true() if actor.oversees else or_(false(), *_sittings_watched(actor))


def _sittings_watched(actor: Actor) -> Iterator[ColumnElement[bool]]:
    if actor.has(Role.PROCTOR):
        yield sittings_proctored_by(actor)
    if actor.has(Role.MEMBER):
        yield sittings_of_own_proctors(actor)
    if actor.has(Role.DEAN_OFFICE):
        yield Sitting.student_id.in_(students_of_faculty(actor))


def sittings_proctored_by(actor: Actor) -> ColumnElement[bool]:
    """Where the actor may act: on the own students, and on those that no proctor has yet."""
    if not actor.has(Role.PROCTOR):
        return false()
    mine = or_(Sitting.proctor_id == actor.id, Sitting.proctor_id.is_(None))
    return and_(Sitting.exam_id.in_(_exams_proctored(actor)), mine)


def exams_visible_to(actor: Actor) -> ColumnElement[bool]:
    """A student those enrolled in (and once sat); staff the ones that concern them."""
    rights = [exams_watched_by(actor)]
    if actor.has(Role.STUDENT):
        rights.append(Exam.id.in_(_exams_enrolled_in(actor)))
    return or_(*rights, exams_taught_by(actor))


def exams_taught_by(actor: Actor) -> ColumnElement[bool]:
    """Row 2: a teacher those of the disciplines named for, a head all of the department's."""
    rights: list[ColumnElement[bool]] = [false()]
    if actor.has(Role.DEPARTMENT_HEAD):
        rights.append(Exam.discipline_id.in_(_disciplines_of_department(actor)))
    if actor.has(Role.TEACHER):
        named = select(LoadingRight.discipline_id).where(LoadingRight.teacher_id == actor.id)
        rights.append(Exam.discipline_id.in_(named))
    return or_(*rights)


def exams_watched_by(actor: Actor) -> ColumnElement[bool]:
    """Exams whose console and lists the actor may open: the rows in them are limited again."""
    return true() if actor.oversees else or_(false(), *_exams_watched(actor))


def _exams_watched(actor: Actor) -> Iterator[ColumnElement[bool]]:
    if actor.has(Role.PROCTOR):
        yield Exam.id.in_(_exams_proctored(actor))
    if actor.has(Role.MEMBER):
        yield Exam.id.in_(_exams_answered_for(actor))
    if actor.has(Role.DEAN_OFFICE):
        theirs = Sitting.student_id.in_(students_of_faculty(actor))
        yield Exam.id.in_(select(Sitting.exam_id).where(theirs))


def students_of_faculty(actor: Actor) -> Select[str]:
    """Ids of the students of the actor's faculty; of a person without one there are none."""
    return (
        select(StudentProfile.user_id)
        .join(StudyGroup, StudyGroup.id == StudentProfile.group_id)
        .join(Programme, Programme.id == StudyGroup.programme_id)
        .where(Programme.faculty_id == (actor.faculty_id or ""))
    )


def _exams_enrolled_in(actor: Actor) -> Select[str]:
    return select(Enrolment.exam_id).where(Enrolment.student_id == actor.id)


def _exams_proctored(actor: Actor) -> Select[str]:
    mine = and_(ExamProctor.proctor_id == actor.id, ExamProctor.left_at.is_(None))
    return select(ExamProctor.exam_id).where(mine)


def _exams_answered_for(actor: Actor) -> Select[str]:
    return select(ExamMember.exam_id).where(ExamMember.member_id == actor.id)


def sittings_of_own_proctors(actor: Actor) -> ColumnElement[bool]:
    """S-15: of the member's exams, without those whose proctor another member answers for."""
    others = exists().where(
        ExamProctor.exam_id == Sitting.exam_id,
        ExamProctor.proctor_id == Sitting.proctor_id,
        ExamProctor.member_id != actor.id,
    )
    return and_(Sitting.exam_id.in_(_exams_answered_for(actor)), ~others)


def _disciplines_of_department(actor: Actor) -> Select[str]:
    return select(Discipline.id).where(Discipline.department_id == (actor.department_id or ""))
