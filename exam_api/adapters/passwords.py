"""Argon2id through pwdlib."""

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher


class Argon2Passwords:
    """RFC 9106's second recommended option (64 MiB, 3 passes), the library's own default."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        self._hash = PasswordHash((hasher or Argon2Hasher(),))
        # An imported class would take minutes otherwise; 60 random bits need no slow hash.
        self._quick = Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1)

    def hash_one_time(self, password: str) -> str:
        return self._quick.hash(password)

    def hash(self, password: str) -> str:
        return self._hash.hash(password)

    def verify(self, password: str, hashed: str) -> tuple[bool, str | None]:
        try:
            return self._hash.verify_and_update(password, hashed)
        except UnknownHashError:  # an account whose log-in was never set
            return False, None
