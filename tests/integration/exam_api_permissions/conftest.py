"""One university for the permission table: what is student1's, and everybody's counterparts."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql import tables
from exam_api.adapters.sql.tables.base import Base
from exam_api.bootstrap import Container, build, container_of
from exam_api.domain.act_course import ActState
from exam_api.domain.appeals import AppealState
from exam_api.domain.ids import digest, new_id
from exam_api.domain.roles import Role
from exam_api.domain.states import SittingState
from exam_api.services.bank_pictures import picture_key
from exam_api.services.jobs import JobState
from exam_api.services.notices import mail_key
from exam_api.services.ports import NewSession
from exam_api.services.seeding import seed_demo
from exam_api.settings import Settings
from tests.patience import PATIENCE_S

_UNTIL: Final = datetime(2099, 1, 1, tzinfo=UTC)
_SIGNED = {"acts": "act_id", "check-lists": "list_id", "appeals": "decided_appeal_id"}
_PICTURE: Final = "0" * 32 + ".png"
_ACT: Final = {
    "number": "2026-0001", "revision": 1, "made_at": "2026-11-22T09:00:00+00:00",
    "discipline": {"kk": "X", "ru": "X", "en": "X"}, "exam_date": "2026-11-22",
    "started_at": "2026-11-22T08:00:00+00:00", "authors": ["X"],
    "student": dict.fromkeys(("full_name", "faculty", "programme", "course", "group"), "X"),
    "evidence": [], "recording_digest": "0" * 64, "recording_seconds": 9.0, "exam_seconds": 9.0,
    "recording_url": "http://exam.test/r", "verify_url": "http://exam.test/v", "gaps": [],
}  # fmt: skip
_EVIDENCE: Final = {
    "decision_id": "x", "item": None, "kind": "absence", "start_ms": 0, "end_ms": 900,
    "confidence": 0.9, "model": "x", "evidence_key": "x.jpg", "frame_at_ms": 0, "regions": [],
    "clip_key": "x.webm", "clip_sha256": "0" * 64, "clip_url": "x", "comment": "",
    "decided_by": "X", "decided_at": "2026-11-22T09:00:00+00:00",
}  # fmt: skip
# From another machine: this one itself may read the metrics.
_HEADERS: Final = {"X-Client-Id": "tab", "X-Forwarded-For": "192.0.2.9"}


@dataclass
class University:
    app: FastAPI
    container: Container
    database: Path
    before: sqlite3.Connection
    names: Mapping[str, str]
    users: Mapping[str, str]  # id by log-in
    http: httpx.AsyncClient
    cookies: Mapping[str, Mapping[str, str]]  # as headers: one client keeps none of its own

    def as_before(self) -> None:
        """The same data again, and nothing remembered of what was asked since."""
        with closing(sqlite3.connect(self.database)) as now:
            now.execute("PRAGMA synchronous = OFF")
            self.before.backup(now)
        for user_id in self.users.values():
            self.container.accounts.sessions_ended(user_id)
        self.container.desk.recent.drop([self.names["sitting_id"]])

    async def ask(
        self, person: str, method: str, path: str, *, hangs: bool, **more: Any
    ) -> httpx.Response | None:
        """None: the answer goes on and on."""
        self.http.cookies.clear()
        headers = {**_HEADERS, **more.pop("headers"), **self.cookies.get(person, {})}
        asking = self.http.request(method, path, headers=headers, **more)
        try:
            async with asyncio.timeout(0.3 if hangs else PATIENCE_S):
                return await asking
        except TimeoutError:
            assert hangs
            return None


def _cookie(login: str) -> str:
    return f"cookie-of-{login}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def university(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[University]:
    data = tmp_path_factory.mktemp("university")
    no_limits = {"rate_reads": 0, "rate_writes": 0, "rate_answers": 0, "rate_address": 0}
    app = await build(Settings(data_dir=data, act_second_review=True, **no_limits))
    container = container_of(app)
    names, users = await _made(container)
    with closing(sqlite3.connect(":memory:")) as before:
        with closing(sqlite3.connect(data / "app.db")) as made:
            made.backup(before)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://exam.test") as http:
            cookies = {login: {"Cookie": f"baqylau={_cookie(login)}"} for login in users}
            yield University(app, container, data / "app.db", before, names, users, http, cookies)
    await container.database.aclose()


async def _made(container: Container) -> tuple[dict[str, str], dict[str, str]]:
    report = await seed_demo(container.database, container.clock, container.accounts.hasher)
    now = container.clock.now()
    async with container.database.write() as unit:
        session = unit.session
        await _add_strangers(session)
        users = dict((await session.execute(select(tables.User.login, tables.User.id))).all())
        names = {
            "exam_id": report.exam_id,
            "owner": users["student1"],
            "user_id": users["student2"],
            "person_id": users["student2"],
            "student_id": users["student2"],
            "proctor_id": users["proctor2"],
            "dean": users["dean"],
            "loader": users["teacher"],
            "warning_id": new_id(),
            "resource_id": new_id(),
            "link_token": new_id(),
            "any_id": new_id(),
            "piece_id": "0" * 32,
            "name": _PICTURE,
            "digest_prefix": "0" * 16,
            "discipline": "Ақпараттық-коммуникациялық технологиялар",
        }
        names |= await _add_people_places(session, users)
        names |= await _add_sitting(session, report.exam_id, users, now)
        names |= await _add_evidence(session, names["sitting_id"], users, now)
        names |= await _add_bank(session, report.exam_id, users, now)
        names |= await _add_appeals(session, names, users, now)
        names |= await _add_check_list(session, names["sitting_id"], users, now)
        names |= await _add_signatures(session, names, users, now)
        names |= await _add_rest(session, users, now)
        for login, user_id in users.items():
            await unit.sessions.add(NewSession(digest(_cookie(login)), user_id, now, _UNTIL))
        second = NewSession(digest("the other computer"), users["student1"], now, _UNTIL)
        await unit.sessions.add(second)
        names["session_id"] = digest("the other computer")
    container.proctoring.console._thumbnails.keep(names["sitting_id"], 0, b"jpeg")
    signed = [f"{kind}/{names[name]}/signatures/{'0' * 64}.p7s" for kind, name in _SIGNED.items()]
    for key in ("x.jpg", "x.pdf", "x.webm", picture_key(_PICTURE), *signed):
        await container.blobs.put(key, b"x")
    return names, users


async def _add_signatures(
    session: AsyncSession, names: Mapping[str, str], users: Mapping[str, str], now: datetime
) -> dict[str, str]:
    """One beside a document of each kind."""
    made = {
        kind: tables.SignatureRow(
            id=new_id(), kind=kind, paper_id=names[name], revision=1, language="kk",
            document_sha256="0" * 64, sha256="0" * 64, subject="X", issuer="Y", problem="",
            attached_by=users["student1"], attached_at=now,
        )
        for kind, name in _SIGNED.items()
    }  # fmt: skip
    await _add(session, *made.values())
    return {f"signature of {kind}": row.id for kind, row in made.items()}


async def _add_strangers(session: AsyncSession) -> None:
    """Everybody's counterpart elsewhere; and all read Kazakh, so that ``tells`` finds its words."""
    faculty = tables.Faculty(id=new_id(), name_kk="Ф", name_ru="Ф", name_en="F")
    await _add(session, faculty)
    department = tables.Department(
        id=new_id(), faculty_id=faculty.id, name_kk="К", name_ru="К", name_en="D"
    )
    await _add(session, department)
    strangers = {
        "student9": Role.STUDENT,
        "proctor9": Role.PROCTOR,
        "member2": Role.MEMBER,
        "dean2": Role.DEAN_OFFICE,
        "teacher2": Role.TEACHER,
        "head2": Role.DEPARTMENT_HEAD,
        "appeals2": Role.APPEAL_COMMISSION,
        "commission9": Role.COMMISSION,
    }
    for login, role in strangers.items():
        user = tables.User(
            id=new_id(), login=login, password_hash="", full_name=login, language="kk",
            roles=[role.value], faculty_id=faculty.id, department_id=department.id,
        )  # fmt: skip
        await _add(session, user)
    await session.execute(update(tables.User).values(language="kk"))
    mailed = update(tables.User).where(tables.User.login == "student1")
    await session.execute(mailed.values(email="student1@example.edu"))


