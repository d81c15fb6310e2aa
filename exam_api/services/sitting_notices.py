"""Row 9: whom a sitting's change of state is told, in the unit that makes the change."""

from collections.abc import Mapping
from typing import Final

from exam_api.domain.notices import NewNotice, NoticeKind
from exam_api.domain.roles import Role
from exam_api.domain.sitting import Sitting
from exam_api.domain.states import SittingState
from exam_api.services.ports import Unit

TOLD: Final = (Role.DEAN_OFFICE, Role.REGISTRAR)
# A removal (T-4.9) is a breach, as an act is.
_KINDS: Final[Mapping[SittingState, NoticeKind]] = {
    SittingState.ABSENT: NoticeKind.ABSENT,
    SittingState.EXPIRED: NoticeKind.OVERRAN,
    SittingState.REMOVED: NoticeKind.BREACH,
}


def review_path(sitting_id: str) -> str:
    """Where the proof is."""
    return f"/review/{sitting_id}"


async def tell_of_change(unit: Unit, sitting: Sitting) -> None:
    kind = _KINDS.get(sitting.state)
    if kind is not None:
        await tell(unit, kind, sitting)
    elif sitting.state is SittingState.WAITING and sitting.came_late(await unit.exams.of(sitting)):
        await tell(unit, NoticeKind.LATE, sitting)


async def tell(unit: Unit, kind: NoticeKind, sitting: Sitting) -> None:
    await unit.notices.add(notice_of(kind, sitting), roles=TOLD)


def notice_of(kind: NoticeKind, sitting: Sitting, **facts: str) -> NewNotice:
    return NewNotice(
        kind,
        f"{kind}:{sitting.id}",
        review_path(sitting.id),
        exam_id=sitting.exam_id,
        student_id=sitting.student_id,
        facts=facts,
    )


def breach_by_act(sitting: Sitting, number: str) -> NewNotice:
    """Once a sitting, however often the act is revised."""
    return notice_of(NoticeKind.ACT, sitting, number=number)
