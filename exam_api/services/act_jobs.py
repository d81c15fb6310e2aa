"""Acts whose making failed or was cut off are made by a durable job, and people are told of it.

The job is added with the decision, or with the act that people draw up: whoever asked has it made
at once, and the job most often finds it there.
"""

from collections.abc import Mapping
from typing import Final

from exam_api.domain.notices import NewNotice, NoticeKind
from exam_api.domain.roles import Role
from exam_api.services.acts import Acts
from exam_api.services.drawn_acts import DrawnActs
from exam_api.services.jobs import Job, JobRun
from exam_api.services.proctoring_ports import Transaction
from exam_api.services.review_ports import ActStore
from exam_api.services.sitting_notices import review_path

_TOLD: Final = (Role.TESTING_CENTRE, Role.ADMINISTRATOR)
_TOLD_FROM: Final = 3  # tries: what heals within a minute worries nobody


class MakeActJob:
    """The handler. Done again it changes nothing."""

    def __init__(self, acts: Acts, drawn: DrawnActs, write: Transaction[ActStore]) -> None:
        self._acts = acts
        self._drawn = drawn
        self._write = write

    async def __call__(self, run: JobRun) -> None:
        try:
            await self._make(run.job.payload)
        except Exception:
            if run.job.attempt >= _TOLD_FROM:
                await self._tell(run.job)
            raise

    async def _make(self, payload: Mapping[str, str]) -> None:
        if "act_id" in payload:
            await self._drawn.finish(payload["act_id"])
        else:
            await self._acts.settle(payload["sitting_id"])

    async def _tell(self, job: Job) -> None:
        """Once a job."""
        async with self._write() as store:
            sitting = (await store.lock_sitting(job.payload["sitting_id"])).sitting
            notice = NewNotice(
                NoticeKind.ACT_UNMADE,
                f"{NoticeKind.ACT_UNMADE}:{job.key}",
                review_path(sitting.id),
                exam_id=sitting.exam_id,
                student_id=sitting.student_id,
            )
            people = [sitting.proctor_id] if sitting.proctor_id else []
            await store.notices.add(notice, roles=_TOLD, people=people)