async def _add(session: AsyncSession, *added: Base) -> None:
    session.add_all(added)
    await session.flush()


async def _add_people_places(session: AsyncSession, users: Mapping[str, str]) -> dict[str, str]:
    faculty = select(tables.User.faculty_id).where(tables.User.id == users["dean"])
    return {
        "faculty": await session.scalar(faculty),
        "group": await session.scalar(select(tables.StudyGroup.id)),
    }


async def _add_sitting(
    session: AsyncSession, exam_id: str, users: Mapping[str, str], now: datetime
) -> dict[str, str]:
    """proctor1 has student1 and answers to member; proctor2 has student2 and answers to member2."""
    for proctor, member, student in (
        ("proctor1", "member", "student1"),
        ("proctor2", "member2", "student2"),
    ):
        await session.execute(
            update(tables.ExamProctor)
            .where(tables.ExamProctor.proctor_id == users[proctor])
            .values(member_id=users[member])
        )
        await session.execute(
            update(tables.Sitting)
            .where(tables.Sitting.student_id == users[student])
            .values(proctor_id=users[proctor], state=SittingState.CHECKING.value, origin=now)
        )
    await _add(session, tables.ExamMember(exam_id=exam_id, member_id=users["member2"]))
    own = select(tables.Sitting.id).where(tables.Sitting.student_id == users["student1"])
    other = tables.Sitting.student_id == users["student2"]
    waiting = update(tables.Sitting).where(other)
    await session.execute(waiting.values(state=SittingState.WAITING.value, ready_at=now))
    return {
        "sitting_id": await session.scalar(own),
        "waiting_id": await session.scalar(select(tables.Sitting.id).where(other)),
    }


