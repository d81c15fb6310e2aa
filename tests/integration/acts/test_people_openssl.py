"""A person's signature between this system and another program, both ways."""

import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization

from tests.unit.acts.test_people_signatures import AUTHORITY, PDFS, SIGNER, as_der, check, pair

pytestmark = pytest.mark.integration
CHECK = "-verify -inform DER -in F.p7s -content act.pdf -CAfile ca.pem -purpose any -no_check_time"
SIGN = "-sign -in act.pdf -signer person.pem -inkey key.pem -md sha256 -out F.p7s"


@pytest.fixture
def folder(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return tmp_path


def _openssl(folder, options: str) -> int:
    command = ["openssl", "cms", "-binary", *options.split()]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode


@pytest.mark.parametrize(
    "form", ["-outform DER", "-outform PEM", "-outform DER -cades", "-outform DER -noattr"]
)
def test_what_openssl_signs_is_verified_and_back(folder, form):
    authority = pair(AUTHORITY)
    person = pair(SIGNER, authority)
    (folder / "act.pdf").write_bytes(PDFS["kk"])
    (folder / "ca.pem").write_bytes(authority.pem())
    (folder / "person.pem").write_bytes(person.pem())
    key = person.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "key.pem").write_bytes(key)
    assert _openssl(folder, f"{SIGN} {form}") == 0
    signature = as_der((folder / "F.p7s").read_bytes())
    assert check(signature, authority).problem is None
    (folder / "F.p7s").write_bytes(person.signed(PDFS["kk"]))
    assert _openssl(folder, CHECK) == 0
    (folder / "act.pdf").write_bytes(PDFS["ru"])
    assert _openssl(folder, CHECK) != 0
