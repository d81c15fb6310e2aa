"""The manifest's signature as another program sees it (the command that README.txt names)."""

import shutil
import subprocess
import sys
from zipfile import ZipFile

import pytest

from acts.form1 import render_act
from acts.package import PackageContents, make_package
from acts.seal import seal

pytestmark = pytest.mark.integration


@pytest.fixture
def unpacked(make_act, seal_key, tmp_path):
    act = make_act(1)
    pdfs = {"kk": seal(render_act(act, "kk"), seal_key, act.made_at)}
    file = tmp_path / "act.zip"
    file.write_bytes(make_package(PackageContents(pdfs), seal_key))
    with ZipFile(file) as archive:
        archive.extractall(tmp_path)
    return tmp_path


@pytest.mark.parametrize("changed", [False, True])
def test_openssl_checks_the_manifest(unpacked, changed):
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    if changed:
        manifest = unpacked / "manifest.json"
        manifest.write_bytes(manifest.read_bytes().replace(b'"revision": 1', b'"revision": 2'))
    options = "cms -verify -binary -inform DER -in manifest.json.p7s -content manifest.json"
    run = subprocess.run(
        [program, *options.split(), "-noverify", "-out", "out"],
        cwd=unpacked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode == 0) is not changed, run.stderr


def test_the_readmes_second_command_names_what_was_changed(unpacked):
    lines = (unpacked / "README.txt").read_text(encoding="utf-8").splitlines()
    commands = {line.split('"')[1] for line in lines if line.startswith("  python3 -c")}
    (code,) = commands  # the same beneath each language

    def differing() -> str:
        run = [sys.executable, "-c", code]
        return subprocess.run(run, cwd=unpacked, capture_output=True, text=True, check=True).stdout

    assert differing() == "[]\n"
    act = unpacked / "act.json"
    act.write_bytes(act.read_bytes() + b" ")
    assert differing() == "['act.json']\n"
