"""The only ways out of a completed state of who has begun: by a confirmed act, and back by an
upheld appeal or by the commission that takes the act up again.
"""  # noqa: D205 - one thought

from dataclasses import dataclass, replace

from exam_api.domain.errors import InvalidRequest
from exam_api.domain.grading import Result, result_of
from exam_api.domain.sitting import (
    FINISHED_BY_PROCTOR,
    FINISHED_BY_STUDENT,
    FINISHED_BY_TIME,
    Sitting,
)
from exam_api.domain.states import SittingEvent, next_state

# A removed student's test counts as handed in with what was answered until then.
_RESTORES = {
    FINISHED_BY_STUDENT: SittingEvent.RESTORE_SUBMITTED,
    FINISHED_BY_TIME: SittingEvent.RESTORE_EXPIRED,
    FINISHED_BY_PROCTOR: SittingEvent.RESTORE_SUBMITTED,
}


@dataclass(frozen=True, slots=True)
class _Document:
    id: str

    def __post_init__(self) -> None:
        if not self.id:
            raise InvalidRequest("the document that orders it must be named")


@dataclass(frozen=True, slots=True)
class ConfirmedAct(_Document):
    """An act whose breach a person has confirmed (S-12, S-19)."""

    @property
    def reference(self) -> str:
        return f"act:{self.id}"


@dataclass(frozen=True, slots=True)
class UpheldAppeal(_Document):
    """An appeal that the commission has upheld (T-5.6)."""

    @property
    def reference(self) -> str:
        return f"appeal:{self.id}"


@dataclass(frozen=True, slots=True)
class ReconsideredAct(_Document):
    """A confirmed act that the commission has taken up again: nothing is annulled by it now."""

    @property
    def reference(self) -> str:
        return f"act:{self.id}"


Restoring = UpheldAppeal | ReconsideredAct


def annulled(sitting: Sitting, _by: ConfirmedAct) -> Sitting:
    """0 points and F. How and when the test ended stays on it."""
    state = next_state(sitting.state, SittingEvent.ANNUL)
    total = len(sitting.paper.items) if sitting.paper else 1
    return replace(sitting, state=state, result=result_of(0, total))


def restored(sitting: Sitting, _by: Restoring, result: Result) -> Sitting:
    """Back to how the test ended; ``result``: of the answers that were given."""
    event = _RESTORES.get(sitting.finish_reason or "", SittingEvent.RESTORE_SUBMITTED)
    return replace(sitting, state=next_state(sitting.state, event), result=result)
