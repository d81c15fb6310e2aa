import asyncio
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import BytesIO

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm

from acts.errors import SealFailed, SealKeyUnreadable
from acts.form1 import render_act
from acts.seal import FIELD, SealKey, seal
from acts.verify import verify_act


@pytest.fixture(scope="module")
def act(make_act):
    return make_act(1)


@pytest.fixture(scope="module")
def pdf(act):
    return render_act(act, "kk")


def test_a_key_is_made_on_first_start_and_kept(key_path):
    first = SealKey.load_or_create(key_path)
    assert SealKey.load_or_create(key_path).fingerprint == first.fingerprint
    assert first.self_made
    assert "self-made" in first.certificate.subject.rfc4514_string()


def test_only_the_owner_may_read_the_key(key_path):
    SealKey.load_or_create(key_path)
    assert stat.S_IMODE(key_path.stat().st_mode) == 0o600
    assert list(key_path.parent.iterdir()) == [key_path]  # no draft is left beside it


def test_processes_that_start_together_agree_on_one_key(key_path):
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(SealKey.load_or_create, [key_path] * 4))
    assert len({key.fingerprint for key in keys}) == 1


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAA==\n"])
def test_an_unreadable_key_is_never_replaced(tmp_path, content):
    path = tmp_path / "seal.pem"
    path.write_bytes(content)
    with pytest.raises(SealKeyUnreadable) as refused:
        SealKey.load_or_create(path)
    assert refused.value.code == "seal_key_unreadable"
    assert path.read_bytes() == content


def test_a_key_of_another_kind_is_refused(tmp_path, seal_key):
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "seal.pem"
    path.write_bytes(curve + seal_key.certificate.public_bytes(serialization.Encoding.PEM))
    with pytest.raises(SealKeyUnreadable, match="RSA"):
        SealKey.load_or_create(path)


def test_a_certificate_of_another_key_is_refused(tmp_path, seal_key, other_key):
    private = seal_key.private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "seal.pem"
    path.write_bytes(private + other_key.certificate.public_bytes(serialization.Encoding.PEM))
    with pytest.raises(SealKeyUnreadable, match="another key"):
        SealKey.load_or_create(path)


def test_the_seal_is_deterministic(act, pdf, seal_key):
    assert seal(pdf, seal_key, act.made_at) == seal(pdf, seal_key, act.made_at)


def test_the_sealed_file_begins_with_the_act_itself(act, pdf, seal_key):
    assert seal(pdf, seal_key, act.made_at).startswith(pdf)


def test_it_works_inside_a_running_loop(act, pdf, seal_key):
    async def inside() -> bytes:
        return seal(pdf, seal_key, act.made_at)

    assert asyncio.run(inside()) == seal(pdf, seal_key, act.made_at)


def test_the_seal_is_pades_and_forbids_changes(act, pdf, seal_key):
    reader = PdfFileReader(BytesIO(seal(pdf, seal_key, act.made_at)))
    (signature,) = reader.embedded_signatures
    assert signature.field_name == FIELD
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.docmdp_level is MDPPerm.NO_CHANGES
    assert signature.self_reported_timestamp == act.made_at


def test_metadata_stay_as_the_act_made_them(act, pdf, seal_key):
    info = PdfFileReader(BytesIO(seal(pdf, seal_key, act.made_at))).trailer["/Info"]
    assert info["/ModDate"] == info["/CreationDate"]
    assert "pyHanko" not in info["/Producer"]


def test_each_language_can_be_sealed(make_act, seal_key):
    act = make_act(2)
    for language in ("kk", "ru", "en"):
        sealed = seal(render_act(act, language), seal_key, act.made_at)
        assert verify_act(sealed, [seal_key.certificate]).intact


@pytest.mark.parametrize("content", [b"", b"no pdf", b"%PDF-1.7\n", b"%PDF-1.7\nxref\n%%EOF"])
def test_what_is_no_pdf_is_not_sealed(seal_key, act, content):
    with pytest.raises(SealFailed) as refused:
        seal(content, seal_key, act.made_at)
    assert refused.value.code == "seal_failed"


def test_a_sealed_act_is_not_sealed_twice(seal_key, act, sealed):
    with pytest.raises(SealFailed, match="already"):
        seal(sealed, seal_key, act.made_at)


def test_a_time_without_zone_is_refused(seal_key, pdf):
    with pytest.raises(SealFailed):
        seal(pdf, seal_key, datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test
