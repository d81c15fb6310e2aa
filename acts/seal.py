"""The institution's seal: a PAdES certification signature (B-B, or B-T) that forbids any change.

RSA, a fixed signing time and a derived file id make it deterministic: the same act and key give
the same bytes, so a sealed act can be re-made and compared.
"""

import asyncio
import hashlib
import os
import secrets
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Self

from asn1crypto import pkcs12 as asn1_pkcs12  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.timestamps import HTTPTimeStamper, TimeStamper, TimestampRequestError
from pyhanko.stamp import NoOpStampStyle

from acts.errors import (
    SealFailed,
    SealKeyUnreadable,
    SealKeyUnsuitable,
    SealPasswordWrong,
    TimestampFailed,
)
from acts.seal_mark import Box, draw_mark, language_of

__all__ = ["FIELD", "SUBJECT", "HTTPTimeStamper", "SealKey", "seal", "signer_name"]
FIELD = "InstitutionSeal"
SUBJECT = "Baqylau self-made seal (not issued by a certification authority)"
_BITS = 3072
_YEARS = 10


@dataclass(frozen=True, slots=True)
class SealKey:
    """The institution's key with its certificate. ``self_made``: nobody outside vouches for it."""

    private_key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def self_made(self) -> bool:
        return self.certificate.issuer == self.certificate.subject

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hex."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @classmethod
    def load_or_create(cls, path: Path) -> Self:
        """Read the key, or make one on first start (file mode 0600). Raises SealKeyUnreadable.

        Two processes that start together agree on one key. An unreadable file stays as it is.
        """
        if not path.exists():
            _publish(path, _pem(*_make(datetime.now(UTC))))
        return cls._load(path)

    @classmethod
    def from_pkcs12(cls, path: Path, password: str, now: datetime) -> Self:
        """The institution's own key (PKCS#12), as certification authorities hand it out.

        Raises SealKeyUnreadable, SealPasswordWrong, SealKeyUnsuitable (also where the certificate
        is not valid at ``now``: nobody would accept its seals).
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise SealKeyUnreadable("the seal's PKCS#12 file cannot be read") from error
        private_key, certificate = _unlocked(content, password)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise SealKeyUnsuitable("the seal's certificate is not valid today")
        return cls._matching(private_key, certificate)

    @classmethod
    def _load(cls, path: Path) -> Self:
        try:
            content = path.read_bytes()
            private_key = serialization.load_pem_private_key(content, password=None)
            certificate = x509.load_pem_x509_certificate(content)
        except (OSError, ValueError, TypeError) as error:
            raise SealKeyUnreadable("the seal's key file cannot be read") from error
        return cls._matching(private_key, certificate)

    @classmethod
    def _matching(cls, private_key: object, certificate: x509.Certificate) -> Self:
        if not isinstance(private_key, rsa.RSAPrivateKey):
            raise SealKeyUnsuitable("the seal's key is not RSA")
        if private_key.public_key() != certificate.public_key():
            raise SealKeyUnsuitable("the seal's certificate belongs to another key")
        return cls(private_key, certificate)


def _unlocked(content: bytes, password: str) -> tuple[object, x509.Certificate]:
    try:
        asn1_pkcs12.Pfx.load(content, strict=True)["auth_safe"].native  # noqa: B018 - parses it
    except (ValueError, TypeError, KeyError) as error:
        raise SealKeyUnreadable("the seal's file is not PKCS#12") from error
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(content, password.encode() or None)
    except ValueError as error:
        raise SealPasswordWrong("the seal's password does not open its file") from error
    except UnsupportedAlgorithm as error:
        raise SealKeyUnsuitable("the seal's file uses an encryption that is too old") from error
    if key is None or certificate is None:
        raise SealKeyUnsuitable("the seal's file lacks a key or its certificate")
    return key, certificate


def _make(now: datetime) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Baqylau"),
            x509.NameAttribute(NameOID.COMMON_NAME, SUBJECT),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(private_key, hashes.SHA256())
    )
    return private_key, certificate


def _pem(private_key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> bytes:
    return private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def _publish(path: Path, content: bytes) -> None:
    """Put the whole file in place at once, unless another process was first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


