"""People's detached signatures beside an act, by certificates made for the test."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from acts.errors import SignatureUnreadable, SignersCaUnreadable
from acts.signatures import (
    PersonSignature,
    SignatureProblem,
    as_der,
    check_signature,
    read_authorities,
)

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
PDFS = {"kk": b"%PDF kk", "ru": b"%PDF ru", "en": b"%PDF en"}
GOST_DIGEST, GOST_SIGNATURE = "1.2.398.3.10.1.3.3", "1.2.398.3.10.1.1.2.3.2"
DETACHED = (pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary)
SIGNER = "НҰРЛАНҰЛЫ ӘЛИХАН"
AUTHORITY = "ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ"


@dataclass(frozen=True)
class Pair:
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def signed(self, content: bytes, options=DETACHED, chain=()) -> bytes:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
        builder = builder.add_signer(self.certificate, self.key, hashes.SHA256())
        for one in chain:
            builder = builder.add_certificate(one.certificate)
        return builder.sign(serialization.Encoding.DER, options)


def pair(name: str, issuer: Pair | None = None, *, curve=False, signs=True, days=365) -> Pair:
    """``signs`` False: a key to log in with."""
    key = (
        ec.generate_private_key(ec.SECP256R1())
        if curve
        else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    subject = [
        x509.NameAttribute(NameOID.COMMON_NAME, name),
        x509.NameAttribute(NameOID.SERIAL_NUMBER, "IIN050101500123"),
    ]
    authority = issuer is None or name.startswith("CA")
    usage = dict.fromkeys(
        (
            *("digital_signature", "content_commitment", "key_encipherment", "crl_sign"),
            *("data_encipherment", "key_agreement", "key_cert_sign"),
            *("encipher_only", "decipher_only"),
        ),
        False,
    )
    usage |= {"digital_signature": True, "content_commitment": signs, "key_cert_sign": authority}
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(subject))
        .issuer_name(issuer.certificate.subject if issuer else x509.Name(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(AT - timedelta(days=400))
        .not_valid_after(AT + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )
    return Pair(key, certificate)


@pytest.fixture(scope="module")
def authority() -> Pair:
    return pair(AUTHORITY)


@pytest.fixture(scope="module")
def person(authority) -> Pair:
    return pair(SIGNER, authority)


def check(signature: bytes, *trusted: Pair, pdfs=PDFS, at=AT) -> PersonSignature:
    return check_signature(signature, pdfs, [one.certificate for one in trusted], at)


def changed(signature: bytes, change) -> bytes:
    """The same CMS with something of it set anew."""
    info = cms.ContentInfo.load(signature)
    change(info["content"])
    return info.dump(force=True)


def test_a_good_signature_names_its_person_and_authority(authority, person):
    found = check(person.signed(PDFS["kk"]), authority)
    assert found == PersonSignature("kk", SIGNER, AUTHORITY, None)
    assert "IIN" not in str(found)


def test_the_language_follows_from_what_was_signed(authority, person):
    assert check(person.signed(PDFS["en"]), authority).language == "en"


def test_without_signed_attributes_it_is_as_good(authority, person):
    plain = person.signed(PDFS["ru"], (*DETACHED, pkcs7.PKCS7Options.NoAttributes))
    assert check(plain, authority) == PersonSignature("ru", SIGNER, AUTHORITY, None)


def _indefinite(tag: int, *parts: bytes) -> bytes:
    return bytes([tag, 0x80]) + b"".join(parts) + b"\0\0"


def test_lengths_may_be_left_open_as_java_writes_them(authority, person):
    info = cms.ContentInfo.load(person.signed(PDFS["kk"]))
    signed = info["content"]
    certificates = [one.chosen.untag().dump() for one in signed["certificates"]]
    ber = _indefinite(
        0x30,
        info["content_type"].dump(),
        _indefinite(
            0xA0,
            _indefinite(
                0x30,
                signed["version"].dump(),
                signed["digest_algorithms"].dump(),
                _indefinite(0x30, signed["encap_content_info"]["content_type"].dump()),
                _indefinite(0xA0, *certificates),
                _indefinite(0x31, *(one.dump() for one in signed["signer_infos"])),
            ),
        ),
    )
    assert check(as_der(base64.b64encode(ber)), authority).problem is None


def test_elliptic_curves_are_known(authority):
    person = pair(SIGNER, authority, curve=True)
    assert check(person.signed(PDFS["kk"]), authority).problem is None


def test_an_authority_between_is_found_in_the_signature(authority):
    between = pair("CA 2", authority)
    person = pair(SIGNER, between)
    signature = person.signed(PDFS["kk"], chain=[between])
    assert check(signature, authority) == PersonSignature("kk", SIGNER, "CA 2", None)
    assert check(person.signed(PDFS["kk"]), authority).problem == "unknown_authority"


def test_another_authority_does_not_vouch(authority, person):
    found = check(person.signed(PDFS["kk"]), pair(AUTHORITY))
    assert found == PersonSignature("kk", SIGNER, AUTHORITY, SignatureProblem.UNKNOWN_AUTHORITY)
    alone = pair(SIGNER)
    assert check(alone.signed(PDFS["kk"]), authority).problem == "unknown_authority"


def test_a_person_certifies_nobody(authority, person):
    """No path through a certificate that is no authority's."""
    other = pair("X", person)
    signature = other.signed(PDFS["kk"], chain=[person])
    assert check(signature, authority).problem == "unknown_authority"


