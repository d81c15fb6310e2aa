"""Which models exist, where they come from, and the bytes of those that are what they claim."""

from models.registry import LoadedModel, Registry, load, registry

__all__ = ["LoadedModel", "Registry", "load", "registry"]
