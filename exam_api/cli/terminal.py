"""Words for people at a terminal: their language, one clear line when something is refused."""

import errno
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from analysis.contracts import Flag
from exam_api.cli.texts import TEXTS
from exam_api.domain.languages import Language, language_or

_chosen: list[Language] = []


def choose_language(value: str | None) -> None:
    if value is not None:
        _chosen[:] = [language_or(value)]


JsonOut = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
SoundFile = Annotated[
    Path | None,
    typer.Option(metavar="WAV", help="A sound file that is heard in place of the video's own."),
]
PhotoFile = Annotated[
    Path | None, typer.Option(metavar="PHOTO", help="A photo of the one who should be there.")
]


class Failure(Exception):
    """Ends a command with one line for its user. ``values`` fill the text of ``code``."""

    def __init__(self, code: str, /, *, status: int = 1, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.filling = values


@dataclass(frozen=True, slots=True)
class Told:
    text: str
    status: int = 1
    values: Mapping[str, object] = field(default_factory=dict)


def language() -> Language:
    """--lang, else the terminal's (LC_ALL, LC_MESSAGES, LANG), else English."""
    if _chosen:
        return _chosen[0]
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    found = next((name for name in names if name), "")
    return language_or(found[:2], "en")


def moment(at: datetime) -> str:
    """As documents write it."""
    return f"{at:%d.%m.%Y %H:%M:%S} ({at.tzname()})"


def text(key: str, /, **values: object) -> str:
    return TEXTS[key][language()].format_map(values)


def say(line: str = "") -> None:
    typer.echo(line)


def say_flags(flags: Iterable[Flag]) -> None:
    """A line for each."""
    for flag in flags:
        end_ms = flag.start_ms if flag.end_ms is None else flag.end_ms
        say(
            text(
                "replay.flag",
                start=flag.start_ms / 1000,
                end=end_ms / 1000,
                kind=flag.kind,
                confidence=flag.confidence,
            )
        )


def known_failure(error: Exception) -> Told | None:
    """What to tell of an error that people can do something about; None for a bug."""
    if isinstance(error, Failure):
        return Told(text(error.code, **error.filling), error.status)
    if isinstance(error, OSError) and error.filename is not None:
        return Told(f"{error.filename}: {error.strerror}")
    code = getattr(error, "code", None)
    if not isinstance(code, str):
        return None
    if code in TEXTS:
        return Told(text(code))
    return Told(f"{error} ({code})" if str(error) != code else code)


def report(failure: Told) -> int:
    sys.stderr.write(f"baqylau: {failure.text}\n")
    return failure.status


def writable_folder(folder: Path) -> Path:
    """The folder, made where it is absent; tried by writing, since rights alone do not tell."""
    probe = folder / ".baqylau"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Failure("storage_full") from error
        raise Failure("folder_not_writable", path=folder) from error
    return folder


def readable_file(path: Path) -> Path:
    if path.is_dir():
        raise Failure("file_is_folder", path=path)
    if not path.is_file():
        raise Failure("file_missing", path=path)
    return path
