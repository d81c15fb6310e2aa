"""Makes an act in a process of its own, that kills itself (-9) at a chosen step.

``how``: "flags" confirms a flag and settles the sitting; "1", "2" and "3" draw up that form, always
under the same id, as a page that asks again does; "restart" does what a server does at its start.
"""

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from acts.contracts import Form1Item
from acts.forms import render_form
from acts.seal import SealKey, seal
from analysis.contracts import Flag, FlagKind, Severity
from capture.contracts import Recording, TrackKind
from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.clock import SystemClock
from exam_api.adapters.sql import tables
from exam_api.adapters.sql.act_store import SqlActStore
from exam_api.adapters.sql.database import Database
from exam_api.adapters.sql.proctoring_store import SqlProctoringStore
from exam_api.domain.act_course import ActPolicy
from exam_api.domain.states import SittingState
from exam_api.services.act_documents import Place
from exam_api.services.act_finishing import Finishing
from exam_api.services.acts import Acts
from exam_api.services.drawn_acts import DrawnActs
from exam_api.services.drawn_documents import (
    Breach,
    BreachOrder,
    Capacity,
    Order,
    OutsiderOrder,
    RefusalOrder,
    Signatory,
)
from exam_api.services.proctoring_ports import Verdict
from exam_api.services.reviewing import Reviewing

_SECOND = 1000
_EXAM = select(tables.Exam.id)
_PLACE = Place("https://exam.example", ZoneInfo("Asia/Almaty"))
_NUMBER = "{year}-{seq:04d}"
_PEOPLE = tuple(
    Signatory(f"Куәгер {role}", role)
    for role in (Capacity.PROCTOR, Capacity.TESTING_CENTRE, Capacity.DEAN_OFFICE)
)
_SEEN = Breach(Form1Item.PHONE, datetime(2026, 11, 22, 4, 10, tzinfo=UTC), "телефон")
_ORDERS = {"1": BreachOrder(_PEOPLE, (_SEEN,)), "3": OutsiderOrder(_PEOPLE, "Белгісіз")}
# Of the acts that are drawn, and of the one that form 2 is about.
_IDS = {form: f"{form * 8}-0000-7000-8000-000000000000" for form in ("1", "2", "3")}


class Fate:
    def __init__(self, step: str) -> None:
        self._step = step

    def at(self, step: str) -> None:
        if step == self._step:
            os.kill(os.getpid(), signal.SIGKILL)


class Clips:
    def recording(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> Recording:
        return Recording(sitting_id, (), digest="b" * 64)

    def recorded_until(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> int:
        return 0

    async def clip(self, sitting_id: str, at_ms: int, *_: int) -> bytes:
        return b"webm"


class FatalBlobs(LocalBlobs):
    def __init__(self, root: Path, fate: Fate) -> None:
        super().__init__(root)
        self._fate = fate

    async def put(self, key: str, data: bytes) -> None:
        await super().put(key, data)
        if key.startswith("clips/"):
            self._fate.at("clip cut")
        if key.startswith("acts/"):
            self._fate.at(f"{key.rsplit('/', maxsplit=1)[-1][:2]} stored")


class FatalStore(SqlActStore):
    fate: Fate

    async def draw_number(self, year: int, form: int) -> int:
        number = await super().draw_number(year, form)
        self.fate.at("number drawn")
        return number

    async def add_act(self, act) -> None:
        await super().add_act(act)
        self.fate.at("act added")

    async def complete_act(self, act_id, files, digests) -> None:
        await super().complete_act(act_id, files, digests)
        self.fate.at("completed")


class Machine:
    def __init__(self, url: str, folder: Path, step: str) -> None:
        self.fate = Fate(step)
        self.clock = SystemClock()
        self.database = Database(url, self.clock)
        self.blobs = FatalBlobs(folder / "blobs", self.fate)
        self.key = SealKey.load_or_create(folder / "seal.pem")
        self.writes = 0

    @asynccontextmanager
    async def read(self):
        async with self.database.read() as unit:
            yield SqlActStore(unit, self.clock)

    @asynccontextmanager
    async def write(self):
        async with self.database.write() as unit:
            store = FatalStore(unit, self.clock)
            store.fate = self.fate
            yield store
        self.writes += 1
        self.fate.at({1: "row committed", 2: "all committed"}[self.writes])

    def render(self, document, language) -> bytes:
        sealed = seal(render_form(document, language), self.key, document.made_at)
        self.fate.at(f"{language} rendered")
        return sealed

    def acts(self) -> Acts:
        return Acts(
            self.read,
            self.write,
            Clips(),
            self.blobs,
            self.clock,
            place=_PLACE,
            number_format=_NUMBER,
            render=self.render,
            render_form4=lambda _: b"",
        )

    def drawn(self) -> DrawnActs:
        return DrawnActs(
            self.read,
            self.write,
            self.blobs,
            self.clock,
            Finishing(self.write, self.blobs, self.render),
            recordings=Clips(),
            place=_PLACE,
            number_format=_NUMBER,
            preview=self.render,
            policy=ActPolicy(),
        )

    async def draw(self, form: str) -> None:
        """By the proctor of student1's sitting; form 2 refuses an act that stands already."""
        async with self.database.read() as unit:
            student = (await unit.people.credentials("student1")).actor
            proctor = (await unit.people.credentials("proctor1")).actor
            exam_id = (await unit.session.execute(_EXAM)).scalar_one()
            sitting = await unit.sittings.of_student(exam_id, student.id)
        await self.drawn().make(proctor, sitting.id, _IDS[form], self.order(form))

    def order(self, form: str) -> Order:
        if form == "2":
            return RefusalOrder(_PEOPLE[0], _PEOPLE[1:], _IDS["1"])
        return _ORDERS[form]

    async def confirm(self) -> str:
        """A flag of student1's sitting that the proctor has confirmed."""
        async with self.database.read() as unit:
            student = (await unit.people.credentials("student1")).actor
            proctor = (await unit.people.credentials("proctor1")).actor
        async with self.database.write() as unit:
            exam_id = (await unit.session.execute(_EXAM)).scalar_one()
            sitting = await unit.sittings.of_student(exam_id, student.id)
            origin = self.clock.now() - timedelta(minutes=2)
            begun = {"origin": origin, "began_at": origin, "state": SittingState.IN_PROGRESS}
            begun["deadline_at"] = origin + timedelta(hours=1)
            await unit.sittings.save(replace(sitting, **begun))
        flag = Flag(
            FlagKind.ABSENCE, Severity.ALERT, 9 * _SECOND, 12 * _SECOND, 0.9, (), {}, (), None
        )
        async with self.database.write() as unit:
            stored, _ = await SqlProctoringStore(unit, self.clock).save_flag(sitting.id, flag, None)
        deciding = Reviewing(self.read, self._deciding, Clips(), self.blobs, self.clock)
        await deciding.decide(proctor, stored.id, Verdict.CONFIRMED, "seen")
        return sitting.id

    @asynccontextmanager
    async def _deciding(self):
        async with self.database.write() as unit:
            yield SqlActStore(unit, self.clock)


async def main(url: str, folder: Path, how: str, step: str) -> None:
    machine = Machine(url, folder, step)
    acts = machine.acts()
    if how == "flags":
        await acts.settle(await machine.confirm())
    elif how == "restart":
        await acts.settle_all()
        await machine.drawn().finish_all()
    else:
        await machine.draw(how)
    await machine.database.aclose()


def run(url: str, folder: Path, how: str, step: str) -> None:
    asyncio.run(main(url, folder, how, step))
