"""Runs the demo's server, or the production one."""

import logging
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from exam_api.adapters.clock import SystemClock
from exam_api.adapters.passwords import Argon2Passwords
from exam_api.adapters.sql.database import open_database
from exam_api.cli.configuration import read_settings
from exam_api.cli.demo_items import add_every_kind
from exam_api.cli.model_files import fetch_first
from exam_api.cli.server import listen, only_server, run, serve_until_stopped
from exam_api.cli.terminal import language, say, text
from exam_api.services.seeding import SeedPerson, SeedReport, load_university, seed_demo
from exam_api.settings import Settings
from exam_api.web.logs import configure_logging
from models.choice import choose_objects
from models.registry import registry

# What the demo makes in its folder: --fresh removes these and nothing else.
_DATABASE: Final = ("app.db", "app.db-wal", "app.db-shm")
_MADE: Final = (*_DATABASE, "recordings", "exports", "blobs", "outbox", "seal.pem")


def run_demo(data: Path, port: int, *, fresh: bool, choices_only: bool = False) -> None:
    """Until Ctrl-C, which is the way to end it and no failure."""
    settings = read_settings(
        data_dir=data,
        host="127.0.0.1",
        port=port,
        database_url="",
        public_url="",
        secure_cookies=False,
        workers=1,
    )
    configure_logging(logging.ERROR)
    with listen(settings.host, port) as listener, only_server(data), suppress(KeyboardInterrupt):
        if fresh:
            _forget(data)
        fetch_first(settings)
        bound = settings.model_copy(update={"port": listener.getsockname()[1]})
        run(_demo(bound, listener, choices_only=choices_only))


def run_server(workers: int | None) -> None:
    settings = read_settings(workers=workers)
    configure_logging(logging.getLevelNamesMapping()[settings.log_level.upper()])
    with listen(settings.host, settings.port) as listener, only_server(settings.data_dir):
        fetch_first(settings)
        bound = settings.model_copy(update={"port": listener.getsockname()[1]})
        run(serve_until_stopped(bound, listener, lambda: say(bound.address)))


async def seed(settings: Settings) -> SeedReport:
    """Migrates; what is there already stays. DatabaseUnreadable, StorageFull."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    clock = SystemClock()
    database = await open_database(settings.database, clock)
    try:
        return await seed_demo(database, clock, Argon2Passwords())
    finally:
        await database.aclose()


async def _demo(settings: Settings, listener: socket.socket, *, choices_only: bool) -> None:
    report = await seed(settings)
    if not choices_only:
        await add_every_kind(settings)
    await serve_until_stopped(settings, listener, lambda: _announce(settings, report))


def _announce(settings: Settings, report: SeedReport) -> None:
    until = report.closes_at.astimezone().strftime("%d.%m.%Y %H:%M")
    say(text("demo.ready", address=settings.address))
    say()
    for line in _table(report.people):
        say("  " + line)
    say()
    say(text("demo.password", password=report.password))
    say(text("demo.exam", title=load_university().title[language()], until=until))
    choice = choose_objects(registry(settings.data_dir, settings.models_dir))
    if choice.better is not None:
        key = "model.better" if choice.watching else "demo.model_off"
        say(text(key, name=choice.better.name))
    if settings.seal_pkcs12 is None:
        say(text("demo.seal"))
    say(text("demo.kept", path=settings.data_dir))


def _table(people: Sequence[SeedPerson]) -> Iterator[str]:
    """Log-in, role and person in columns as wide as their longest entry."""
    rows = [(text("demo.login"), text("demo.role"), text("demo.person"))]
    rows += [
        (person.login, ", ".join(text(f"role.{role}") for role in person.roles), person.full_name)
        for person in people
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for login, role, name in rows:
        yield f"{login:<{widths[0]}}  {role:<{widths[1]}}  {name}"


def _forget(data: Path) -> None:
    for name in _MADE:
        path = data / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
