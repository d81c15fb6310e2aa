"""An operator's own models: a manifest beside their files, and which object models are to watch.

``manifest.toml`` in a models folder has the shipped manifest's form, and may name under ``watch``
the object models that watch together. Commands write it; it may be written by hand too.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from models.errors import ManifestBroken
from models.manifest import ModelEntry, parse_entry

MANIFEST = "manifest.toml"


@dataclass(frozen=True, slots=True)
class Folder:
    """What an operator has put down for one folder."""

    models: Mapping[str, ModelEntry] = field(default_factory=dict)
    wanted: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> "Folder":
        """Empty where there is no manifest. ManifestBroken."""
        path = folder / MANIFEST
        try:
            found = tomllib.loads(path.read_text("utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return cls()
        except (OSError, ValueError) as error:
            raise ManifestBroken(f"{MANIFEST} of the models folder: {error}") from error
        tables, wanted = found.get("models", {}), found.get("watch", [])
        if not isinstance(tables, dict) or not isinstance(wanted, list):
            raise ManifestBroken(f"{MANIFEST} of the models folder: no tables or no list")
        models = {name: parse_entry(name, table) for name, table in tables.items()}
        return cls(models, tuple(str(name) for name in wanted))

    def plus(self, entry: ModelEntry) -> "Folder":
        return replace(self, models={**self.models, entry.name: entry})

    def watched_by(self, names: tuple[str, ...]) -> "Folder":
        return replace(self, wanted=names)

    def write(self, folder: Path) -> None:
        """Whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{MANIFEST}.part"
        part.write_text("\n".join(self._lines()) + "\n", "utf-8")
        part.replace(folder / MANIFEST)

    def _lines(self) -> Iterator[str]:
        yield f"watch = {_toml(list(self.wanted))}"
        for name, entry in self.models.items():
            yield ""
            yield f"[models.{_toml(name)}]"
            values = asdict(entry)
            del values["name"]
            for key, value in values.items():
                if value is not None:
                    yield f"{key} = {_toml(value)}"


def _toml(value: object) -> str:
    """Strings, numbers and lists of these are written in TOML as in JSON."""
    return json.dumps(value, ensure_ascii=False)