def test_without_authorities_it_is_attached_only(person):
    assert check(person.signed(PDFS["kk"])).problem == "no_authorities"


@pytest.mark.parametrize("days", [366, -401])
def test_the_certificate_must_be_valid_when_it_is_attached(authority, person, days):
    at = AT + timedelta(days=days)
    assert check(person.signed(PDFS["kk"]), authority, at=at).problem == "not_valid_now"


def test_a_key_to_log_in_with_signs_no_act(authority):
    person = pair(SIGNER, authority, signs=False)
    assert check(person.signed(PDFS["kk"]), authority).problem == "not_for_signing"


def test_a_signature_over_another_document_is_told(authority, person):
    found = check(person.signed(b"%PDF other"), authority)
    assert (found.problem, found.subject, found.language) == ("other_document", SIGNER, "kk")


def test_a_changed_pdf_is_another_document(authority, person):
    pdfs = {"kk": PDFS["kk"][:-1] + b"\x00"}
    assert check(person.signed(PDFS["kk"]), authority, pdfs=pdfs).problem == "other_document"


def test_a_flipped_byte_of_the_signature_is_a_forgery(authority, person):
    signature = bytearray(person.signed(PDFS["kk"]))
    signature[-3] ^= 1  # the last field is the signature itself
    assert check(bytes(signature), authority).problem == "forged"


def test_a_flipped_byte_of_the_certificate_is_never_verified(authority, person):
    signature = person.signed(PDFS["kk"])
    start = signature.index(person.certificate.tbs_certificate_bytes)
    for place in range(start, start + len(person.certificate.tbs_certificate_bytes), 23):
        flipped = bytearray(signature)
        flipped[place] ^= 1
        try:
            found = check(bytes(flipped), authority)
        except SignatureUnreadable:
            continue
        assert found.problem is not None, place


def test_an_attached_signature_is_not_detached(authority, person):
    enclosing = person.signed(PDFS["kk"], (pkcs7.PKCS7Options.Binary,))
    assert check(enclosing, authority) == PersonSignature(
        "kk", SIGNER, AUTHORITY, SignatureProblem.NOT_DETACHED
    )


def _gost(signed) -> None:
    (signer,) = signed["signer_infos"]
    signer["digest_algorithm"] = {"algorithm": GOST_DIGEST}
    signer["signature_algorithm"] = {"algorithm": GOST_SIGNATURE}


def _sha1(signed) -> None:
    (signer,) = signed["signer_infos"]
    signer["digest_algorithm"] = {"algorithm": "sha1"}


def _doubled(signed) -> None:
    (signer,) = signed["signer_infos"]
    signed["signer_infos"] = [signer, signer]


def _unsigned(signed) -> None:
    signed["signer_infos"] = []


def _bare(signed) -> None:
    signed["certificates"] = []


@pytest.mark.parametrize(
    ("change", "problem", "subject"),
    [
        (_gost, "unknown_algorithm", SIGNER),
        (_sha1, "unknown_algorithm", SIGNER),
        (_doubled, "not_one_signer", ""),
        (_unsigned, "not_one_signer", ""),
        (_bare, "no_certificate", ""),
    ],
    ids=["gost", "sha1", "two signers", "nobody", "no certificate"],
)
def test_what_cannot_be_checked_says_why(authority, person, change, problem, subject):
    found = check(changed(person.signed(PDFS["kk"]), change), authority)
    assert (found.problem, found.subject) == (problem, subject)


def test_base64_and_pem_are_the_same_signature(person):
    signature = person.signed(PDFS["kk"])
    text = base64.encodebytes(signature)
    pem = b"-----BEGIN CMS-----\r\n" + text.replace(b"\n", b"\r\n") + b"-----END CMS-----\r\n"
    assert as_der(signature) == as_der(b"\n " + text) == as_der(pem) == signature


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"0", b"\x30\x80", b"%PDF-1.7", b"no signature", b"\x30\x03\x02\x01\x01"),
        *(b"-----BEGIN CMS-----", b"<xml/>", b"\xff" * 900, "қол".encode()),
        cms.ContentInfo({"content_type": "data", "content": b"x"}).dump(),
    ],
    ids=range(11),
)
def test_what_is_no_cms_is_refused(content):
    with pytest.raises(SignatureUnreadable) as refused:
        as_der(content)
    assert refused.value.code == "signature_unreadable"


def test_a_cut_signature_is_refused(person):
    signature = person.signed(PDFS["kk"])
    for most in range(1, len(signature), 97):
        with pytest.raises(SignatureUnreadable):
            as_der(signature[:most])


def test_authorities_are_read_from_a_file_or_a_folder(tmp_path, authority):
    other = pair("CA 2")
    (tmp_path / "a.pem").write_bytes(authority.pem() + other.pem())
    der = other.certificate.public_bytes(serialization.Encoding.DER)
    (tmp_path / "b.cer").write_bytes(der)
    (tmp_path / "README").write_bytes(b"no certificate")
    both = (authority.certificate, other.certificate)
    assert read_authorities(tmp_path / "a.pem") == both
    assert read_authorities(tmp_path) == (*both, other.certificate)


@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAA=="])
def test_authorities_that_are_none_are_told(tmp_path, content):
    (tmp_path / "a.pem").write_bytes(content)
    for path in (tmp_path / "a.pem", tmp_path, tmp_path / "none.pem"):
        with pytest.raises(SignersCaUnreadable):
            read_authorities(path)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SignersCaUnreadable):
        read_authorities(empty)
