"""What exports read and write: who watches a sitting, and the jobs."""

from exam_api.adapters.sql.jobs import SqlJobs
from exam_api.adapters.sql.review_store import SqlReviewStore
from exam_api.adapters.sql.unit import SqlUnit
from exam_api.services.ports import Clock


class SqlExportStore(SqlReviewStore):
    def __init__(self, unit: SqlUnit, clock: Clock) -> None:
        super().__init__(unit, clock)
        self._unit = unit

    @property
    def jobs(self) -> SqlJobs:
        return self._unit.jobs
