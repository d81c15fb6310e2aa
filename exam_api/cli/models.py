"""``baqylau models``: which models are known, which are here and watch; fetch or bring one."""

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from exam_api.cli.model_files import Described, entry_of, fetch
from exam_api.cli.terminal import Failure, JsonOut, say, text
from models.choice import ObjectChoice, choose_objects
from models.errors import ModelUnknown
from models.fetching import add as add_model
from models.folder import Folder
from models.manifest import OBJECTS
from models.registry import ModelState, Registry, registry

app = typer.Typer(name="models", no_args_is_help=True, help="Vision models.")
Data = Annotated[
    Path, typer.Option(envvar="BAQYLAU_DATA_DIR", help="Data folder; models lie in its models/.")
]
DATA = Path("var")
AUTO: Final = "auto"


@app.command("list")
def list_models(data: Data = DATA, json_out: JsonOut = False) -> None:
    """Print every known model, whether its file is here, and which object models watch."""
    known = registry(data)
    choice = choose_objects(known)
    _show(known.verify(), choice, json_out=json_out)
    if not json_out and choice.better is not None:
        say(text("model.better", name=choice.better.name))


@app.command()
def verify(data: Data = DATA, json_out: JsonOut = False) -> None:
    """Check the digest of every file that is here; exit status 1 where one is wrong."""
    known = registry(data)
    states = known.verify()
    _show(states, choose_objects(known), json_out=json_out)
    wrong = [state for state in states if state.code not in (None, "model_absent")]
    if wrong:
        raise Failure("model_digest_mismatch", name=wrong[0].entry.name)


@app.command()
def pull(name: str, data: Data = DATA) -> None:
    """Fetch a model from its pinned address."""
    path = fetch(registry(data), name, data / "models")
    say(text("model.stored", name=name, path=path))


@app.command()
def add(  # noqa: PLR0917 - each is an option of the command
    source: Annotated[str, typer.Argument(help="A file or an address.")],
    sha256: Annotated[str, typer.Option(help="The digest it must have.")],
    name: Annotated[str, typer.Option(help="Of an own object model: how to call it.")] = "",
    decoder: Annotated[str, typer.Option(help="yolox, nanodet or dfine.")] = "yolox",
    labels: Annotated[
        str, typer.Option(help="coco, words with commas between, or a file with one a line.")
    ] = "coco",
    licence: Annotated[str, typer.Option(help="Under which it may be used.")] = "own",
    recall: Annotated[
        float | None,
        typer.Option(help="Share of visible phones it finds at 1 % false frames.", min=0, max=1),
    ] = None,
    data: Data = DATA,
) -> None:
    """Bring a model's file by hand: a known one by its digest, or with --name an own one."""
    known: Registry = registry(data)
    folder = data / "models"
    if name:
        described = Described(name, decoder, labels, licence, recall)
        entry = entry_of(known, source, sha256, described, folder)
        Folder.read(folder).plus(entry).write(folder)
        say(text("model.stored", name=name, path=folder / entry.file))
        return
    try:
        path = add_model(known, source, sha256, folder)
    except ModelUnknown as error:
        raise Failure("model.digest_unknown") from error
    say(text("model.stored", name=known.by_digest(sha256).name, path=path))


@app.command()
def use(
    names: Annotated[
        list[str], typer.Argument(help="Object models; several are averaged. auto: the best one.")
    ],
    data: Data = DATA,
) -> None:
    """Say which object models watch, from the next start of the server on."""
    known, folder = registry(data), data / "models"
    wanted = () if names == [AUTO] else tuple(dict.fromkeys(names))
    for name in wanted:
        if known.entry(name).task != OBJECTS:
            raise ModelUnknown(name)
        known.load(name)
    Folder.read(folder).watched_by(wanted).write(folder)
    watching = choose_objects(registry(data)).watching
    say(text("model.watching", names=", ".join(entry.name for entry in watching) or "-"))


def _show(states: tuple[ModelState, ...], choice: ObjectChoice, *, json_out: bool) -> None:
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
                "phone_recall": state.entry.phone_recall,
                "watches": state.entry in choice.watching,
            }
            for state in states
        ]
        say(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for state in states:
        found = text(state.code) if state.code else text("model.ready")
        watches = f", {text('model.watches')}" if state.entry in choice.watching else ""
        entry = state.entry
        say(f"{entry.name:<18} {entry.task:<8} {entry.licence:<12} {found}{watches}")
