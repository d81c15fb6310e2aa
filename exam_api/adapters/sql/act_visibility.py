"""Who may see which act (S-18, S-19), as conditions on a query over acts and their sittings."""

from collections.abc import Collection, Iterator

from sqlalchemy import ColumnElement, String, and_, cast, exists, false, or_
from sqlalchemy.orm import aliased

from exam_api.adapters.sql.tables import ActCourseRow, ActRow, Sitting
from exam_api.adapters.sql.visibility import sittings_watched_by, students_of_faculty
from exam_api.domain.act_course import SHOWN, ActState
from exam_api.domain.roles import Actor, Role


def acts_visible_to(actor: Actor) -> ColumnElement[bool]:
    """Those of sittings one watches; a student's own from the delivery on; to the commission what
    was forwarded to it, of its faculty where it is a faculty's.
    """  # noqa: D205 - one thought
    return or_(sittings_watched_by(actor), *_by_course(actor))


def _by_course(actor: Actor) -> Iterator[ColumnElement[bool]]:
    yield false()
    if actor.has(Role.STUDENT):
        yield and_(Sitting.student_id == actor.id, is_in(SHOWN))
    if actor.has(Role.COMMISSION):
        rights = [Sitting.student_id != actor.id, is_in({ActState.FORWARDED, *SHOWN})]
        if actor.faculty_id is not None:
            rights.append(Sitting.student_id.in_(students_of_faculty(actor)))
        yield and_(*rights)


def is_in(states: Collection[ActState]) -> ColumnElement[bool]:
    """The act; or the one it is about: form 2 has no course of its own and goes with that act."""
    course, about = aliased(ActCourseRow), aliased(ActRow)  # the query around may join them itself
    there = course.state.in_(sorted(states))
    with_it = exists().where(about.id == ActRow.about_id, of_act(course, about), there)
    return or_(exists().where(of_act(course), there), with_it)


def of_act(
    course: type[ActCourseRow] = ActCourseRow, act: type[ActRow] = ActRow
) -> ColumnElement[bool]:
    """The course of an act, whatever its revision: the number names it."""
    return and_(course.year == act.year, course.form == act.form, course.seq == act.seq)


def same_act(act_id: str) -> ColumnElement[bool]:
    """Whichever of its revisions was named."""
    named = aliased(ActRow)
    return exists().where(
        named.id == act_id,
        named.year == ActRow.year,
        named.form == ActRow.form,
        named.seq == ActRow.seq,
    )


def complete(act: type[ActRow]) -> ColumnElement[bool]:
    """Rendered and sealed in every language."""
    return cast(act.blobs, String) != "{}"


def newest_revision() -> ColumnElement[bool]:
    """Of the complete ones."""
    newer = aliased(ActRow)
    return ~exists().where(
        newer.year == ActRow.year,
        newer.form == ActRow.form,
        newer.seq == ActRow.seq,
        newer.revision > ActRow.revision,
        complete(newer),
    )
