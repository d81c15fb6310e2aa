"""``baqylau users import FILE``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exam_api.cli.terminal import Failure, readable_file, say, text

if TYPE_CHECKING:
    from exam_api.services.people_import import ImportPlan, PeopleImport

app = typer.Typer(name="users", no_args_is_help=True, help="People of the university.")


@app.callback()
def users() -> None:
    """Keep the group a group while it has one command."""


@app.command("import")
def import_people(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX; the page gives out a template.")],
    apply: Annotated[bool, typer.Option("--apply", help="Take it; else only show.")] = False,
) -> None:
    """Show what a file of people would change; with --apply take all of it, or nothing."""
    from exam_api.cli.server import run  # noqa: PLC0415 - seconds to import

    run(_import(readable_file(file), apply=apply))


async def _import(file: Path, *, apply: bool) -> None:
    from exam_api.adapters.clock import SystemClock  # noqa: PLC0415 - seconds to import
    from exam_api.adapters.passwords import Argon2Passwords  # noqa: PLC0415
    from exam_api.adapters.sheets import read_sheet  # noqa: PLC0415
    from exam_api.adapters.sql.database import open_database  # noqa: PLC0415
    from exam_api.cli.configuration import read_settings  # noqa: PLC0415
    from exam_api.services.accounts import Accounts  # noqa: PLC0415
    from exam_api.services.people_import import PeopleImport  # noqa: PLC0415
    from exam_api.web.role_names import role_names  # noqa: PLC0415

    settings, clock = read_settings(), SystemClock()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = await open_database(settings.database, clock)
    try:
        accounts = Accounts(database, clock, Argon2Passwords())
        desk = PeopleImport(database, clock, accounts, read_sheet, role_names())
        await _show(desk, file, apply=apply)
    finally:
        await database.aclose()


async def _show(desk: "PeopleImport", file: Path, *, apply: bool) -> None:
    """One-time passwords go to standard output, as a table to keep."""
    content = file.read_bytes()
    plan = await desk.preview(None, content)
    if plan.problems:
        for one in plan.problems:
            at = {"row": one.row, "column": one.column, "value": one.value, "code": one.code}
            say(text("users.problem", **at))
        raise Failure("users.refused", count=len(plan.problems))
    if not apply:
        for person in plan.people:
            if person.after:
                what = "; ".join(f"{name}: {value}" for name, value in person.after.items())
                say(f"{person.row}\t{person.change}\t{person.data.login}\t{what}")
        say(_counts(plan))
        say(text("users.only_shown"))
        return
    done = await desk.apply(None, content, plan.digest)
    for given in done.passwords:
        say(f"{given.login}\t{given.password}\t{given.full_name}")
    say(_counts(done.plan))


def _counts(plan: "ImportPlan") -> str:
    from exam_api.services.people_import import Change  # noqa: PLC0415 - seconds to import

    return text("users.counts", **{change.value: plan.count(change) for change in Change})
