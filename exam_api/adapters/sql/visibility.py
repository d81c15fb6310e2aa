"""Permission inside the query: which rows an actor may see. 404, never 403, for the others."""

from sqlalchemy import ColumnElement, Select, false, or_, select, true

from exam_api.adapters.sql.tables import Exam, ExamMember, ExamProctor, Sitting
from exam_api.domain.roles import Actor, Role


def sittings_visible_to(actor: Actor) -> ColumnElement[bool]:
    """Students their own; proctors and members those of their exams; overseers all."""
    if actor.oversees:
        return true()
    own = Sitting.student_id == actor.id
    return or_(own, *(Sitting.exam_id.in_(exams) for exams in _assigned(actor)))


def exams_visible_to(actor: Actor) -> ColumnElement[bool]:
    """A student may know of every exam's title and window; staff see the ones assigned."""
    if actor.oversees or actor.has(Role.STUDENT):
        return true()
    return or_(false(), *(Exam.id.in_(exams) for exams in _assigned(actor)))


def exams_watched_by(actor: Actor) -> ColumnElement[bool]:
    """Exams whose console, recordings and acts the actor may open: never a student's right."""
    if actor.oversees:
        return true()
    return or_(false(), *(Exam.id.in_(exams) for exams in _assigned(actor)))


def exams_proctored_by(actor: Actor) -> ColumnElement[bool]:
    """Exams in which the actor may act on sittings: only as their proctor."""
    if not actor.has(Role.PROCTOR):
        return false()
    mine = ExamProctor.proctor_id == actor.id
    return Exam.id.in_(select(ExamProctor.exam_id).where(mine))


def _assigned(actor: Actor) -> list[Select[str]]:
    """By role and assignment together: a role that was taken away shows nothing any more."""
    exams: list[Select[str]] = []
    if actor.has(Role.PROCTOR):
        mine = ExamProctor.proctor_id == actor.id
        exams.append(select(ExamProctor.exam_id).where(mine))
    if actor.has(Role.MEMBER):
        exams.append(select(ExamMember.exam_id).where(ExamMember.member_id == actor.id))
    return exams
