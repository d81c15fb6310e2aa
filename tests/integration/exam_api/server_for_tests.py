"""A real server process with its camera always live: python server_for_tests.py URL SOCKET."""

import asyncio
import sys
import tempfile
from pathlib import Path

import uvicorn
from pwdlib.hashers.argon2 import Argon2Hasher

from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.clock import SystemClock
from exam_api.adapters.passwords import Argon2Passwords
from exam_api.adapters.sql.database import open_database
from exam_api.services.accounts import Accounts
from exam_api.services.ports import MediaState
from exam_api.services.seeding import seed_demo
from exam_api.services.sittings import SittingDesk
from exam_api.services.testing import Testing
from exam_api.web.app import create_app
from exam_api.web.container import Core


class AlwaysLive:
    def state(self, _sitting_id: str) -> MediaState:
        return MediaState(live=True, connected=True, seconds=1)

    async def end_sitting(self, _sitting_id: str) -> None:
        """Nothing publishes here."""

    async def end_views(self, _sitting_id: str) -> None:
        """Nobody watches here."""


async def main(url: str, socket: str) -> None:
    clock, live = SystemClock(), AlwaysLive()
    passwords = Argon2Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))
    database = await open_database(url, clock)
    await seed_demo(database, clock, passwords)
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

    app.add_api_route("/test/publish", publish, methods=["POST"])
    config = uvicorn.Config(app, uds=socket, log_level="warning", access_log=False)
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
