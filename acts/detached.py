"""The institution's signature beside a file: CMS (RFC 5652), detached, deterministic.

Any CMS tool checks it, e.g. ``openssl cms -verify -binary -inform DER -in F.p7s -content F``.
"""

from asn1crypto import cms  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from acts.seal import SealKey


def sign_detached(content: bytes, key: SealKey) -> bytes:
    """DER; the same content and key give the same bytes."""
    signature = key.private_key.sign(content, PKCS1v15(), hashes.SHA256())
    return _envelope(key.certificate, signature)


def signer_of(content: bytes, signature: bytes) -> x509.Certificate | None:
    """Whose signature over ``content`` it is; None if it is none, or not written as here."""
    try:
        signed = cms.ContentInfo.load(signature, strict=True)["content"]
        der = signed["certificates"][0].chosen.dump()
        raw = signed["signer_infos"][0]["signature"].native
        certificate = x509.load_der_x509_certificate(der)
        public_key = certificate.public_key()
        if not isinstance(public_key, rsa.RSAPublicKey):
            return None
        public_key.verify(raw, content, PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return None
    except Exception:  # noqa: BLE001 - a stranger's bytes trip parsers in any way
        return None
    # Nothing may hide in the parts that no signature covers.
    return certificate if _envelope(certificate, raw) == signature else None


def _envelope(certificate: x509.Certificate, signature: bytes) -> bytes:
    der = certificate.public_bytes(serialization.Encoding.DER)
    known = asn1_x509.Certificate.load(der)
    issued = {"issuer": known.issuer, "serial_number": known.serial_number}
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier("issuer_and_serial_number", issued),
            "digest_algorithm": {"algorithm": "sha256"},
            "signature_algorithm": {"algorithm": "sha256_rsa"},
            "signature": signature,
        }
    )
    content = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "data"},
            "certificates": [cms.CertificateChoices("certificate", known)],
            "signer_infos": [signer],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": content}).dump())
