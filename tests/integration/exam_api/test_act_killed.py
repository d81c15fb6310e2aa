"""kill -9 between any two steps of sending an act: afterwards one step, one mail to each."""

import asyncio
import subprocess
import sys
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from sqlalchemy import select

from exam_api.adapters.sql import tables

pytestmark = pytest.mark.integration
POINTS = 6  # of act_child.py


async def run(database, folder: Path, act_id: str, point: int) -> int:
    program = Path(__file__).with_name("act_child.py")
    url = database.engine.url.render_as_string(hide_password=False)
    arguments = [url, folder / "blobs", folder / "outbox", act_id, point]
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, program, *map(str, arguments)], timeout=120, check=False
    )
    return ran.returncode


async def test_a_killed_delivery_is_one_delivery(made_act, database, tmp_path) -> None:
    for point in range(1, POINTS + 1):
        assert await run(database, tmp_path, made_act.act_id, point) == -9
        await asyncio.sleep(1.1)  # the killed process's hold on a mail ends
    assert await run(database, tmp_path, made_act.act_id, 0) == 0
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
