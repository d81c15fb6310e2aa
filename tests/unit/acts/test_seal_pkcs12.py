"""The institution's own seal: a PKCS#12 file as a certification authority hands it out."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from acts.errors import SealKeyUnreadable, SealKeyUnsuitable, SealPasswordWrong
from acts.form1 import render_act
from acts.package import PackageContents, make_package
from acts.package_verify import verify_package
from acts.seal import SealKey, seal
from acts.verify import verify_act

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PASSWORD = "құпия"


def _certificate(subject: str, public_key, issuer: str, signing_key, days: int = 365):
    name, by = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)]) for who in (subject, issuer)
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(by)
        .public_key(public_key)
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=400))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(signing_key, hashes.SHA256())
    )


def _packed(key, certificate, password: str = PASSWORD) -> bytes:
    lock = (
        serialization.BestAvailableEncryption(password.encode())
        if password
        else serialization.NoEncryption()
    )
    return pkcs12.serialize_key_and_certificates(b"seal", key, certificate, None, lock)


@pytest.fixture(scope="module")
def authority():
    """(key, certificate) of a certification authority."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key, _certificate("Authority", key.public_key(), "Authority", key)


@pytest.fixture(scope="module")
def private_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def file(tmp_path, authority, private_key):
    path = tmp_path / "seal.p12"
    issued = _certificate("University", private_key.public_key(), "Authority", authority[0])
    path.write_bytes(_packed(private_key, issued))
    return path


def test_acts_are_sealed_with_the_institutions_own_key(file, authority, make_act, other_key):
    key = SealKey.from_pkcs12(file, PASSWORD, NOW)
    assert not key.self_made
    act = make_act(1)
    pdf = seal(render_act(act, "kk"), key, act.made_at)
    assert pdf == seal(render_act(act, "kk"), key, act.made_at)
    found = verify_act(pdf, [authority[1]])
    assert (found.intact, found.signer, found.self_made) == (True, "University", False)
    assert verify_act(pdf, [other_key.certificate]).codes == ("other_key",)
    package = make_package(PackageContents({"kk": pdf}), key)
    assert verify_package(package, [authority[1]]).intact
    assert verify_package(package, [other_key.certificate]).codes == ("other_key",)


@pytest.mark.parametrize("wrong", ["", "other"])
def test_a_wrong_password_is_told_as_such(file, wrong):
    with pytest.raises(SealPasswordWrong) as refused:
        SealKey.from_pkcs12(file, wrong, NOW)
    assert refused.value.code == "seal_password_wrong"
    assert wrong == "" or wrong not in str(refused.value)


def test_a_file_without_a_password_opens(tmp_path, private_key):
    path = tmp_path / "open.p12"
    own = _certificate("Self", private_key.public_key(), "Self", private_key)
    path.write_bytes(_packed(private_key, own, ""))
    assert SealKey.from_pkcs12(path, "", NOW).self_made


@pytest.mark.parametrize("content", [b"", b"no key", b"\x30\x03\x02\x01\x03", None])
def test_what_is_no_pkcs12_is_told_as_such(tmp_path, content):
    path = tmp_path / "seal.p12"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SealKeyUnreadable) as refused:
        SealKey.from_pkcs12(path, PASSWORD, NOW)
    assert refused.value.code == "seal_key_unreadable"


def test_half_a_file_is_refused(file):
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(SealKeyUnreadable):
        SealKey.from_pkcs12(file, PASSWORD, NOW)


@pytest.mark.parametrize("when", [NOW - timedelta(days=500), NOW + timedelta(days=366)])
def test_a_certificate_that_is_not_valid_today_is_refused(file, when):
    with pytest.raises(SealKeyUnsuitable, match="not valid today"):
        SealKey.from_pkcs12(file, PASSWORD, when)


def test_a_key_that_is_not_rsa_is_refused(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "seal.p12"
    path.write_bytes(_packed(key, _certificate("Curve", key.public_key(), "Curve", key)))
    with pytest.raises(SealKeyUnsuitable, match="RSA") as refused:
        SealKey.from_pkcs12(path, PASSWORD, NOW)
    assert refused.value.code == "seal_key_unsuitable"


def test_a_certificate_without_its_key_is_refused(tmp_path, authority):
    path = tmp_path / "seal.p12"
    lock = serialization.BestAvailableEncryption(PASSWORD.encode())
    path.write_bytes(pkcs12.serialize_key_and_certificates(None, None, None, [authority[1]], lock))
    with pytest.raises(SealKeyUnsuitable, match="lacks"):
        SealKey.from_pkcs12(path, PASSWORD, NOW)
