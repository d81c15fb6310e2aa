"""``baqylau replay``: a video file sits an exam on a private server."""

from pathlib import Path
from typing import Annotated

import typer

from exam_api.cli.terminal import JsonOut, PhotoFile, SoundFile, readable_file, writable_folder

DEMO = "demo"


def register(app: typer.Typer) -> None:
    app.command()(replay)


def replay(
    video: Annotated[str, typer.Argument(help="A video file, or `demo`: the built-in scene.")],
    out: Annotated[Path, typer.Option(help="Folder for what comes out.")],
    json_out: JsonOut = False,
    audio: SoundFile = None,
    identity: PhotoFile = None,
) -> None:
    """Publish a video as a student's camera over WebRTC into a private server, at real speed.

    Leaves flags.json, recording.webm, form4.xlsx and, when anything was flagged, act.pdf.
    """
    source = None if video == DEMO else readable_file(Path(video))
    folder = writable_folder(out)
    from exam_api.cli.replay_run import run_replay  # noqa: PLC0415 - seconds to import

    sound, photo = (path and readable_file(path) for path in (audio, identity))
    run_replay(source, folder, json_out=json_out, sound=sound, photo=photo)
