"""``baqylau capacity``: how many sittings this machine carries."""

from pathlib import Path
from typing import Annotated

import typer

from exam_api.cli.terminal import JsonOut


def register(app: typer.Typer) -> None:
    app.command()(capacity)


def capacity(  # noqa: PLR0917 - typer's options
    sessions: Annotated[int, typer.Option(help="Students at once.", min=1, max=2000)],
    seconds: Annotated[int, typer.Option(help="Length of the measurement.", min=5, max=7200)] = 60,
    address: Annotated[
        str, typer.Option(help="A running test server; by default one is started for this.")
    ] = "",
    people: Annotated[
        Path | None,
        typer.Option(
            help="With --address: lines `login,password` of students who have an exam open now "
            "and of one of the testing centre. By default the demo's people."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Without --address: as `serve --workers`.", min=1, max=64),
    ] = None,
    json_out: JsonOut = False,
) -> None:
    """Let students publish camera and microphone, answer and reconnect; measure what it costs.

    The students are real WebRTC publishers that send media encoded beforehand. Never aim it at a
    server where an exam is held: it leaves sittings, answers and recordings there.
    """
    from exam_api.cli.capacity_run import run_capacity  # noqa: PLC0415 - seconds to import

    run_capacity(sessions, seconds, address, people, workers, json_out=json_out)
