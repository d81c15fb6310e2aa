"""`baqylau verify` on files: acts and packages, known certificates, one JSON object."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from typer.testing import CliRunner

from acts.contracts import ActDocument, Form4Document, Student
from acts.form1 import render_act
from acts.form4 import render_form4_xlsx
from acts.package import PackageContents, PackedSignature, make_package
from acts.protocol import ProtocolDocument, render_protocol
from acts.seal import SealKey, seal
from exam_api.adapters.sealing import Sealer
from exam_api.cli import terminal, verifying
from exam_api.cli.terminal import Failure
from tests.unit.acts.test_people_signatures import AT as PEOPLE_AT
from tests.unit.acts.test_people_signatures import AUTHORITY, SIGNER, pair

AT = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
_ACT = ActDocument(
    number="2026-0001", revision=2, made_at=AT, discipline="Пән", exam_date=date(2026, 11, 22),
    started_at=AT, authors=(), student=Student("Ә", "ф", "б", "2", "т"), evidence=(),
    recording_digest="", recording_seconds=0, exam_seconds=0, recording_url="", verify_url="",
)  # fmt: skip


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
    pdf = seal(render_act(_ACT, "kk"), keys[0], AT)
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
    if name == "act.pdf":
        assert "sealed 22.11.2026 07:00:00 (UTC" in run.output
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


def test_what_has_no_seal_of_its_own_leads_to_what_has(files):
    """A dean has the sheet or a clip at hand, and asks about that."""
    (files / "form4.xlsx").write_bytes(render_form4_xlsx(Form4Document((), "Ә", AT), "kk"))
    (files / "clip.webm").write_bytes(b"\x1a\x45\xdf\xa3\x9f")
    (files / "half.zip").write_bytes((files / "act.zip").read_bytes()[:99])
    codes = [_run(files / name).exception.code for name in ("form4.xlsx", "clip.webm", "half.zip")]
    assert codes == ["verify.sheet", "verify.video", "verify.altered"]


def test_form_4_is_a_form_of_this_system(keys, tmp_path):
    list_ = Form4Document((), "Ахметова Сәуле", AT)
    path = tmp_path / "form4.pdf"
    path.write_bytes(Sealer(keys[0], "").form4(list_, "kk"))
    run = _run(path)
    assert run.exit_code == 0
    assert "intact, form 4, sealed 22.11.2026 " in run.output
    path.write_bytes(Sealer(keys[0], "").form4(replace(list_, draft=True), "kk"))
    assert _run(path).exit_code != 0


# --- people's signatures --------------------------------------------------------------------------


PASSED = (datetime.now(UTC) - PEOPLE_AT).days  # since the tests' certificates' date


@pytest.fixture(scope="module")
def authority():
    return pair(AUTHORITY, days=PASSED + 365)


@pytest.fixture(scope="module")
def person(authority):
    return pair(SIGNER, authority, days=PASSED + 365)


@pytest.fixture
def signed(files, keys, authority, person):
    """The act, a package with two signatures, one over another document, and the authority."""
    pdf = (files / "act.pdf").read_bytes()
    own, other = person.signed(pdf), person.signed(b"%PDF another")
    at = datetime.now(UTC)
    people = (PackedSignature("kk", own, at), PackedSignature("kk", other, at))
    contents = PackageContents({"kk": pdf}, (), people)
    (files / "act.zip").write_bytes(make_package(contents, keys[0]))
    (files / "own.p7s").write_bytes(own)
    (files / "other.p7s").write_bytes(other)
    (files / "authority.crt").write_bytes(authority.pem())
    return files


def test_a_package_tells_what_each_signature_in_it_is_worth(signed):
    run = _run(signed / "act.zip", "--signers", signed / "authority.crt")
    assert run.exit_code == 0  # what cannot be verified was attached so, and is what was packed
    assert f"01-kk.p7s: signature of {SIGNER} verified, certificate issued by {AUTHORITY}" in (
        run.output
    )
    assert f"02-kk.p7s: signature of {SIGNER} not verified" in run.output
    told = json.loads(_run(signed / "act.zip", "--json").output)["signatures"]
    assert [one["problem"] for one in told] == ["no_authorities", "other_document"]


def test_a_signature_in_a_package_counts_at_the_time_when_it_was_attached(signed, keys, authority):
    short = pair(SIGNER, authority, days=PASSED - 1)
    pdf = (signed / "act.pdf").read_bytes()
    for days, problem in ((0, "not_valid_now"), (3, None)):
        at = datetime.now(UTC) - timedelta(days=days)
        people = (PackedSignature("kk", short.signed(pdf), at),)
        package = make_package(PackageContents({"kk": pdf}, (), people), keys[0])
        (signed / "act.zip").write_bytes(package)
        run = _run(signed / "act.zip", "--signers", signed / "authority.crt", "--json")
        (told,) = json.loads(run.output)["signatures"]
        assert told["problem"] == problem


def test_a_signature_beside_a_pdf_must_hold(signed):
    signers = ("--signers", signed / "authority.crt")
    good = _run(signed / "act.pdf", "--signature", signed / "own.p7s", *signers)
    assert good.exit_code == 0
    assert f"signature of {SIGNER} verified" in good.output
    assert "intact, act № 2026-0001" in good.output
    alone = _run(signed / "act.pdf", "--signature", signed / "own.p7s")
    assert alone.exit_code == 0
    assert "who issued the certificate was not verified" in alone.output
    bad = _run(signed / "act.pdf", "--signature", signed / "other.p7s", *signers)
    assert bad.exit_code != 0
    assert "another document" in bad.exception.filling["problems"]
    (signed / "odd.p7s").write_bytes(b"no CMS")
    odd = _run(signed / "act.pdf", "--signature", signed / "odd.p7s")
    assert odd.exception.code == "signature_unreadable"


def test_a_protocol_is_sealed_and_signed_by_its_commission(signed, keys, person):
    document = ProtocolDocument(
        number="15-Б/1", made_at=AT, order_number="15-Б", order_date=AT.date(), student="Ә",
        group="", discipline="Пән", lodged_at=AT, visa_at=AT, visa_by="Т", grounds="негіз",
        reasons="дәлел", upheld=False, points_before=50, points_after=50, chair="Қ", votes=(),
        sheet=((1, True, 100),),
    )  # fmt: skip
    for language in ("kk", "ru", "en"):
        pdf = Sealer(keys[0], "").protocol(document, language)
        (signed / "protocol.pdf").write_bytes(pdf)
        (signed / "chair.p7s").write_bytes(person.signed(pdf))
        call = (signed / "protocol.pdf", "--signature", signed / "chair.p7s")
        run = _run(
            *call, "--certificate", signed / "own.pem", "--signers", signed / "authority.crt"
        )
        assert run.exit_code == 0
        assert "intact, appeal protocol № 15-Б/1" in run.output
        assert f"signature of {SIGNER} verified" in run.output
    place = len(pdf) // 2
    (signed / "protocol.pdf").write_bytes(pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :])
    assert _run(signed / "protocol.pdf").exit_code != 0
    unsealed = render_protocol(document, "kk")
    (signed / "protocol.pdf").write_bytes(unsealed)
    (signed / "chair.p7s").write_bytes(person.signed(unsealed))
    told = _run(*call, "--signers", signed / "authority.crt", "--json")
    assert told.exit_code != 0
    assert json.loads(told.output)["codes"] == ["no_seal"]
