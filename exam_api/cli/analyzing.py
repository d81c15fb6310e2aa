"""``baqylau analyze``: the analyzer alone, as fast as it goes."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from analysis.contracts import FlagKind, Observation, Subject
from exam_api.cli.models import DATA, Data
from exam_api.cli.terminal import JsonOut, PhotoFile, SoundFile, readable_file, say, say_flags, text


def register(app: typer.Typer) -> None:
    app.command()(analyze)


def analyze(  # noqa: PLR0917 - each is an option of the command
    video: Annotated[Path, typer.Argument(help="A video file.")],
    json_out: JsonOut = False,
    audio: SoundFile = None,
    identity: PhotoFile = None,
    document: Annotated[
        Path | None,
        typer.Option(metavar="PHOTO", help="A photo of that person's document, held up."),
    ] = None,
    without: Annotated[
        list[FlagKind] | None,
        typer.Option(metavar="KIND", help="A kind that an accommodation excuses; may be repeated."),
    ] = None,
    moments: Annotated[
        int,
        typer.Option(
            min=0, max=2**48 - 1, help='The threshold "moments" of an identity flag to make again.'
        ),
    ] = 0,
    observations: Annotated[
        bool, typer.Option("--observations", help="Print each frame's observation as a JSON line.")
    ] = False,
    data: Data = DATA,
) -> None:
    """Analyse a video file and print its flags."""
    from analysis.offline import analyze_file, observation_json  # noqa: PLC0415 - seconds to import
    from analysis.policy import DEFAULT_POLICY  # noqa: PLC0415

    # With --json the flags own stdout, so the frames' lines go to stderr.
    stream = sys.stderr if json_out else sys.stdout

    def show(seen: Observation) -> None:
        stream.write(json.dumps(observation_json(seen), ensure_ascii=False) + "\n")

    report = analyze_file(
        readable_file(video),
        data_dir=data,
        on_observation=show if observations else None,
        policy=DEFAULT_POLICY.without(*(without or ())),
        subject=Subject(_photos(identity), _photos(document)),
        sound=None if audio is None else readable_file(audio),
        moments=moments,
    )
    if json_out:
        say(report.to_json().rstrip())
        return
    seconds = f"{report.video.duration_s:.1f}"
    say(text("analyze.summary", video=video, seconds=seconds, flags=len(report.flags)))
    say_flags(report.flags)


def _photos(path: Path | None) -> tuple[bytes, ...]:
    return () if path is None else (readable_file(path).read_bytes(),)
