"""A person's signature beside an act's PDF: detached CMS (RFC 5652), as NCALayer makes it.

Whoever signs does so with a certificate of a national authority; which authorities are trusted
the institution says. Nothing is asked of the network: revocation is not looked up.
"""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from asn1crypto import cms  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import ExpiredError, NotYetValidError

from acts.contracts import Language
from acts.errors import SignatureUnreadable, SignersCaUnreadable

_PEM: Final = b"-----BEGIN "
_AUTHORITY_FILES: Final = frozenset({".pem", ".crt", ".cer"})
_DIGESTS: Final = frozenset({"sha256", "sha384", "sha512"})
_METHODS: Final = frozenset({"rsassa_pkcs1v15", "rsassa_pss", "ecdsa"})
_SIGNING: Final = "non_repudiation"  # a key to log in with signs no document
_NAME_LIMIT: Final = 200
_MOST_BETWEEN: Final = 4  # authorities between; many of one name would make endless paths


class SignatureProblem(StrEnum):
    """Why an attached signature is not verified. Stored codes."""

    NOT_DETACHED = "not_detached"  # it carries a document of its own
    NOT_ONE_SIGNER = "not_one_signer"
    NO_CERTIFICATE = "no_certificate"
    UNKNOWN_ALGORITHM = "unknown_algorithm"  # GOST, or one that is too weak
    OTHER_DOCUMENT = "other_document"
    FORGED = "forged"
    NO_AUTHORITIES = "no_authorities"  # the institution trusts none yet
    UNKNOWN_AUTHORITY = "unknown_authority"
    NOT_VALID_NOW = "not_valid_now"  # the certificate, when the signature was attached
    NOT_FOR_SIGNING = "not_for_signing"


@dataclass(frozen=True, slots=True)
class PersonSignature:
    """``language``: of the PDF that was signed, or was said to be. ``problem`` None: verified.

    ``subject`` and ``issuer`` are what the certificate says, empty where it cannot be read;
    vouched for only where the signature is verified.
    """

    language: Language
    subject: str = ""
    issuer: str = ""
    problem: SignatureProblem | None = None


class _Refused(Exception):
    def __init__(self, problem: SignatureProblem) -> None:
        super().__init__(problem)
        self.problem = problem


@contextmanager
def _or(problem: SignatureProblem) -> Iterator[None]:
    """Refuse with ``problem`` whatever goes wrong: a stranger's bytes trip parsers in any way."""
    try:
        yield
    except _Refused:
        raise
    except Exception as error:
        raise _Refused(problem) from error


def read_authorities(path: Path) -> tuple[x509.Certificate, ...]:
    """Certificates of a file, or of a folder's .pem, .crt and .cer files (PEM or DER).

    Raises SignersCaUnreadable, also where there is none.
    """
    try:
        files = [path]
        if path.is_dir():
            files = sorted(one for one in path.iterdir() if one.suffix in _AUTHORITY_FILES)
        found = [one for file in files for one in _certificates(file.read_bytes())]
    except (OSError, ValueError) as error:
        raise SignersCaUnreadable("the signers' authorities cannot be read") from error
    if not found:
        raise SignersCaUnreadable("there is no certificate of a signers' authority")
    return tuple(found)


def _certificates(content: bytes) -> list[x509.Certificate]:
    if _PEM in content:
        return x509.load_pem_x509_certificates(content)
    return [x509.load_der_x509_certificate(content)]


