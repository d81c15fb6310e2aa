"""A row that the database refuses stays out of the log: PostgreSQL's error holds all of it."""

import io
import json
import logging

import pytest
import structlog
from sqlalchemy import null, select, update
from sqlalchemy.exc import IntegrityError

from exam_api.adapters.sql.tables import User
from exam_api.web.container import Core
from exam_api.web.logs import configure_logging

pytestmark = pytest.mark.integration


@pytest.fixture
def written_logs():
    root = logging.getLogger()
    before, level = root.handlers, root.level
    written = io.StringIO()
    configure_logging()
    for handler in root.handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(written)
    yield written
    root.handlers = before
    root.setLevel(level)
    structlog.reset_defaults()


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
