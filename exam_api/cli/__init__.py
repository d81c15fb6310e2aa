"""The command ``baqylau``.

A command's module holds its arguments; what it does is imported when it runs, so that
``baqylau --help`` is quick.
"""

import sys
from typing import Annotated, Final, Literal

import typer

from exam_api.cli import (
    analyzing,
    capacity,
    models,
    operations,
    replaying,
    serving,
    users,
    verifying,
)
from exam_api.cli.terminal import choose_language, known_failure, report

app: Final = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def common(
    lang: Annotated[
        Literal["kk", "ru", "en"] | None,
        typer.Option(help="Language of what is printed; by default the terminal's."),
    ] = None,
) -> None:
    """Baqylau: open remote exam proctoring."""
    choose_language(lang)


serving.register(app)
replaying.register(app)
analyzing.register(app)
capacity.register(app)
verifying.register(app)
operations.register(app)
app.add_typer(models.app)
app.add_typer(users.app)


def main() -> None:
    """Exit status: 0 done, 1 refused with one line on stderr, 2 wrong usage, 130 interrupted."""
    try:
        app()  # leaves with SystemExit; wrong usage and Ctrl-C are told by typer itself
    except Exception as error:
        failure = known_failure(error)
        if failure is None:
            raise
        sys.exit(report(failure))


__all__ = ["app", "main"]
