"""The networks of one worker thread, loaded once and shared by its sittings."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.contracts import ModelRef
from analysis.detectors.contracts import Detector
from analysis.detectors.registry import DETECTORS, Maker
from models import Registry, registry
from models.errors import ModelError

logger = logging.getLogger(__name__)

# Analysis goes on without these; without the others it does not start.
OPTIONAL = frozenset({"objects"})


@dataclass(frozen=True, slots=True)
class ModelSet:
    """Thread-bound: load it in the thread that uses it.

    ``unavailable``: detector → code of the error why it does not work here.
    """

    makers: Mapping[str, Maker]
    models: tuple[ModelRef, ...]
    unavailable: Mapping[str, str]

    @classmethod
    def load(cls, models_dir: Path | None = None, *, data_dir: Path | None = None) -> "ModelSet":
        """Raises ModelError when the face models are absent or altered."""
        return cls.from_registry(registry(data_dir, models_dir))

    @classmethod
    def from_registry(cls, known: Registry) -> "ModelSet":
        makers: dict[str, Maker] = {}
        unavailable: dict[str, str] = {}
        for name, loader in DETECTORS.items():
            try:
                makers[name] = loader(known)
            except ModelError as error:
                if name not in OPTIONAL:
                    raise
                logger.warning("detector %s is off: %s (%s)", name, error, error.code)
                unavailable[name] = error.code
        refs = tuple(ref for make in makers.values() for ref in make().models)
        return cls(makers, refs, unavailable)

    def detectors(self) -> Mapping[str, Detector]:
        """A fresh detector of each kind, for one sitting."""
        return {name: make() for name, make in self.makers.items()}
