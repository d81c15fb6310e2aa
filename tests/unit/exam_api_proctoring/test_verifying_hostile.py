"""Each hostile variant, of everything that is sealed or signed, is refused by `baqylau verify`.

A flipped byte, an appended revision, a swapped page, a removed signature, another key: of forms,
protocol, evidence package and recording. Each is refused for what it is; the untouched one passes.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest
import typer
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from typer.testing import CliRunner

from acts.contracts import (
    ActDocument,
    Form4Document,
    OutsiderDocument,
    Person,
    RefusalDocument,
    Student,
)
from acts.package import PackageContents, make_package
from acts.protocol import ProtocolDocument
from acts.seal import SealKey
from capture.contracts import Segment, TrackKey, TrackKind
from capture.manifest import NAME, Manifest
from capture.signing import RecordingKey
from exam_api.adapters.sealing import Sealer
from exam_api.cli import terminal, verifying
from exam_api.cli.terminal import Failure

AT = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
STUDENT = Student("Ә", "ф", "б", "2", "т")
PEOPLE = (Person("Сейтқали", "проктор"),) * 3
PAPERS = ("form 1", "form 2", "form 3", "form 4", "protocol")
HOW = ("flipped byte", "appended revision", "swapped page", "removed signature", "other key")


def paper(kind: str, key: SealKey, number: str) -> bytes:
    sealer = Sealer(key, "")
    if kind == "form 4":
        return sealer.form4(Form4Document((), f"Ахметова {number}", AT), "kk")
    if kind == "protocol":
        document = ProtocolDocument(
            number=number, made_at=AT, order_number="15-Б", order_date=AT.date(), student="Ә",
            group="", discipline="Пән", lodged_at=AT, visa_at=AT, visa_by="Т", grounds="негіз",
            reasons="дәлел", upheld=False, points_before=50, points_after=50, chair="Қ", votes=(),
            sheet=((1, True, 100),),
        )  # fmt: skip
        return sealer.protocol(document, "kk")
    if kind == "form 2":
        return sealer.act(
            RefusalDocument(
                number=number, revision=1, made_at=AT, student=STUDENT, author=PEOPLE[0],
                witnesses=PEOPLE[1:], act_number="2026-0001", act_date=AT.date(), verify_url="",
            ),
            "kk",
        )  # fmt: skip
    if kind == "form 3":
        return sealer.act(
            OutsiderDocument(
                number=number, revision=1, made_at=AT, discipline="Пән", authors=PEOPLE,
                student=STUDENT, outsider="Б", enrolled=None, seen=None, verify_url="",
            ),
            "kk",
        )  # fmt: skip
    return sealer.act(
        ActDocument(
            number=number, revision=1, made_at=AT, discipline="Пән",
            exam_date=date(2026, 11, 22), started_at=AT, authors=(), student=STUDENT, evidence=(),
            recording_digest="", recording_seconds=0, exam_seconds=0, recording_url="",
            verify_url="",
        ),
        "kk",
    )  # fmt: skip


def flipped(content: bytes) -> bytes:
    changed = bytearray(content)
    changed[len(changed) // 3] ^= 1
    return bytes(changed)


def appended(pdf: bytes) -> bytes:
    """A further revision of the file, as a PDF editor writes it."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    writer.root["/Note"] = generic.TextStringObject("x")
    writer.update_root()
    return _written(writer)


def swapped(pdf: bytes, other: bytes) -> bytes:
    """The first page is another sealed document's."""
    writer = copy_into_new_writer(PdfFileReader(BytesIO(pdf)))
    page = PdfFileReader(BytesIO(other)).root["/Pages"]["/Kids"][0].get_object()
    del page["/Parent"]
    pages = writer.root["/Pages"]
    page = writer.import_object(page)
    page["/Parent"] = writer.root.raw_get("/Pages")
    pages["/Kids"][0] = writer.add_object(page)
    return _written(writer)


def unsealed(pdf: bytes) -> bytes:
    writer = copy_into_new_writer(PdfFileReader(BytesIO(pdf)))
    del writer.root["/AcroForm"]
    del writer.root["/Perms"]
    return _written(writer)


