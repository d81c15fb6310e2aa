"""kill -9 between any two steps of sending an act: afterwards one step, one mail to each."""

import asyncio
import signal
from email import policy
from email.parser import BytesParser

import pytest
from sqlalchemy import select

from exam_api.adapters.sql import tables
from tests.integration.exam_api import act_child

pytestmark = pytest.mark.integration
FATAL = range(1, 7)  # of act_child.py
SENDING = 5  # from here on the process holds a mail


async def test_a_killed_delivery_is_one_delivery(made_act, database, tmp_path, processes) -> None:
    url = database.engine.url.render_as_string(hide_password=False)

    async def run(fatal: int) -> int | None:
        given = (url, tmp_path, made_act.act_id, fatal)
        child = processes.Process(target=act_child.run, args=given)
        child.start()
        await asyncio.to_thread(child.join, 120)
        return child.exitcode

    for fatal in FATAL:
        assert await run(fatal) == -signal.SIGKILL
        if fatal >= SENDING:
            await asyncio.sleep(1.1)  # its hold on the mail ends
    assert await run(0) == 0
    async with database.read() as unit:
        steps = await unit.session.scalars(
            select(tables.ActStepRow.step).order_by(tables.ActStepRow.id)
        )
        assert steps.all() == ["forward", "deliver"]
        states = await unit.session.scalars(
            select(tables.JobRow.state).where(tables.JobRow.kind == "mail")
        )
        assert set(states.all()) == {"done"}
    mails = [
        BytesParser(policy=policy.default).parsebytes(file.read_bytes())
        for file in (tmp_path / "outbox").glob("*.eml")
    ]
    acts = [mail for mail in mails if mail.get_content_type() == "multipart/mixed"]
    assert sorted(str(mail["To"]).partition("@")[0] for mail in acts) == [
        "dean",
        "registrar",
        "student1",
    ]
    assert len({str(mail["Message-ID"]) for mail in acts}) == len(acts)
    assert list((tmp_path / "outbox").glob("*.part")) == []
