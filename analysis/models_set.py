"""The networks of one worker thread, loaded once and shared by its sittings."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from analysis.contracts import ModelRef, Subject
from analysis.detectors.registry import DETECTORS, Maker
from analysis.errors import AnalysisError
from models import Registry, registry
from models.errors import ModelError

logger = logging.getLogger(__name__)

# Analysis goes on without these; without the others it does not start.
OPTIONAL = frozenset({"objects", "identity", "speech"})


@dataclass(frozen=True, slots=True)
class ModelSet:
    """Thread-bound: load it in the thread that uses it.

    ``unavailable``: detector → code of the error why it does not work here. ``given_up``: detector
    → its models, of those that hung again and again and are left out until a restart.
    """

    makers: Mapping[str, Maker]
    models: tuple[ModelRef, ...]
    unavailable: Mapping[str, str]
    given_up: Mapping[str, tuple[ModelRef, ...]] = field(default_factory=dict)

    @classmethod
    def load(
        cls,
        models_dir: Path | None = None,
        *,
        data_dir: Path | None = None,
        objects: tuple[str, ...] = (),
    ) -> "ModelSet":
        """``objects``: names of the object models that watch; empty = those of the folders.

        Raises ModelError when the face models are absent or altered.
        """
        return cls.from_registry(registry(data_dir, models_dir, objects))

    @classmethod
    def from_registry(cls, known: Registry) -> "ModelSet":
        makers: dict[str, Maker] = {}
        unavailable: dict[str, str] = {}
        for name, loader in DETECTORS.items():
            try:
                makers[name] = loader(known)
            except (ModelError, AnalysisError) as error:
                if name not in OPTIONAL:
                    raise
                logger.warning("detector %s is off: %s (%s)", name, error, error.code)
                unavailable[name] = error.code
        refs = tuple(ref for make in makers.values() for ref in make().models)
        return cls(makers, refs, unavailable)

    def without(self, names: Collection[str]) -> "ModelSet":
        given_up = {name: self.makers[name]().models for name in names if name in self.makers}
        makers = {name: make for name, make in self.makers.items() if name not in names}
        return replace(self, makers=makers, given_up=given_up)

    def expecting(self, subject: Subject) -> "ModelSet":
        """The same for a sitting of which it is known who is to be there."""
        if "identity" not in self.makers:
            return self
        identity = partial(self.makers["identity"], subject)
        return replace(self, makers={**self.makers, "identity": identity})
