"""The manifest: one entry per model that may be loaded, with its origin, licence and digest."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal, get_args

from models.errors import ManifestBroken

Source = Literal["url", "package"]
Runtime = Literal["litert", "onnx", "dlib"]
ObjectDecoder = Literal["yolox", "nanodet", "dfine"]
OBJECTS = "objects"  # the task of object models: which of them watch is a matter of choice


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """``input`` is the tensor's shape as the file has it; ``labels`` in the order of its classes.

    From a URL: ``file`` is the name it is stored under, ``url`` pinned to ``commit``. From a
    package: ``path`` inside the installed ``package``. Without a URL: a file brought by hand.
    ``phone_recall``: share of visible phones that an object model finds at 1 % false frames, on
    our validation pictures; None = not measured.
    """

    name: str
    version: str
    task: str
    source: Source
    sha256: str
    licence: str
    origin: str
    runtime: Runtime
    input: tuple[int, ...]
    labels: tuple[str, ...]
    decoder: str
    file: str = ""
    url: str = ""
    commit: str = ""
    package: str = ""
    path: str = ""
    bytes: int | None = None
    phone_recall: float | None = None


def _one_of(value: str, allowed: Any, name: str) -> None:
    if value not in get_args(allowed):
        raise ManifestBroken(f"{name}: {value!r} is none of {get_args(allowed)}")


def parse_entry(name: str, table: Mapping[str, Any]) -> ModelEntry:
    values = dict(table)
    try:
        values["input"] = tuple(values["input"])
        values["labels"] = tuple(values["labels"])
        entry = ModelEntry(name=name, **values)
    except (KeyError, TypeError) as error:
        raise ManifestBroken(f"{name}: {error}") from error
    _one_of(entry.source, Source, name)
    _one_of(entry.runtime, Runtime, name)
    if entry.task == OBJECTS:
        _one_of(entry.decoder, ObjectDecoder, name)
    pinned = (entry.package and entry.path) if entry.source == "package" else entry.file
    if not pinned or len(entry.sha256) != 64:
        raise ManifestBroken(f"{name}: a place and a sha256 are needed")
    if entry.url and (not entry.commit or entry.commit not in entry.url):
        raise ManifestBroken(f"{name}: the URL is not pinned to its commit")
    return entry


def parse_manifest(text: str) -> Mapping[str, ModelEntry]:
    try:
        tables = tomllib.loads(text)["models"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise ManifestBroken(str(error)) from error
    return {name: parse_entry(name, table) for name, table in tables.items()}


def shipped_manifest() -> Mapping[str, ModelEntry]:
    return parse_manifest(resources.files("models").joinpath("manifest.toml").read_text("utf-8"))
