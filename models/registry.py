"""Finds a model's file, checks its digest, and only then hands its bytes out."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from models.errors import ModelAbsent, ModelDigestMismatch, ModelUnknown
from models.folder import Folder
from models.manifest import ModelEntry, shipped_manifest

MODELS_DIR = "BAQYLAU_MODELS_DIR"


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model's bytes, read once and proven to be those the manifest names."""

    entry: ModelEntry
    content: bytes


@dataclass(frozen=True, slots=True)
class ModelState:
    """``code`` is None when the file is there and right, else the code of what is wrong."""

    entry: ModelEntry
    path: Path | None
    code: str | None


def _package_folder(package: str) -> Path | None:
    """Where an installed package lies; it is not imported."""
    spec = find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


class Registry:
    """The models that may be loaded and the folders they may lie in, the first folder first.

    Beside the shipped manifest's: those that an operator added to a folder (``models.folder``).
    ``wanted``: names of the object models that are to watch; unless given, those that the operator
    put down; empty = the best one.
    Raises ManifestBroken for a folder whose manifest cannot be read.
    """

    def __init__(
        self,
        folders: tuple[Path, ...] = (),
        manifest: Mapping[str, ModelEntry] | None = None,
        wanted: tuple[str, ...] = (),
    ) -> None:
        self.folders = folders
        shipped = shipped_manifest() if manifest is None else manifest
        added = [Folder.read(folder) for folder in folders]
        own = {name: entry for one in reversed(added) for name, entry in one.models.items()}
        self._manifest = {**own, **shipped}  # nobody passes a file off as a shipped model
        self.wanted = wanted or next((one.wanted for one in added if one.wanted), ())

    def __iter__(self) -> Iterator[ModelEntry]:
        return iter(self._manifest.values())

    def entry(self, name: str) -> ModelEntry:
        try:
            return self._manifest[name]
        except KeyError:
            raise ModelUnknown(f"the manifest has no model {name!r}") from None

    def by_digest(self, sha256: str) -> ModelEntry:
        for entry in self:
            if entry.sha256 == sha256.lower():
                return entry
        raise ModelUnknown("the manifest has no model with this sha256")

    def _candidates(self, entry: ModelEntry) -> Iterator[Path]:
        if entry.source == "package":
            folder = _package_folder(entry.package)
            if folder is not None:
                yield folder / entry.path
            return
        for folder in self.folders:
            yield folder / entry.file

    def _files(self, entry: ModelEntry) -> list[Path]:
        return [path for path in self._candidates(entry) if path.is_file()]

    def load(self, name: str) -> LoadedModel:
        """The bytes that are hashed are the bytes that are returned: no file is read twice.

        A wrong file in one folder does not hide a right one in the next.
        """
        entry = self.entry(name)
        return LoadedModel(entry, self._right(entry)[1])

    def _right(self, entry: ModelEntry) -> tuple[Path, bytes]:
        files = self._files(entry)
        for path in files:
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() == entry.sha256:
                return path, content
        if files:
            wrong = files[0].name
            raise ModelDigestMismatch(f"{entry.name}: {wrong} is not the file of the manifest")
        raise ModelAbsent(f"{entry.name}: no file {entry.file or entry.path} in the models folders")

    def state(self, entry: ModelEntry) -> ModelState:
        """``path``: of the right file, else of the first wrong one."""
        try:
            return ModelState(entry, self._right(entry)[0], None)
        except (ModelAbsent, ModelDigestMismatch) as error:
            return ModelState(entry, next(iter(self._files(entry)), None), error.code)

    def verify(self) -> tuple[ModelState, ...]:
        """The state of every model of the manifest."""
        return tuple(self.state(entry) for entry in self)

    def available(self) -> tuple[ModelEntry, ...]:
        """The models that would load."""
        return tuple(state.entry for state in self.verify() if state.code is None)


def registry(
    data_dir: Path | None = None, models_dir: Path | None = None, wanted: tuple[str, ...] = ()
) -> Registry:
    """The usual folders: the one named by the environment or by hand, then the data dir's own."""
    named = os.environ.get(MODELS_DIR)
    folders = [models_dir, Path(named) if named else None, data_dir and data_dir / "models"]
    present = tuple(folder for folder in folders if folder is not None)
    return Registry(present, wanted=wanted)


def load(name: str, *, data_dir: Path | None = None, models_dir: Path | None = None) -> LoadedModel:
    return registry(data_dir, models_dir).load(name)
