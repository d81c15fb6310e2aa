"""``baqylau config``, ``baqylau db upgrade``, ``baqylau backup`` and ``baqylau restore``."""

from pathlib import Path
from typing import Annotated

import typer

from exam_api.cli.terminal import say, text

db = typer.Typer(no_args_is_help=True, help="The database.")


def register(app: typer.Typer) -> None:
    app.command()(config)
    app.command()(backup)
    app.command()(restore)
    app.add_typer(db, name="db")


def config() -> None:
    """Print every setting of the environment with its meaning and its value."""
    from exam_api.cli.configuration import read_settings  # noqa: PLC0415 - seconds to import

    settings = read_settings()
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        shown = _without_password(str(value)) if value not in (None, "") else '""'
        say(f"BAQYLAU_{name.upper()}={shown}")
        say(f"    {field.title}. {field.description}")


def backup(
    folder: Annotated[Path, typer.Argument(help="New or empty folder.")],
    recordings: Annotated[
        bool, typer.Option("--recordings", help="The media too; else their manifests only.")
    ] = False,
) -> None:
    """Copy database, evidence, acts, keys and recordings' manifests; the server may run."""
    from exam_api.adapters.backup import make_backup  # noqa: PLC0415 - seconds to import
    from exam_api.adapters.clock import SystemClock  # noqa: PLC0415
    from exam_api.cli.configuration import read_settings  # noqa: PLC0415

    made = make_backup(read_settings(), folder, SystemClock().now(), recordings=recordings)
    say(text("backup.made", path=folder, files=len(made.files), megabytes=made.size / 1e6))


def restore(folder: Annotated[Path, typer.Argument(help="A folder that backup made.")]) -> None:
    """Check a backup and bring it back into an empty data folder (and an empty database)."""
    from exam_api.adapters.backup import restore_backup  # noqa: PLC0415 - seconds to import
    from exam_api.cli.configuration import read_settings  # noqa: PLC0415
    from exam_api.cli.server import only_server  # noqa: PLC0415

    settings = read_settings()
    with only_server(settings.data_dir):
        made = restore_backup(settings, folder)
    say(text("backup.restored", path=settings.data_dir, at=made.made_at))


@db.command()
def upgrade() -> None:
    """Bring the database to the newest schema; a new one is made."""
    from exam_api.adapters.sql.migrate import (  # noqa: PLC0415 - seconds to import
        newest_revision,
        upgrade,
    )
    from exam_api.cli.configuration import read_settings  # noqa: PLC0415 - seconds to import

    settings = read_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    upgrade(settings.database)
    say(text("database.upgraded", revision=newest_revision()))


def _without_password(value: str) -> str:
    """``scheme://user:***@host``."""
    scheme, found, rest = value.partition("://")
    credentials, at, host = rest.rpartition("@")
    if not (found and at and ":" in credentials):
        return value
    return f"{scheme}://{credentials.split(':')[0]}:***@{host}"
