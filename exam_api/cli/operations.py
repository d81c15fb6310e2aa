"""``baqylau config`` and ``baqylau db upgrade``."""

import typer

from exam_api.cli.terminal import say, text

db = typer.Typer(no_args_is_help=True, help="The database.")


def register(app: typer.Typer) -> None:
    app.command()(config)
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
