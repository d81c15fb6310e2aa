"""Is a sealed form what was sealed? Checked offline, from the file alone.

Stricter than PDF asks, since every act is made here: one seal, over every byte of the file,
that forbids changes; nothing before, after or beside it.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from asn1crypto import cms  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.generic_cms import validate_sig_integrity

from acts import record
from acts.contracts import Language
from acts.labels import label
from acts.seal import signer_name

_HEADER = b"%PDF-"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found. ``codes`` are stable; ``problems`` say the same in plain words.

    ``digest`` is the file's SHA-256. ``number``, ``revision`` and ``form`` (1–4; 0: an appeal's
    protocol) come from the sealed act.json, form4.json or protocol.json; form 4 has no number.
    ``stamped_at``, ``stamped_by``: of the seal's timestamp (B-T), where it has one;
    ``stamp_trusted``: whether a given certificate vouches for who gave it.
    ``self_made``: the certificate vouches for itself, so it proves who sealed the act only to
    those who know its ``fingerprint``. ``trusted`` is None where no certificates were given.
    """

    digest: str
    codes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    signer: str = ""
    fingerprint: str = ""
    self_made: bool = False
    trusted: bool | None = None
    sealed_at: datetime | None = None
    stamped_at: datetime | None = None
    stamped_by: str = ""
    stamp_trusted: bool | None = None
    number: str = ""
    revision: int = 0
    form: int = 0

    @property
    def intact(self) -> bool:
        return not self.codes


class _Refused(Exception):
    """The check ends here, with a code of ``verify.*``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@contextmanager
def _or(code: str) -> Iterator[None]:
    """Refuse with ``code`` whatever goes wrong: a stranger's bytes trip parsers in any way."""
    try:
        yield
    except _Refused:
        raise
    except Exception as error:
        raise _Refused(code) from error


def verify_act(
    pdf: bytes, trusted: Sequence[x509.Certificate] | None = None, language: Language = "en"
) -> Verification:
    """Check the act's seal. Never raises on a bad file: the answer says what is wrong with it.

    ``trusted``: certificates of the institution; without them only integrity is answered.
    """
    digest = hashlib.sha256(pdf).hexdigest()
    try:
        found = _seal_of(pdf)
        return _answer(found, digest, trusted, language)
    except _Refused as refused:
        return _refusal(digest, refused.code, language)


def _refusal(digest: str, code: str, language: Language, **known: Any) -> Verification:
    return Verification(digest, (code,), (label(f"verify.{code}", language),), **known)


def _answer(
    found: EmbeddedPdfSignature,
    digest: str,
    trusted: Sequence[x509.Certificate] | None,
    language: Language,
) -> Verification:
    certificate = _certificate(found)
    known: dict[str, Any] = {
        "signer": signer_name(certificate),
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(),
        "self_made": certificate.issuer == certificate.subject,
        "trusted": None if trusted is None else vouched(certificate, trusted),
    }
    try:
        _check_integrity(found)
        known |= _timestamp(found, trusted)
        known |= _act(found)
    except _Refused as refused:
        return _refusal(digest, refused.code, language, **known)
    if known["trusted"] is False:
        return _refusal(digest, "other_key", language, **known)
    return Verification(digest, **known)


def _seal_of(pdf: bytes) -> EmbeddedPdfSignature:
    """The file's only signature, if it covers the file from its first byte to its last."""
    if not pdf.startswith(_HEADER):
        raise _Refused("not_pdf")
    with _or("unreadable"):
        reader = PdfFileReader(BytesIO(pdf), strict=True)
        seals: list[EmbeddedPdfSignature] = list(reader.embedded_signatures)
    if len(seals) != 1:
        raise _Refused("many_seals" if seals else "no_seal")
    _check_cover(seals[0], pdf)
    return seals[0]


def _check_cover(found: EmbeddedPdfSignature, pdf: bytes) -> None:
    """Two covered ranges, and between them nothing but this signature and its zero padding."""
    with _or("not_covered"):
        zero, first, second, rest = (int(number) for number in found.byte_range)
    if zero != 0 or second + rest != len(pdf):
        raise _Refused("not_covered")
    with _or("seal_unreadable"):
        digits = _envelope(found).hex().upper().encode()
    gap = pdf[first:second]
    if not gap.startswith(b"<" + digits):
        raise _Refused("seal_unreadable")
    padding = gap[1 + len(digits) :]
    if not padding.endswith(b">") or padding[:-1].strip(b"0"):
        raise _Refused("not_covered")