def _written(writer) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def repacked(package: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    with ZipFile(BytesIO(package)) as archive:
        infos = archive.infolist()
        files = {info.filename: archive.read(info) for info in infos}
    change(files)
    at: Sequence[int] = infos[0].date_time
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(ZipInfo(name, tuple(at)), content)
    return out.getvalue()


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(terminal, "_chosen", ["en"])


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> tuple[SealKey, SealKey]:
    folder = tmp_path_factory.mktemp("keys")
    return tuple(SealKey.load_or_create(folder / name) for name in ("own.pem", "forger.pem"))


@pytest.fixture
def certificate(keys, tmp_path) -> Path:
    path = tmp_path / "certificate.pem"
    path.write_bytes(keys[0].certificate.public_bytes(serialization.Encoding.PEM))
    return path


def refused(*arguments: object) -> set[str]:
    """The codes; ``verify`` leaves with 1 and says why."""
    run = _run(*arguments, "--json")
    assert run.exit_code != 0
    assert isinstance(run.exception, Failure)
    assert run.exception.code == "verify.altered"
    told = json.loads(run.output)
    assert told["intact"] is False
    assert all(problem.strip() for problem in told["problems"])
    assert told["problems"]
    tracks = told.get("tracks", {}).values()
    return {code for track in tracks for code in track["codes"]} or set(told["codes"])


def _run(*arguments: object):
    app = typer.Typer()
    verifying.register(app)
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.mark.parametrize("kind", PAPERS)
def test_an_untouched_paper_passes(kind, keys, certificate, tmp_path):
    file = tmp_path / "paper.pdf"
    file.write_bytes(paper(kind, keys[0], "2026-0001"))
    assert _run(file, "--certificate", certificate).exit_code == 0


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("kind", PAPERS)
def test_a_hostile_paper_is_refused(kind, how, keys, certificate, tmp_path):
    own, forger = keys
    sealed = paper(kind, own, "2026-0001")
    changed, codes = {
        "flipped byte": lambda: (flipped(sealed), {"content_changed", "unreadable"}),
        "appended revision": lambda: (appended(sealed), {"not_covered"}),
        "swapped page": lambda: (
            swapped(sealed, paper(kind, own, "2026-0002")),
            {"not_covered", "unreadable", "seal_unreadable"},
        ),
        "removed signature": lambda: (unsealed(sealed), {"no_seal"}),
        "other key": lambda: (paper(kind, forger, "2026-0001"), {"other_key"}),
    }[how]()
    file = tmp_path / "paper.pdf"
    file.write_bytes(changed)
    assert refused(file, "--certificate", certificate) <= codes


@pytest.mark.parametrize("how", HOW)
def test_a_hostile_package_is_refused(how, keys, certificate, tmp_path):
    own, forger = keys
    pdf = paper("form 1", own, "2026-0001")
    package = make_package(PackageContents({"kk": pdf}), own)
    file = tmp_path / "act.zip"
    file.write_bytes(package)
    assert _run(file, "--certificate", certificate).exit_code == 0

    def put(name: str, content: bytes) -> bytes:
        return repacked(package, lambda files: files.update({name: content}))

    changed, codes = {
        "flipped byte": lambda: (put("act-kk.pdf", flipped(pdf)), {"changed"}),
        "appended revision": lambda: (put("act-kk.pdf", appended(pdf)), {"changed"}),
        "swapped page": lambda: (
            put("act-kk.pdf", swapped(pdf, paper("form 1", own, "2026-0002"))),
            {"changed"},
        ),
        "removed signature": lambda: (
            repacked(package, lambda files: files.pop("manifest.json.p7s")),
            {"no_manifest"},
        ),
        "other key": lambda: (
            make_package(PackageContents({"kk": paper("form 1", forger, "2026-0001")}), forger),
            {"other_key"},
        ),
    }[how]()
    file.write_bytes(changed)
    assert codes & refused(file, "--certificate", certificate)


# --- recordings: a segment is a page, the manifest's last line the signature ---------------------


@pytest.fixture
def recording(tmp_path) -> tuple[Path, Path]:
    """A signed recording and the public key that vouches for it."""
    key = RecordingKey.load_or_create(tmp_path / "recording.pem")
    folder = tmp_path / "s1" / "camera"
    folder.mkdir(parents=True)
    record(folder, 1, b"one")
    record(folder, 2, b"two")
    _track(folder).seal(key, AT)
    return folder, tmp_path / "recording.pub"


def _track(folder: Path) -> Manifest:
    return Manifest(folder, TrackKey("s1", TrackKind.CAMERA))


def record(folder: Path, number: int, content: bytes) -> None:
    name = f"{number:06d}.webm"
    (folder / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    segment = Segment("s1", 0, name, number, number + 1, 3, digest, "", "vp8", None, 2, 2)
    _track(folder).append(segment)


def swap(folder: Path) -> None:
    one, two, aside = (folder / name for name in ("000001.webm", "000002.webm", "aside"))
    for source, target in ((one, aside), (two, one), (aside, two)):
        shutil.move(source, target)


def unsign(folder: Path) -> None:
    lines = (folder / NAME).read_bytes().splitlines(keepends=True)
    (folder / NAME).write_bytes(b"".join(lines[:-1]))


def forge(folder: Path, keep: int) -> None:
    """Made anew with what is there and a key of the forger's own."""
    contents = [(folder / f"{number:06d}.webm").read_bytes() for number in range(1, keep + 1)]
    (folder / NAME).unlink()
    for number, content in enumerate(contents, 1):
        record(folder, number, content)
    _track(folder).seal(RecordingKey.load_or_create(folder.parent / "forger.pem"), AT)


def add_and_forge(folder: Path) -> None:
    """What was recorded stays, a segment more stands under the forger's signature."""
    record(folder, 3, b"six")
    _track(folder).seal(RecordingKey.load_or_create(folder.parent / "forger.pem"), AT)


RECORDINGS: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "flipped byte": (lambda folder: (folder / "000001.webm").write_bytes(b"onE"), {"changed"}),
    "appended revision": (lambda folder: record(folder, 3, b"six"), {"unsigned"}),
    "appended revision, signed by a forger": (add_and_forge, {"wrong_key"}),
    "swapped page": (swap, {"reordered"}),
    "removed signature": (unsign, {"unsigned"}),
    "other key": (lambda folder: forge(folder, 2), {"wrong_key"}),
}


@pytest.mark.parametrize("how", RECORDINGS)
def test_a_hostile_recording_is_refused(how, recording):
    folder, public = recording
    assert _run(folder, "--key", public).exit_code == 0
    change, codes = RECORDINGS[how]
    change(folder)
    assert refused(folder, "--key", public) == codes
