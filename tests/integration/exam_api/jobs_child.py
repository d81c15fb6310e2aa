"""Runs due jobs in a process of its own: python jobs_child.py URL STEP.

The job writes one row into the table ``effect`` a step. At STEP the process kills itself after
the step's effect was written and before its unit ends; 0: never.
"""

import asyncio
import os
import signal
import sys
from datetime import timedelta

from sqlalchemy import text

from exam_api.adapters.clock import SystemClock
from exam_api.adapters.sql.database import Database
from exam_api.services.jobs import JobPolicy, JobRun, JobRunner

STEPS = 3


async def main(url: str, fatal: int) -> None:
    database = Database(url, SystemClock())

    async def write(run: JobRun) -> None:
        for step in range(run.job.done + 1, STEPS + 1):
            async with database.write() as unit:
                await unit.session.execute(text(f"INSERT INTO effect VALUES ({step})"))
                await unit.jobs.advance(run.job, step, STEPS)
                if step == fatal:
                    os.kill(os.getpid(), signal.SIGKILL)

    policy = JobPolicy(lease=timedelta(seconds=1))
    await JobRunner(database, SystemClock(), {"write": write}, policy).run_due()
    await database.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
