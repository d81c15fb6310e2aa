"""The visible seal and its timestamp (B-T), by a timestamp authority made for the test."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from asn1crypto import cms, keys, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import CertificateBuilder, ExtendedKeyUsage, Name, NameAttribute
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

from acts.errors import TimestampFailed
from acts.form1 import render_act
from acts.seal import SealKey, seal
from acts.seal_mark import PLACE
from acts.verify import verify_act
from tests.unit.acts.test_verify import _contents, _recode

STAMPED = datetime(2026, 11, 22, 7, 31, tzinfo=UTC)


def _stamper(key: SealKey) -> DummyTimeStamper:
    certificate = x509.Certificate.load(key.certificate.public_bytes(Encoding.DER))
    private = key.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return DummyTimeStamper(certificate, keys.PrivateKeyInfo.load(private), fixed_dt=STAMPED)


class Unreachable(TimeStamper):
    async def async_request_tsa_response(self, req: object) -> None:
        raise TimestampRequestError("no answer")


@pytest.fixture(scope="module")
def authority() -> SealKey:
    """Whose certificate says that it is for timestamps (RFC 3161 §2.3)."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = Name([NameAttribute(NameOID.COMMON_NAME, "National TSA")])
    certificate = (
        CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(STAMPED - timedelta(days=1))
        .not_valid_after(STAMPED + timedelta(days=365))
        .add_extension(ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(private, hashes.SHA256())
    )
    return SealKey(private, certificate)


@pytest.fixture(scope="module")
def stamped(make_act, seal_key, authority) -> bytes:
    act = make_act(1)
    pdf = render_act(act, "kk")
    return seal(pdf, seal_key, act.made_at, place=PLACE, stamper=_stamper(authority))


def test_the_seal_is_shown_on_the_first_page_and_the_same_bytes_again(make_act, seal_key):
    act = make_act(1)
    pdf = render_act(act, "ru")
    sealed = seal(pdf, seal_key, act.made_at, place=PLACE)
    assert sealed == seal(pdf, seal_key, act.made_at, place=PLACE)
    root = PdfFileReader(BytesIO(sealed)).root
    (field,) = root["/AcroForm"]["/Fields"]
    widget = field.get_object()
    assert [int(edge) for edge in widget["/Rect"]] == list(PLACE)
    assert widget["/AP"]["/N"]["/Subtype"] == "/Form"


def test_a_timestamp_tells_when_and_by_whom(stamped, seal_key):
    found = verify_act(stamped, [seal_key.certificate])
    assert found.intact
    assert found.stamped_at == STAMPED
    assert found.stamped_by == "National TSA"
    assert verify_act(stamped).sealed_at is not None


def test_only_a_known_authority_s_timestamp_is_trusted(stamped, seal_key, authority):
    """The seal does not cover the token: anybody can put one with any name there."""
    assert verify_act(stamped).stamp_trusted is None
    assert verify_act(stamped, [seal_key.certificate]).stamp_trusted is False
    both = [seal_key.certificate, authority.certificate]
    assert verify_act(stamped, both).stamp_trusted is True


def test_a_certificate_that_is_not_for_timestamps_gives_none(make_act, seal_key, other_key):
    act = make_act(0)
    pdf = seal(render_act(act, "kk"), seal_key, act.made_at, stamper=_stamper(other_key))
    assert verify_act(pdf).codes == ("timestamp_forged",)


def test_a_server_that_does_not_answer_is_told(make_act, seal_key):
    act = make_act(0)
    with pytest.raises(TimestampFailed):
        seal(render_act(act, "kk"), seal_key, act.made_at, stamper=Unreachable())


def _token(content: cms.SignedData) -> cms.SignedData:
    return content["signer_infos"][0]["unsigned_attrs"][0]["values"][0]["content"]


def _forged(content: cms.SignedData) -> None:
    signer = _token(content)["signer_infos"][0]
    value = bytearray(signer["signature"].native)
    value[3] ^= 1
    signer["signature"] = bytes(value)


def _doubled(content: cms.SignedData) -> None:
    attributes = content["signer_infos"][0]["unsigned_attrs"]
    attributes.append(attributes[0])


@pytest.mark.parametrize("edit", [_forged, _doubled], ids=["forged", "doubled"])
def test_a_tampered_timestamp_is_refused(stamped, edit):
    found = verify_act(_recode(edit)(stamped))
    assert not found.intact
    assert set(found.codes) <= {"timestamp_forged", "seal_unreadable", "unreadable", "not_covered"}


def test_the_timestamp_of_another_seal_is_refused(stamped, make_act, seal_key, authority):
    other = make_act(1, number="2026-000124")
    second = seal(
        render_act(other, "kk"), seal_key, other.made_at, place=PLACE, stamper=_stamper(authority)
    )
    _, digits = _contents(second)
    donor = cms.ContentInfo.load(bytes.fromhex(digits.decode()))["content"]

    def exchange(content: cms.SignedData) -> None:
        taken = donor["signer_infos"][0]["unsigned_attrs"]
        content["signer_infos"][0]["unsigned_attrs"] = taken

    assert verify_act(_recode(exchange)(stamped)).codes == ("timestamp_forged",)
