"""What every step of an appeal does, whoever takes it: those whom it concerns are told."""

from collections.abc import Sequence

from exam_api.domain.notices import NewNotice, NoticeKind
from exam_api.domain.roles import Actor, Role
from exam_api.services.appeals_ports import AppealsUnit


async def tell_step(
    unit: AppealsUnit,
    appeal_id: str,
    actor: Actor,
    *,
    people: Sequence[str] = (),
    roles: Sequence[Role] = (),
) -> None:
    """T-5.3: each step once, to whom it concerns; the notice leads to the appeal itself."""
    appeal = await unit.appeals.get(appeal_id, actor)
    await unit.notices.add(
        NewNotice(
            NoticeKind.APPEAL,
            f"appeal:{appeal_id}:{appeal.state}",
            f"/appeals/{appeal_id}",
            exam_id=appeal.exam_id,
            student_id=appeal.student.id,
        ),
        roles=roles,
        people=people,
    )
