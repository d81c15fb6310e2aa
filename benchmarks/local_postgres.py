"""A PostgreSQL cluster of this machine for the length of a benchmark, as durable as in service."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg


def programs() -> Path | None:
    """The folder of initdb and postgres, newest version first; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = [Path(path) for path in (shutil.which("initdb"),) if path]
    return next((program.parent for program in (*found, *on_path)), None)


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The address of its database, on a Unix socket. fsync stays on."""
    who = _account()
    # A socket's path must be short, and open to the account that runs the server.
    home = Path(tempfile.mkdtemp(prefix="baqylau-pg-"))
    if who:
        os.chown(home, int(who["user"]), int(who["group"]))
    data = home / "data"
    init: list[str | Path] = [folder / "initdb", "-D", data, "--auth=trust", "--username=baqylau"]
    quiet = subprocess.DEVNULL
    try:
        subprocess.run([*init, "--encoding=UTF8", "--locale=C"], check=True, stdout=quiet, **who)
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={home}"]
        server = subprocess.Popen(
            [folder / "postgres", "-D", data, *options], stdout=quiet, stderr=quiet, **who
        )
        try:
            yield _ready(f"postgresql://baqylau@/postgres?host={home}", server)
        finally:
            server.terminate()
            server.wait(20)
    finally:
        shutil.rmtree(home)


def _account() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then its own account runs it."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": "/"}


def _ready(url: str, server: "subprocess.Popen[bytes]") -> str:
    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return url
