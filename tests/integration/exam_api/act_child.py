"""Forwards, delivers and mails an act in a process of its own.

At ``fatal`` (1 … 6) the process kills itself (-9); 0: never. Started again it goes on where it was.
"""

import asyncio
import os
import signal
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.clock import SystemClock
from exam_api.adapters.mail import FolderMailer
from exam_api.adapters.sql.database import Database
from exam_api.adapters.sql.people import actor_of
from exam_api.adapters.sql.tables import User
from exam_api.domain.act_course import ActPolicy, ActState, ActStep
from exam_api.services.act_course import forward, take_step
from exam_api.services.act_course_ports import Taken
from exam_api.services.jobs import JobPolicy, JobRunner
from exam_api.services.notices import MAIL, Letters, MailJob
from exam_api.web.notice_texts import letter_writer

POLICY = ActPolicy()


class Child:
    def __init__(self, url: str, blobs: Path, outbox: Path, act_id: str, fatal: int) -> None:
        self.clock = SystemClock()
        self.database = Database(url, self.clock)
        self.blobs = LocalBlobs(blobs)
        self.mailer = FolderMailer(outbox)
        self.act_id = act_id
        self.fatal = fatal

    def point(self, number: int) -> None:
        if number == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    async def send(self, message: EmailMessage) -> None:
        self.point(5)
        await self.mailer.send(message)
        self.point(6)

    async def run(self) -> None:
        async with self.database.write() as unit:
            act = await unit.act_course.lock(self.act_id)
            found = await unit.session.scalar(select(User).where(User.login == "member"))
            now = self.clock.now()
            await forward(unit, actor_of(found), [act.sitting_id], at=now, policy=POLICY)
            self.point(1)
        self.point(2)
        async with self.database.write() as unit:
            act = await unit.act_course.lock(self.act_id)
            if act.state is ActState.FORWARDED:
                dean = await unit.session.scalar(select(User.id).where(User.login == "dean"))
                await take_step(unit, act, ActStep.DELIVER, Taken(self.clock.now(), dean), POLICY)
            self.point(3)
        self.point(4)
        write = letter_writer("http://exam.test", ZoneInfo("UTC"))
        letters = Letters(self.database, self.blobs, write, "u@exam.test")
        policy = JobPolicy(lease=timedelta(seconds=1))
        await JobRunner(self.database, self.clock, {MAIL: MailJob(letters, self)}, policy).run_due()
        await self.database.aclose()


def run(url: str, folder: Path, act_id: str, fatal: int) -> None:
    asyncio.run(Child(url, folder / "blobs", folder / "outbox", act_id, fatal).run())
