"""The exam core as a server process for ``benchmarks.exam_load``: its cameras are always live.

``python -m benchmarks.exam_server URL STUDENTS`` seeds one exam with that many students, listens
on a free port of this machine and prints one JSON line about it. Recording is measured elsewhere
(``benchmarks.capture``); a publish token is spent here without any media.
"""

import asyncio
import json
import socket
import sys
import tempfile
from pathlib import Path

import uvicorn
import uvloop
from pwdlib.hashers.argon2 import Argon2Hasher

from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.clock import SystemClock
from exam_api.adapters.passwords import Argon2Passwords
from exam_api.adapters.sql.database import Database, open_database
from exam_api.domain.roles import Role
from exam_api.services.accounts import Accounts
from exam_api.services.ports import MediaState, PasswordHasher
from exam_api.services.seeding import DEMO_PASSWORD, SeedPerson, load_university, seed_demo
from exam_api.services.sittings import SittingDesk
from exam_api.services.testing import Testing
from exam_api.web.app import create_app
from exam_api.web.container import Core
from exam_api.web.logs import configure_logging


class AlwaysLive:
    def state(self, _sitting_id: str) -> MediaState:
        return MediaState(live=True, connected=True, seconds=1)

    async def end_sitting(self, _sitting_id: str) -> None:
        """Nothing publishes here."""

    async def end_views(self, _sitting_id: str) -> None:
        """Nobody watches here."""


def login_of(number: int) -> str:
    return f"load{number}"


async def seed_students(
    database: Database, passwords: PasswordHasher, exam_id: str, students: int
) -> None:
    password_hash = passwords.hash(DEMO_PASSWORD)
    group = load_university().groups[0].name
    async with database.write() as unit:
        for number in range(students):
            name = login_of(number)
            person = SeedPerson(name, name, "kk", (Role.STUDENT,), group)
            await unit.seeds.add_person(person, password_hash)
        ids = await unit.seeds.ids([login_of(number) for number in range(students)])
        await unit.seeds.enrol(exam_id, list(ids.values()), SystemClock().now())


async def serve(url: str, students: int) -> None:
    configure_logging()  # to stderr: the log costs what it costs in service
    clock, live = SystemClock(), AlwaysLive()
    # The cheapest hash: what a log-in costs on purpose is not what is measured.
    passwords = Argon2Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))
    database = await open_database(url, clock)
    exam_id = (await seed_demo(database, clock, passwords)).exam_id
    await seed_students(database, passwords, exam_id, students)
    core = Core(
        clock=clock,
        database=database,
        live=live,
        accounts=Accounts(database, clock, passwords),
        desk=SittingDesk(database, clock, live),
        testing=Testing(database, clock, live),
        blobs=LocalBlobs(Path(tempfile.gettempdir())),
    )
    app = create_app(core)

    async def publish(token: str) -> str:
        return (await core.desk.authorize_publish(token)).sitting_id

    app.add_api_route("/bench/publish", publish, methods=["POST"])
    listening = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"port": listening.getsockname()[1], "exam_id": exam_id}), flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    await uvicorn.Server(config).serve([listening])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as in service
        runner.run(serve(sys.argv[1], int(sys.argv[2])))