class _Signer(signers.Signer):
    """PKCS#1 v1.5 with the key in memory: unlike PSS it adds no chance to the bytes."""

    def __init__(self, key: SealKey) -> None:
        certificate = key.certificate.public_bytes(serialization.Encoding.DER)
        super().__init__(signing_cert=asn1_x509.Certificate.load(certificate))
        self._key = key.private_key

    async def async_sign_raw(
        self,
        data: bytes,
        digest_algorithm: str,
        dry_run: bool = False,  # noqa: ARG002 - pyHanko asks; a trial costs 3 ms
    ) -> bytes:
        if digest_algorithm != "sha256":
            raise SigningError("the seal uses SHA-256")
        return self._key.sign(data, PKCS1v15(), hashes.SHA256())


def seal(
    pdf: bytes,
    key: SealKey,
    at: datetime,
    *,
    place: Box | None = None,
    stamper: TimeStamper | None = None,
) -> bytes:
    """The PDF with the institution's seal; ``at`` is the signing time it states.

    ``place``: where the first page shows it (corners in points); None: nowhere. ``stamper``: who
    adds a timestamp (B-T); its bytes differ each time. CPU work of some milliseconds, and a
    request where there is a stamper; call it from any thread. Raises SealFailed, TimestampFailed.
    """
    if at.utcoffset() is None:
        raise SealFailed("the signing time carries its zone")
    try:
        return _complete(_sealed(pdf, key, at, place, stamper))
    except TimestampRequestError as error:
        raise TimestampFailed("the timestamp server gave no timestamp") from error
    except (PdfError, SigningError, ValueError) as error:
        raise SealFailed("the file cannot be sealed") from error


class _Writer(IncrementalPdfFileWriter):
    """Appends the seal alone: pyHanko would also write the clock's time into the metadata."""

    def _update_meta(self) -> None:
        return


def _writer(pdf: bytes, key: SealKey) -> _Writer:
    """A writer whose second file id comes from the input instead of chance."""
    writer = _Writer(BytesIO(pdf))
    if next(iter(writer.prev.embedded_signatures), None) is not None:
        raise SealFailed("the file is sealed already")
    digest = hashlib.sha256(pdf + bytes.fromhex(key.fingerprint)).digest()
    first, _ = writer.document_id
    ids = [generic.ByteStringObject(first), generic.ByteStringObject(digest[:16])]
    writer._document_id = generic.ArrayObject(ids)  # noqa: SLF001 - no public way
    return writer


def _metadata() -> signers.PdfSignatureMetadata:
    return signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )


def _mark(writer: _Writer, key: SealKey, at: datetime, place: Box) -> None:
    """The seal's field with its picture; pyHanko's own would be named by chance."""
    spec = fields.SigFieldSpec(FIELD, on_page=0, box=place)
    fields.append_signature_field(writer, spec)
    language = language_of(writer.root.get("/Lang", "kk"))
    drawn = PdfFileReader(BytesIO(draw_mark(signer_name(key.certificate), at, language, place)))
    page = drawn.root["/Pages"]["/Kids"][0]
    looks = generic.StreamObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/XObject"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/Form"),
            generic.pdf_name("/BBox"): writer.import_object(page["/MediaBox"]),
            generic.pdf_name("/Resources"): writer.import_object(page["/Resources"]),
        },
        stream_data=page["/Contents"].data,
    )
    looks.compress()  # type: ignore[no-untyped-call]
    _, _, field = next(fields.enumerate_sig_fields(writer, with_name=FIELD))
    widget = field.get_object()
    shown = {generic.pdf_name("/N"): writer.add_object(looks)}
    widget["/AP"] = generic.DictionaryObject(shown)  # type: ignore[no-untyped-call]
    writer.update_container(widget)


def signer_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


async def _sealed(
    pdf: bytes, key: SealKey, at: datetime, place: Box | None, stamper: TimeStamper | None
) -> bytes:
    writer = _writer(pdf, key)
    if place is not None:
        _mark(writer, key, at, place)
    signing = signers.PdfSigner(
        _metadata(), _Signer(key), timestamper=stamper, stamp_style=NoOpStampStyle()
    )
    session = signing.init_signing_session(writer, existing_fields_only=place is not None)
    session.system_time = at
    size = await session.estimate_signature_container_size(None)
    prepared = session.prepare_tbs_document(None, bytes_reserved=size)
    digest, output = prepared.digest_tbs_document()
    await prepared.perform_signature(
        digest.document_digest, PdfCMSSignedAttributes(signing_time=at)
    )
    assert isinstance(output, BytesIO)
    return output.getvalue()


def _complete(steps: Coroutine[Any, Any, bytes]) -> bytes:
    """Run on a loop and thread of its own: so it works under a running event loop too."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, steps).result()
