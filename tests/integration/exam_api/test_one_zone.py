"""One time zone, the setting's: on pages, in forms, in mails and in documents."""

import re
import subprocess
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from exam_api.adapters.sql import tables
from exam_api.bootstrap import build, container_of
from exam_api.domain.ids import new_id
from exam_api.domain.notices import NewNotice, NoticeKind
from exam_api.services.seeding import DEMO_PASSWORD, seed_demo
from exam_api.settings import Settings

pytestmark = pytest.mark.integration

# Half past one on the fifth in Tokyo is the evening of the fourth in Almaty, and in UTC.
TYPED = {"opens_at": "2027-03-05T01:30", "closes_at": "2027-03-05T05:00"}
OPENS_AT = datetime(2027, 3, 4, 16, 30, tzinfo=UTC)


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FastAPI]:
    made = await build(Settings(data_dir=tmp_path, time_zone="Asia/Tokyo"))
    container = container_of(made)
    await seed_demo(container.database, container.clock, container.accounts.hasher)
    yield made
    await container.database.aclose()


async def signed_in(app: FastAPI, login: str) -> httpx.AsyncClient:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exam.test")
    given = {"login": login, "password": DEMO_PASSWORD}
    assert (await http.post("/api/v1/session", json=given)).status_code == 200
    http.cookies.set("lang", "en")
    return http


async def exam_by_form(app: FastAPI, planner: httpx.AsyncClient) -> str:
    database = container_of(app).database
    async with database.read() as unit:
        discipline = await unit.session.scalar(select(tables.Exam.discipline_id))
    given = {"discipline": discipline, "languages": "kk", "policy.duration_min": "40", **TYPED}
    made = await planner.post("/schedule/exams/new", data=given)
    assert made.status_code == 303
    exam_id = made.headers["location"].rpartition("/")[2]
    async with database.read() as unit:
        assert (await unit.session.get_one(tables.Exam, exam_id)).opens_at == OPENS_AT
    return exam_id


async def mail_about(app: FastAPI, exam_id: str) -> str:
    container = container_of(app)
    async with container.database.write() as unit:
        reader = await unit.session.scalar(
            select(tables.User).where(tables.User.login == "registrar")
        )
        reader.email = "registrar@university.test"
        notice = NewNotice(NoticeKind.OVERRAN, new_id(), "/overview", exam_id=exam_id)
        await unit.notices.add(notice, people=[reader.id])
    async with container.database.write() as unit:
        row = await unit.session.scalar(select(tables.NoticeRow))
        row.at = OPENS_AT
        notice_id, user_id = row.id, reader.id
    admin = await signed_in(app, "admin")
    answer = await admin.get(f"/mail/{notice_id}/{user_id}.eml")
    assert answer.status_code == 200
    return message_from_bytes(answer.content, policy=policy.default).get_content()


def words_in(pdf: bytes) -> str:
    told = ["pdftotext", "-layout", "-", "-"]
    return subprocess.run(told, input=pdf, capture_output=True, check=True).stdout.decode()


async def test_a_zone_that_is_not_the_default(app: FastAPI, require: Callable[[str], None]) -> None:
    require("pdftotext")
    planner = await signed_in(app, "testing")
    exam_id = await exam_by_form(app, planner)
    form = (await planner.get(f"/schedule/exams/{exam_id}/edit")).text
    assert all(f'value="{typed}"' in form for typed in TYPED.values())
    assert 'data-zone="Asia/Tokyo" data-utc-offset="540"' in form
    page = (await planner.get(f"/schedule/exams/{exam_id}")).text
    assert "5 Mar 2027, 01:30" in page
    assert "4 Mar 2027" not in page
    week = (await planner.get("/schedule?week=2027-03-01")).text
    assert re.search(r'<span class="num">5</span>\s*<ul><li><a [^>]*>01:30–05:00', week)
    assert "5 нау. 2027, 01:30" in await mail_about(app, exam_id)
    registrar = await signed_in(app, "registrar")
    pdf = await registrar.get(f"/api/v1/exams/{exam_id}/statement.pdf?lang=en")
    assert pdf.status_code == 200
    text = words_in(pdf.content)
    assert "05.03.2027" in text
    assert "04.03.2027" not in text


@pytest.mark.parametrize(
    ("day", "hour"), [("2024-02-29", 18), ("2024-03-01", 17), ("2026-11-22", 17)]
)
def test_kazakhstan_has_one_zone_since_march_2024(day: str, hour: int) -> None:
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    assert at.astimezone(Settings().zone).hour == hour
