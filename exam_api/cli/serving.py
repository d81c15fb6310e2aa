"""``baqylau demo`` and ``baqylau serve``."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command()(demo)
    app.command()(serve)


def demo(
    port: Annotated[int, typer.Option(help="TCP port on this machine.", min=0, max=65535)] = 8000,
    data: Annotated[Path, typer.Option(help="Folder of the demo's data.")] = Path("var"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over: forget all data.")] = False,
    choices_only: Annotated[
        bool, typer.Option("--choices-only", help="Single choice questions only.")
    ] = False,
) -> None:
    """Serve a small university on this machine: people of every role, an exam open now."""
    from exam_api.cli.demo_run import run_demo  # noqa: PLC0415 - seconds to import

    run_demo(data, port, fresh=fresh, choices_only=choices_only)


def serve(
    workers: Annotated[
        int | None,
        typer.Option(help="Processes that record and analyse, one a core.", min=1, max=64),
    ] = None,
) -> None:
    """Serve with the settings of the environment (`baqylau config` lists them)."""
    from exam_api.cli.demo_run import run_server  # noqa: PLC0415 - seconds to import

    run_server(workers)
