"""A row that the database refuses stays out of the log: PostgreSQL's error holds all of it."""

import json
import logging

import pytest
from sqlalchemy import null, select, update
from sqlalchemy.exc import IntegrityError

from exam_api.adapters.sql.tables import User
from exam_api.web.container import Core

pytestmark = pytest.mark.integration


async def test_a_refused_row_is_not_logged(*, written_logs, core: Core) -> None:
    with pytest.raises(IntegrityError):
        await _refused(core)
    written = written_logs.getvalue()
    told = [json.loads(line) for line in written.splitlines()]
    (said,) = (one["exception"] for one in told if one["event"] == "unexpected_error")
    assert "password_hash" in said  # which rule it broke is told
    assert "Traceback" in said
    assert "Ospanova" not in written
    assert "Madina" not in written


async def _refused(core: Core) -> None:
    async with core.database.write() as unit:
        someone = (await unit.session.scalars(select(User).limit(1))).one()
        someone.full_name = "Ospanova\nMadina"
        await unit.session.flush()
        wrong = update(User).where(User.id == someone.id).values(password_hash=null())
        try:
            await unit.session.execute(wrong)
        except IntegrityError:
            logging.getLogger("exam_api").exception("unexpected_error")
            raise