async def _add_evidence(
    session: AsyncSession, sitting_id: str, users: Mapping[str, str], now: datetime
) -> dict[str, str]:
    flag = tables.FlagRow(
        id=new_id(), sitting_id=sitting_id, kind="absence", severity="alert", start_ms=0,
        end_ms=900, confidence=0.9, models=[], thresholds={}, scores=[], boxes=[], opened_at=now,
        evidence_key="x.jpg", before=[{"at_ms": 0, "key": "x.jpg"}],
    )  # fmt: skip
    act = tables.ActRow(
        id=new_id(), sitting_id=sitting_id, form=1, number="2026-0001", year=2026, seq=1,
        revision=1, made_at=now, made_by=users["proctor1"], document_sha256={},
        blobs=dict.fromkeys(("kk", "ru", "en"), "x.pdf"),
        document={**_ACT, "evidence": [{**_EVIDENCE, "flag_id": flag.id}]},
    )  # fmt: skip
    course = tables.ActCourseRow(
        id=new_id(), year=2026, form=1, seq=1, sitting_id=sitting_id, act_id=act.id,
        state=ActState.OPENED.value, since=now, due_at=_UNTIL,
    )  # fmt: skip
    photo = tables.IdentityPhoto(sitting_id=sitting_id, kind="face", key="x.jpg", taken_at=now)
    asked = tables.SittingLogRow(
        id=new_id(), sitting_id=sitting_id, kind="time_asked", at=now,
        by_user=users["student1"], text="x",
    )  # fmt: skip
    item_id = await session.scalar(select(tables.Item.id).order_by(tables.Item.id).limit(1))
    one = {"item": item_id, "kind": "single", "choices": [], "targets": [], "fixed": False}
    sitting = update(tables.Sitting).where(tables.Sitting.id == sitting_id)
    await session.execute(sitting.values(item_order={"seed": 1, "items": [one]}))
    doubted = tables.QuestionAppealRow(sitting_id=sitting_id, item_id=item_id, text="", at=now)
    await _add(session, flag, act)
    erasure = tables.ErasureRow(
        id=new_id(), year=2026, seq=1, sitting_id=sitting_id, exam={"kk": "X"}, keys=[],
        what="identity_photo", files=[{"sha256": "0" * 64, "size_bytes": 1}],
        rule="keeping_time", kept_days=180, began_at=now, ended_at=now,
    )  # fmt: skip
    await _add(session, course, photo, asked, doubted, erasure)
    return {"flag_id": flag.id, "act_id": act.id, "erasure_id": erasure.id}


async def _add_bank(
    session: AsyncSession, exam_id: str, users: Mapping[str, str], now: datetime
) -> dict[str, str]:
    discipline_id = await session.scalar(
        select(tables.Exam.discipline_id).where(tables.Exam.id == exam_id)
    )
    item = await session.scalar(select(tables.Item).order_by(tables.Item.id).limit(1))
    item.body = {**item.body, "stem": {"kk": f"![x]({_PICTURE})"}}
    one = {"place": "1", "dropped": [], "kind": item.kind, "topic": "", "difficulty": 2}
    test = tables.LoadedTestRow(
        id=new_id(), discipline_id=discipline_id, discipline_code="X", name="Y", control="exam",
        languages="kk", questions=25, shares=[], state="loaded", loaded_by=users["teacher"],
        loaded_at=now, remark="",
    )  # fmt: skip
    read = tables.ItemImportRow(
        id=new_id(), discipline_id=discipline_id, by_user=users["teacher"], at=now,
        file_name="x", items=[{**one, "body": item.body, "key": item.key}], refused=[],
    )  # fmt: skip
    await _add(session, test, read)
    return {
        "discipline_id": discipline_id,
        "item_id": item.id,
        "test_id": test.id,
        "import_id": read.id,
    }


