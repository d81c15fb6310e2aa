"""Names of things: UUIDv7, so that ids grow with time and give nothing else away."""

from uuid6 import uuid7


def new_id() -> str:
    return str(uuid7())