def as_der(content: bytes) -> bytes:
    """The CMS of a file in DER (or BER), base64 or PEM. Raises SignatureUnreadable."""
    content = content.strip() if content[:1] != b"\x30" else content
    if content.startswith(_PEM):
        lines = content.splitlines()
        content = b"".join(line for line in lines if not line.startswith(b"-----"))
    if content[:1] != b"\x30":
        try:
            content = base64.b64decode(b"".join(content.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise SignatureUnreadable from error
    _signed_data(content)
    return content


def check_signature(
    der: bytes,
    pdfs: Mapping[Language, bytes],
    authorities: Sequence[x509.Certificate],
    at: datetime,
) -> PersonSignature:
    """Whose signature over which of the act's PDFs it is; ``at``: when it was attached.

    ``pdfs``: first the one that is said to be signed. CPU work of some milliseconds; call it from
    a thread, where no event loop runs. Raises SignatureUnreadable where it is no CMS.
    """
    found = PersonSignature(next(iter(pdfs)))
    signed = _signed_data(der)
    try:
        signer, certificate, others = _signer(signed)
        subject, issuer = _names(certificate)
        found = replace(found, subject=subject, issuer=issuer)
        _check_detached(signed)
        _check_algorithms(signer)
        found = replace(found, language=_language_signed(signer, certificate, pdfs))
        asyncio.run(_check_trust(certificate, others, authorities, at))
    except _Refused as refused:
        return replace(found, problem=refused.problem)
    return found


def _signed_data(der: bytes) -> Any:
    try:
        content = cms.ContentInfo.load(der, strict=True)
        kind, signed = content["content_type"].native, content["content"]
        len(signed["signer_infos"])  # parses it
    except Exception as error:
        raise SignatureUnreadable from error
    if kind != "signed_data":
        raise SignatureUnreadable
    return signed


def _signer(signed: Any) -> tuple[Any, Any, Sequence[Any]]:
    """(signer, certificate, further certificates)."""
    with _or(SignatureProblem.NOT_ONE_SIGNER):
        (signer,) = signed["signer_infos"]
    with _or(SignatureProblem.NO_CERTIFICATE):
        known = extract_certificate_info(signed)
    return signer, known.signer_cert, known.other_certs[:_MOST_BETWEEN]


def _names(certificate: Any) -> tuple[str, str]:
    """(subject, issuer); empty where they cannot be read: the checks then tell the problem."""
    try:
        known = x509.load_der_x509_certificate(certificate.dump())
        return _name(known.subject), _name(known.issuer)
    except Exception:  # noqa: BLE001 - a stranger's bytes trip parsers in any way
        return "", ""


def _name(name: x509.Name) -> str:
    """The common name alone: what else stands there (a person's number) is for nobody's eyes."""
    common = [str(one.value) for one in name.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return " ".join("".join(common[:1]).replace("\0", "").split())[:_NAME_LIMIT]


def _check_detached(signed: Any) -> None:
    with _or(SignatureProblem.NOT_DETACHED):
        if signed["encap_content_info"]["content"].native is not None:
            raise _Refused(SignatureProblem.NOT_DETACHED)


def _check_algorithms(signer: Any) -> None:
    with _or(SignatureProblem.UNKNOWN_ALGORITHM):
        digest = signer["digest_algorithm"]["algorithm"].native
        method = signer["signature_algorithm"]
        try:
            hashed = method.hash_algo
        except ValueError:  # plain RSA names none: then the digest's counts
            hashed = digest
        if not {digest, hashed} <= _DIGESTS or method.signature_algo not in _METHODS:
            raise _Refused(SignatureProblem.UNKNOWN_ALGORITHM)


def _language_signed(signer: Any, certificate: Any, pdfs: Mapping[Language, bytes]) -> Language:
    method = signer["digest_algorithm"]["algorithm"].native
    for language, pdf in pdfs.items():
        with _or(SignatureProblem.FORGED):
            digest = hashlib.new(method, pdf).digest()
            intact, valid = validate_sig_integrity(signer, certificate, "data", digest)
        if intact and not valid:
            raise _Refused(SignatureProblem.FORGED)
        if intact:
            return language
    raise _Refused(SignatureProblem.OTHER_DOCUMENT)


async def _check_trust(
    certificate: Any,
    others: Sequence[Any],
    authorities: Sequence[x509.Certificate],
    at: datetime,
) -> None:
    """A path from the certificate to a trusted one, all of it valid then; RFC 5280."""
    if not authorities:
        raise _Refused(SignatureProblem.NO_AUTHORITIES)
    context = ValidationContext(
        trust_roots=[_asn1(one) for one in authorities],
        other_certs=others,
        moment=at,
        allow_fetching=False,
    )
    with _or(SignatureProblem.UNKNOWN_AUTHORITY):
        try:
            await CertificateValidator(
                certificate, validation_context=context
            ).async_validate_path()
        except (ExpiredError, NotYetValidError):
            raise _Refused(SignatureProblem.NOT_VALID_NOW) from None
        usage = certificate.key_usage_value
        if usage is not None and _SIGNING not in usage.native:
            raise _Refused(SignatureProblem.NOT_FOR_SIGNING)


def _asn1(certificate: x509.Certificate) -> Any:
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