def _envelope(found: EmbeddedPdfSignature) -> bytes:
    """The signature's DER as this system writes it, made anew from its signed parts.

    Equal bytes prove that nothing was hidden in the parts that no signature covers.
    """
    certificate = found.signer_cert
    unsigned = found.signer_info["unsigned_attrs"]
    token = {} if not unsigned else {"unsigned_attrs": [_only_timestamp(unsigned)]}
    issued = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier("issuer_and_serial_number", issued),
            "digest_algorithm": {"algorithm": "sha256"},
            "signed_attrs": found.signer_info["signed_attrs"],
            "signature_algorithm": {"algorithm": "sha256_rsa"},
            "signature": found.signer_info["signature"],
            **token,
        }
    )
    content = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "data"},
            "certificates": [cms.CertificateChoices("certificate", certificate)],
            "signer_infos": [signer],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": content}).dump())


def _only_timestamp(unsigned: Any) -> Any:
    """The seal's one timestamp; whatever else stood there is not written anew."""
    stamps = [one for one in unsigned if one["type"].native == "signature_time_stamp_token"]
    if len(stamps) != 1 or len(stamps[0]["values"]) != 1:
        raise _Refused("seal_unreadable")
    return stamps[0]


def _timestamp(
    found: EmbeddedPdfSignature, trusted: Sequence[x509.Certificate] | None
) -> dict[str, Any]:
    """When and by whom the seal was timestamped; the token must be over this very seal.

    Its certificate must be one for timestamps (RFC 3161 §2.3). The seal does not cover the token:
    it says no more than that somebody with that certificate saw the seal then.
    """
    unsigned = found.signer_info["unsigned_attrs"]
    if not unsigned:
        return {}
    with _or("timestamp_forged"):
        signed = _only_timestamp(unsigned)["values"][0]["content"]
        info = signed["encap_content_info"]["content"].parsed
        (signer,) = signed["signer_infos"]
        certificates = [one.chosen for one in signed["certificates"]]
        serial = signer["sid"].chosen["serial_number"].native
        certificate = next(one for one in certificates if one.serial_number == serial)
        giver = x509.load_der_x509_certificate(certificate.dump())
        usage = giver.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        content = signed["encap_content_info"]["content"].contents
        digest = hashlib.new(signer["digest_algorithm"]["algorithm"].native, content).digest()
        intact, valid = validate_sig_integrity(signer, certificate, "tst_info", digest)
        imprint = info["message_imprint"]
        method = imprint["hash_algorithm"]["algorithm"].native
        sealed = hashlib.new(method, found.signer_info["signature"].native).digest()
    if not (intact and valid) or imprint["hashed_message"].native != sealed:
        raise _Refused("timestamp_forged")
    if ExtendedKeyUsageOID.TIME_STAMPING not in usage:
        raise _Refused("timestamp_forged")
    return {
        "stamped_at": info["gen_time"].native,
        "stamped_by": signer_name(giver),
        "stamp_trusted": None if trusted is None else vouched(giver, trusted),
    }


def _certificate(found: EmbeddedPdfSignature) -> x509.Certificate:
    with _or("seal_unreadable"):
        return x509.load_der_x509_certificate(found.signer_cert.dump())


def vouched(certificate: x509.Certificate, trusted: Sequence[x509.Certificate]) -> bool:
    return any(certificate == known or _issued(certificate, known) for known in trusted)


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _check_integrity(found: EmbeddedPdfSignature) -> None:
    with _or("seal_forged"):
        digest = found.compute_digest("sha256")
        intact, valid = validate_sig_integrity(found.signer_info, found.signer_cert, "data", digest)
    if not intact:
        raise _Refused("content_changed")
    if not valid:
        raise _Refused("seal_forged")
    with _or("not_final"):
        final = found.docmdp_level is MDPPerm.NO_CHANGES
    if not final:
        raise _Refused("not_final")


def sealed_record(pdf: bytes) -> bytes | None:
    """The record inside a sealed form, as it was attached; None where there is none to read.

    Reads only: whether the seal holds is ``verify_act``'s question.
    """
    try:
        return _record(_seal_of(pdf))
    except _Refused:
        return None


def _record(found: EmbeddedPdfSignature) -> bytes:
    with _or("not_act"):
        tree = found.reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
        files = {str(tree[place]): tree[place + 1] for place in range(0, len(tree), 2)}
        (name,) = files.keys() & {record.NAME, record.FORM_4_NAME, record.PROTOCOL_NAME}
        return bytes(files[name]["/EF"]["/F"].data)


def _act(found: EmbeddedPdfSignature) -> dict[str, Any]:
    """What the sealed record and the seal say; a form of this system has both."""
    with _or("not_act"):
        act = json.loads(_record(found))
        protocol = act["format"] == record.PROTOCOL_FORMAT
        if not protocol and act["format"] not in {record.FORMAT, record.FORM_4_FORMAT}:
            raise _Refused("not_act")
        if act.get("draft"):
            raise _Refused("draft")
        return {
            "form": 0 if protocol else int(act.get("form", 1)),
            "number": str(act.get("number", "")),
            "revision": int(act.get("revision", 1)),
            "sealed_at": found.self_reported_timestamp,
        }
