"""Serving the application: the socket first, so that a taken port is told before anything else."""

import asyncio
import errno
import fcntl
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

import uvicorn
import uvloop

from exam_api.adapters.workers.child import IN_USE
from exam_api.bootstrap import Container, build, container_of
from exam_api.cli.terminal import Failure, writable_folder
from exam_api.settings import Settings

_GOODBYE_S = 10
_WORKERS_END_S = 30.0
# Longer than a proxy (60 s is usual) keeps its own side: whoever closes first while the other
# sends loses a request, and a student's next answer comes seconds after the last.
_KEEP_ALIVE_S = 75
_LOOK_S = 0.1
Result = TypeVar("Result")


class ExamServer(uvicorn.Server):
    """Ends the live streams before it waits for open connections to end by themselves."""

    def __init__(self, config: uvicorn.Config, container: Container) -> None:
        super().__init__(config)
        self.container = container
        self.on_ready: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.on_ready is not None:
            self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.container.hub.close()
        await super().shutdown(sockets)

    def require_started(self) -> None:
        """Raises what kept the server from starting."""
        if not self.started:
            raise self.container.start_error or Failure("start_failed", why="-")


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Failure("port_taken", port=port) from error
        raise Failure("cannot_listen", host=host, port=port, why=error.strerror) from error


@contextmanager
def only_server(data_dir: Path) -> Iterator[None]:
    """One server at a time per data folder: two would repair each other's open segments."""
    writable_folder(data_dir)
    with (data_dir / "server.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Failure("data_in_use", path=data_dir) from error
        _await_workers(data_dir)
        yield


def _await_workers(data_dir: Path) -> None:
    """Workers of a server that was killed close their recordings first."""
    deadline = time.monotonic() + _WORKERS_END_S
    with (data_dir / IN_USE).open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise Failure("data_in_use", path=data_dir) from error
                time.sleep(_LOOK_S)
            else:
                return


@asynccontextmanager
async def serving(settings: Settings, listener: socket.socket) -> AsyncIterator[Container]:
    """The server, answering while the block runs; stopped in order after it."""
    server = await _server(settings)
    running = asyncio.create_task(server.serve(sockets=[listener]), name="server")
    try:
        answering = asyncio.Event()
        server.on_ready = answering.set
        first = asyncio.create_task(answering.wait())
        await asyncio.wait({running, first}, return_when=asyncio.FIRST_COMPLETED)
        first.cancel()
        server.require_started()
        yield server.container
    finally:
        server.should_exit = True
        await running


async def serve_until_stopped(
    settings: Settings, listener: socket.socket, ready: Callable[[], None]
) -> None:
    """Until SIGINT or SIGTERM. ``ready`` is called once requests are answered."""
    server = await _server(settings)
    server.on_ready = ready
    await server.serve(sockets=[listener])
    server.require_started()


async def _server(settings: Settings) -> ExamServer:
    app = await build(settings)
    return ExamServer(_config(app), container_of(app))


def _config(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type] # an ASGI application
        lifespan="on",
        log_config=None,  # logs.configure_logging has the say
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GOODBYE_S,
        timeout_keep_alive=_KEEP_ALIVE_S,
    )


def run(main: Coroutine[object, object, Result]) -> Result:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
