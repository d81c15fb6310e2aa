"""`baqylau verify` on files: acts and packages, known certificates, one JSON object."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from typer.testing import CliRunner

from acts.contracts import ActDocument, Form4Document, Student
from acts.form1 import render_act
from acts.package import PackageContents, make_package
from acts.seal import SealKey, seal
from exam_api.adapters.sealing import Sealer
from exam_api.cli import terminal, verifying
from exam_api.cli.terminal import Failure

AT = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(terminal, "_chosen", ["en"])


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> tuple[SealKey, SealKey]:
    folder = tmp_path_factory.mktemp("keys")
    return tuple(SealKey.load_or_create(folder / name) for name in ("own.pem", "other.pem"))


@pytest.fixture
def files(keys, tmp_path):
    """An act, its package, and the certificates of its key and of another."""
    act = ActDocument(
        number="2026-0001", revision=2, made_at=AT, discipline="Пән", exam_date=date(2026, 11, 22),
        started_at=AT, authors=(), student=Student("Ә", "ф", "б", "2", "т"), evidence=(),
        recording_digest="", recording_seconds=0, exam_seconds=0, recording_url="", verify_url="",
    )  # fmt: skip
    pdf = seal(render_act(act, "kk"), keys[0], AT)
    (tmp_path / "act.pdf").write_bytes(pdf)
    (tmp_path / "act.zip").write_bytes(make_package(PackageContents({"kk": pdf}), keys[0]))
    for name, key in zip(("own.pem", "other.pem"), keys, strict=True):
        pem = key.certificate.public_bytes(serialization.Encoding.PEM)
        (tmp_path / name).write_bytes(pem)
    return tmp_path


def _run(*arguments):
    import typer

    app = typer.Typer()
    verifying.register(app)
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.mark.parametrize("name", ["act.pdf", "act.zip"])
def test_what_is_intact_is_told_in_plain_words(files, name):
    run = _run(files / name)
    assert run.exit_code == 0
    assert "intact, act № 2026-0001, revision 2" in run.output
    assert "who sealed it was not verified" in run.output
    assert "sealed with a self-made certificate of “Baqylau self-made seal" in run.output


@pytest.mark.parametrize("name", ["act.pdf", "act.zip"])
def test_a_known_certificate_vouches_for_the_seal(files, keys, name):
    run = _run(files / name, "--certificate", files / "own.pem")
    assert run.exit_code == 0
    assert "the seal matches the given certificate" in run.output
    told = json.loads(_run(files / name, "--certificate", files / "own.pem", "--json").output)
    assert (told["intact"], told["trusted"], told["form"]) == (True, True, 1)
    assert told["fingerprint"] == keys[0].fingerprint


@pytest.mark.parametrize("name", ["act.pdf", "act.zip"])
def test_a_seal_of_another_key_is_refused(files, name):
    run = _run(files / name, "--certificate", files / "other.pem", "--json")
    assert run.exit_code != 0
    assert json.loads(run.output)["codes"] == ["other_key"]
    assert "another key" in str(run.exception.filling["problems"])


def test_a_changed_package_names_the_file(files):
    package = files / "act.zip"
    package.write_bytes(package.read_bytes().replace(b'"flags": []', b'"flags": {}', 1))
    run = _run(package, "--json")
    assert run.exit_code != 0
    told = json.loads(run.output)
    assert (told["what"], told["intact"]) == ("package", False)
    assert (told["codes"], told["changed"]) == (["changed"], ["flags.json"])
    assert run.exception.filling["problems"] == "Changed: flags.json"


@pytest.mark.parametrize("content", [b"", b"text", b"-----BEGIN CERTIFICATE-----\nxx\n"])
def test_what_is_no_certificate_is_said_so(files, content):
    (files / "odd.pem").write_bytes(content)
    run = _run(files / "act.pdf", "--certificate", files / "odd.pem")
    assert isinstance(run.exception, Failure)
    assert run.exception.code == "verify.certificate_unreadable"


def test_what_is_neither_is_said_so(files):
    (files / "x").write_bytes(b"GIF89a")
    assert _run(files / "x").exception.code == "verify.unknown"
    assert _run(files / "absent").exception.code == "file_missing"


def test_form_4_is_a_form_of_this_system(keys, tmp_path):
    list_ = Form4Document((), "Ахметова Сәуле", AT)
    path = tmp_path / "form4.pdf"
    path.write_bytes(Sealer(keys[0], "").form4(list_, "kk"))
    run = _run(path)
    assert run.exit_code == 0
    assert "intact, form 4, sealed 2026-11-22" in run.output
    path.write_bytes(Sealer(keys[0], "").form4(replace(list_, draft=True), "kk"))
    assert _run(path).exit_code != 0
