"""The server's own key, which signs a recording's manifest once the sitting is over (Ed25519)."""

import hashlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from capture.errors import RecordingKeyUnreadable

_RAW = serialization.Encoding.Raw
# What a signature is for stands before what is signed: it is worth nothing elsewhere.
_PURPOSE = b"baqylau recording seal 1\n"


@dataclass(frozen=True, slots=True)
class RecordingKey:
    """``seed``: the private key's 32 bytes; ``public``: hex, as it stands in the manifest."""

    seed: bytes = field(repr=False)

    @property
    def public(self) -> str:
        return _hex(self._private.public_key())

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public)

    def sign(self, statement: bytes) -> str:
        return self._private.sign(_PURPOSE + statement).hex()

    @classmethod
    def load_or_create(cls, path: Path) -> Self:
        """Read the key, or make one on first start (mode 0600); its public half lies beside it.

        Two processes that start together agree on one key. Raises RecordingKeyUnreadable: an
        unreadable file stays as it is, because recordings were signed with what was in it.
        """
        if not path.exists():
            _publish(path, _private_pem(Ed25519PrivateKey.generate()), 0o600)
        private = _load(path)
        public = path.with_suffix(".pub")
        if not public.exists():
            _publish(public, _public_pem(private.public_key()), 0o644)
        return cls(private.private_bytes_raw())


def fingerprint(public: str) -> str:
    """SHA-256 of the public key's bytes, hex: what people compare."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()


def is_signed(public: str, signature: str, statement: bytes) -> bool:
    """Whether the key made this signature. False for anything that is no key or no signature."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), _PURPOSE + statement)
    except (ValueError, InvalidSignature):
        return False
    return True


def read_public(path: Path) -> str:
    """The public key in a PEM file (SubjectPublicKeyInfo), hex. Raises RecordingKeyUnreadable."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RecordingKeyUnreadable("this file holds no public key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise RecordingKeyUnreadable("this key is not Ed25519")
    return _hex(key)


def _hex(key: Ed25519PublicKey) -> str:
    return key.public_bytes(_RAW, serialization.PublicFormat.Raw).hex()


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise RecordingKeyUnreadable("the recordings' signing key cannot be read") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise RecordingKeyUnreadable("the recordings' signing key is not Ed25519")
    return key


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _publish(path: Path, content: bytes, mode: int) -> None:
    """The file appears whole, on the disk for good, or not at all; the first one made stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """A new name survives a power loss only once its folder is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
