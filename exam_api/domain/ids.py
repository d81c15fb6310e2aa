"""Names of things and secrets: UUIDv7 ids, and what is stored in place of a secret."""

import hashlib
import re
import secrets
from typing import Final

from uuid6 import uuid7

ID_PATTERN: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"


def is_id(text: str) -> bool:
    """Whether it may name a thing; what may not must reach no row."""
    return re.fullmatch(ID_PATTERN, text) is not None


def new_id() -> str:
    """Grows with time, and gives nothing else away."""
    return str(uuid7())


def new_secret() -> str:
    """256 bits for a cookie or a token: whoever holds it is let in, so only its digest is kept."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """sha256, hex. Takes whatever a client may send."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
