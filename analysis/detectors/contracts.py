"""What every detector takes and gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from analysis.contracts import Box, ModelRef
from analysis.picture import Picture


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one detector saw in one picture: regions, and named numbers for the votes."""

    boxes: tuple[Box, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)


class Detector(Protocol):
    """Belongs to one sitting and one thread; may share its networks with others of the thread."""

    @property
    def models(self) -> tuple[ModelRef, ...]: ...

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        """``closely``: whatever it takes; else what can be told cheaply, which may be nothing."""
        ...
