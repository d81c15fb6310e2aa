"""Which object models watch: those an operator wants, else the best that is here."""

import logging
from dataclasses import dataclass

from models.errors import ModelAbsent
from models.manifest import OBJECTS, ModelEntry
from models.registry import Registry

logger = logging.getLogger(__name__)

# Of phones, at 1 % false frames. Below it a model watches only where an operator names it: it
# would accuse by chance.
LEAST_RECALL = 0.2


@dataclass(frozen=True, slots=True)
class ObjectChoice:
    """``watching``: several are averaged, none means that objects are not seen at all.

    ``better``: a model that would see more phones by our validation, but whose file is not here.
    """

    watching: tuple[ModelEntry, ...] = ()
    better: ModelEntry | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.watching)

    @property
    def recall(self) -> float | None:
        """Of one alone, as measured; nobody measured what several see together."""
        return self.watching[0].phone_recall if len(self.watching) == 1 else None


def choose_objects(known: Registry) -> ObjectChoice:
    """Raises ModelUnknown for a wanted name that nobody knows, ModelAbsent if none is here."""
    entries = [known.entry(name) for name in known.wanted]
    here = [entry for entry in entries if _here(known, entry)]
    if entries and not here:
        raise ModelAbsent(f"none of {', '.join(known.wanted)} is in the models folders")
    for entry in entries:
        if entry not in here:
            logger.warning("object model %s watches no more: no right file", entry.name)
    if here:
        return ObjectChoice(tuple(here), None)
    return _best(known)


def _best(known: Registry) -> ObjectChoice:
    good = (entry for entry in known if entry.task == OBJECTS and _recall(entry) >= LEAST_RECALL)
    ranked = sorted(good, key=_recall, reverse=True)
    first = next((entry for entry in ranked if _here(known, entry)), None)
    if first is None:
        return ObjectChoice((), ranked[0] if ranked else None)
    better = ranked[0] if _recall(ranked[0]) > _recall(first) else None
    return ObjectChoice((first,), better)


def _recall(entry: ModelEntry) -> float:
    """A model that nobody measured is not taken by itself."""
    return 0.0 if entry.phone_recall is None else entry.phone_recall


def _here(known: Registry, entry: ModelEntry) -> bool:
    return known.state(entry).code is None
