"""Model files for the commands: fetched with progress, described by hand, tried before taken."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from exam_api.cli.terminal import Failure, readable_file, text
from exam_api.settings import Settings
from models.choice import choose_objects
from models.errors import ModelError
from models.fetching import TIMEOUT_S, Progress, bring, pull
from models.manifest import OBJECTS, ModelEntry
from models.registry import LoadedModel, Registry, registry

FIRST_START_TIMEOUT_S = 8.0  # a server without a network must not wait long for what it lacks
_MB = 1_000_000
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


@dataclass(frozen=True, slots=True)
class Described:
    """What an operator says of an own object model. ``labels``: words, ``coco``, or a file."""

    name: str
    decoder: str
    labels: str
    licence: str
    recall: float | None


def fetch_first(settings: Settings) -> None:
    """Before the first start: the best object model, where its file is not here yet.

    Without it the server starts all the same, and says what is missing.
    """
    if not settings.fetch_models:
        return
    known = registry(settings.data_dir, settings.models_dir)
    better = choose_objects(known).better
    if better is None or not better.url:
        return
    sys.stderr.write(text("model.fetching", name=better.name) + "\n")
    try:
        fetch(known, better.name, settings.data_dir / "models", timeout_s=FIRST_START_TIMEOUT_S)
    except ModelError as error:
        told = text("model.not_fetched", name=better.name, why=text(error.code))
        sys.stderr.write(told + "\n")


def fetch(known: Registry, name: str, folder: Path, *, timeout_s: float = TIMEOUT_S) -> Path:
    return pull(known, name, folder, progress=_progress(name), timeout_s=timeout_s)


def _progress(name: str) -> Progress:
    """A line a tenth of the way, on stderr: stdout belongs to the command's answer."""
    told = -1

    def tell(done: int, total: int | None) -> None:
        nonlocal told
        tenth = done * 10 // total if total else done // _MB
        if tenth > told:
            told = tenth
            share = f"{tenth * 10:3} %" if total else ""
            sys.stderr.write(f"{name}: {done / _MB:.1f} MB {share}\n")

    return tell


def entry_of(
    known: Registry, source: str, sha256: str, described: Described, folder: Path
) -> ModelEntry:
    """The file into the folder, and its entry: tried on one picture, so that it works later.

    Failure, ModelDigestMismatch, ModelSourceUnavailable, ModelInputUnexpected.
    """
    if not _NAME.fullmatch(described.name) or any(one.name == described.name for one in known):
        raise Failure("model.name_taken", name=described.name)
    entry = ModelEntry(
        name=described.name,
        version=sha256[:12].lower(),
        task=OBJECTS,
        source="url",
        sha256=sha256.lower(),
        licence=described.licence,
        origin=source if "://" in source else "",
        runtime="onnx",
        input=(),
        labels=_labels(known, described.labels),
        decoder=described.decoder,
        file=f"{described.name}.onnx",
        phone_recall=described.recall,
    )
    path = bring(entry, source, folder)
    try:
        return _tried(entry, path)
    except Exception:
        path.unlink()  # no entry names it, so it would lie there unknown
        raise


def _tried(entry: ModelEntry, path: Path) -> ModelEntry:
    from analysis.detectors.objects import DECODERS, tried  # noqa: PLC0415 - seconds to import

    if entry.decoder not in DECODERS:
        raise Failure("model.decoder_unknown", name=entry.decoder, known=", ".join(DECODERS))
    return tried(LoadedModel(entry, path.read_bytes()))


def _labels(known: Registry, given: str) -> tuple[str, ...]:
    if given == "coco":
        return known.entry("yolox_nano").labels
    if "," in given:
        words = given.split(",")
    else:
        words = readable_file(Path(given)).read_text("utf-8").splitlines()
    return tuple(word.strip() for word in words if word.strip())