async def _add_appeals(
    session: AsyncSession, names: Mapping[str, str], users: Mapping[str, str], now: datetime
) -> dict[str, str]:
    """One that waits for the second vote, and one on an older exam that is decided."""
    commission = tables.AppealCommission(
        id=new_id(), order_number="1", order_date=date(2026, 11, 1), chair_id=users["appeals"],
        created_at=now, created_by=users["registrar"], protocols=1,
    )  # fmt: skip
    old_exam = tables.Exam(
        id=new_id(), discipline_id=names["discipline_id"], opens_at=now - timedelta(days=9),
        closes_at=now - timedelta(days=8), policy={},
    )  # fmt: skip
    await _add(session, commission, old_exam)
    old = tables.Sitting(
        id=new_id(), exam_id=old_exam.id, student_id=users["student1"], created_at=now,
        state=SittingState.SUBMITTED.value, began_at=now, finished_at=now,
        item_order={"seed": 1, "items": []}, score_hundredths=0, total=25, points=0, letter="F",
    )  # fmt: skip
    member = tables.AppealCommissionMember(commission_id=commission.id, member_id=users["appeals"])
    await _add(session, old, member)
    shared = {
        "commission_id": commission.id, "grounds": "x", "lodged_at": now, "reasons": "",
        "visa_by": users["registrar"], "visa_at": now, "visa_note": "", "due_on": now.date(),
    }  # fmt: skip
    open_one = tables.AppealRow(
        id=new_id(), sitting_id=names["sitting_id"], state=AppealState.VISAED.value, **shared
    )
    decided = tables.AppealRow(
        id=new_id(), sitting_id=old.id, state=AppealState.REJECTED.value, protocol=1,
        decided_at=now, points_before=0, points_after=0, **shared,
    )  # fmt: skip
    await _add(session, open_one, decided)
    names_of_second = await _add_second_review(session, old.id, users, now)
    vote = tables.AppealVoteRow(
        appeal_id=open_one.id, member_id=users["appeals"], uphold=True, note="жасырын дауыс", at=now
    )
    await _add(session, vote)
    return {"appeal_id": open_one.id, "decided_appeal_id": decided.id, **names_of_second}


async def _add_second_review(
    session: AsyncSession, sitting_id: str, users: Mapping[str, str], now: datetime
) -> dict[str, str]:
    """An act of the older exam that waits for somebody who has not seen it."""
    flag = tables.FlagRow(
        id=new_id(), sitting_id=sitting_id, kind="absence", severity="alert", start_ms=0,
        end_ms=900, confidence=0.9, models=[], thresholds={}, scores=[], boxes=[], opened_at=now,
        evidence_key="x.jpg",
    )  # fmt: skip
    act = tables.ActRow(
        id=new_id(), sitting_id=sitting_id, form=1, number="2026-0002", year=2026, seq=2,
        revision=1, made_at=now, made_by=users["proctor1"], document_sha256={},
        blobs=dict.fromkeys(("kk", "ru", "en"), "x.pdf"),
        document={**_ACT, "evidence": [{**_EVIDENCE, "flag_id": flag.id}]},
    )  # fmt: skip
    await _add(session, flag, act)
    decision = tables.DecisionRow(
        id=new_id(), flag_id=flag.id, verdict="confirmed", comment="", at=now,
        by_user=users["proctor1"],
    )  # fmt: skip
    await _add(session, decision)
    return {"second_act_id": act.id, "second_flag_id": flag.id}


async def _add_check_list(
    session: AsyncSession, sitting_id: str, users: Mapping[str, str], now: datetime
) -> dict[str, str]:
    sent = tables.CheckListRow(
        id=new_id(), member_id=users["member"], proctor_id=users["proctor1"], state="sent",
        made_at=now,
    )  # fmt: skip
    await _add(session, sent)
    await _add(session, tables.CheckListSitting(sitting_id=sitting_id, list_id=sent.id))
    return {"list_id": sent.id, "member_id": users["member"]}


async def _add_rest(
    session: AsyncSession, users: Mapping[str, str], now: datetime
) -> dict[str, str]:
    notice = tables.NoticeRow(
        id=new_id(), kind="appeal", once_key="x", at=now, link="/grades", facts={}
    )
    period = tables.ExamPeriod(
        id=new_id(), title="Күзгі", starts_on=date(2026, 11, 1), ends_on=date(2026, 12, 1),
        summer=False,
    )  # fmt: skip
    client = tables.ApiClientRow(
        id=new_id(), name="x", token_hash="0" * 64, created_at=now, created_by=users["admin"]
    )
    room = tables.Room(id=new_id(), name="А-1", seats=9)
    await _add(session, notice, period, client, room)
    reader = tables.NoticeReader(notice_id=notice.id, user_id=users["student1"])
    mail = tables.JobRow(
        key=mail_key(notice.id, users["student1"]), kind="mail", payload={}, attempts=1, done=0,
        state=JobState.FAILED.value, total=0, due_at=now, created_at=now, error="x",
    )  # fmt: skip
    await _add(session, reader, mail)
    made = {"notice_id": notice.id, "period_id": period.id, "client_id": client.id}
    return {**made, "room_id": room.id}
