"""``baqylau models``: which models are known, which are here; fetch or bring one."""

import json
from pathlib import Path
from typing import Annotated

import typer

from exam_api.cli.terminal import Failure, JsonOut, say, text
from models.fetching import add as add_model
from models.fetching import pull as pull_model
from models.registry import ModelState, Registry, registry

app = typer.Typer(name="models", no_args_is_help=True, help="Vision models.")
Data = Annotated[
    Path, typer.Option(envvar="BAQYLAU_DATA_DIR", help="Data folder; models lie in its models/.")
]
DATA = Path("var")


@app.command("list")
def list_models(data: Data = DATA, json_out: JsonOut = False) -> None:
    """Print every known model and whether its file is here."""
    _show(registry(data).verify(), json_out=json_out)


@app.command()
def verify(data: Data = DATA, json_out: JsonOut = False) -> None:
    """Check the digest of every file that is here; exit status 1 where one is wrong."""
    states = registry(data).verify()
    _show(states, json_out=json_out)
    wrong = [state for state in states if state.code not in (None, "model_absent")]
    if wrong:
        raise Failure("model_digest_mismatch", name=wrong[0].entry.name)


@app.command()
def pull(name: str, data: Data = DATA) -> None:
    """Fetch a model from its pinned address."""
    path = pull_model(registry(data), name, data / "models")
    say(text("model.stored", name=name, path=path))


@app.command()
def add(
    source: Annotated[str, typer.Argument(help="A file or an address.")],
    sha256: Annotated[str, typer.Option(help="The digest it must have.")],
    data: Data = DATA,
) -> None:
    """Bring a model's file by hand, for machines without the network."""
    known: Registry = registry(data)
    path = add_model(known, source, sha256, data / "models")
    say(text("model.stored", name=known.by_digest(sha256).name, path=path))


def _show(states: tuple[ModelState, ...], *, json_out: bool) -> None:
    if json_out:
        rows = [
            {
                "name": state.entry.name,
                "version": state.entry.version,
                "task": state.entry.task,
                "licence": state.entry.licence,
                "sha256": state.entry.sha256,
                "path": str(state.path) if state.path else None,
                "problem": state.code,
            }
            for state in states
        ]
        say(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for state in states:
        found = text(state.code) if state.code else text("model.ready")
        say(f"{state.entry.name:<18} {state.entry.task:<8} {state.entry.licence:<12} {found}")
