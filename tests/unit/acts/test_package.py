"""The evidence package: complete, re-made to the byte, and every change to it is told."""

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest

from acts.detached import sign_detached, signer_of
from acts.errors import DocumentInvalid
from acts.form1 import render_act
from acts.form3 import render_outsider
from acts.package import FlagData, ModelUsed, PackageContents, PackedSignature, make_package, pack
from acts.package_verify import verify_package
from acts.seal import seal
from acts.verify import verify_act

CLIP = b"\x1aE\xdf\xa3" + bytes(range(256)) * 40


@pytest.fixture(scope="session")
def document(make_act):
    """Two flags whose clips are known."""
    act = make_act(2)
    digest = hashlib.sha256(CLIP).hexdigest()
    return replace(
        act, evidence=tuple(replace(entry, clip_sha256=digest) for entry in act.evidence)
    )


@pytest.fixture(scope="session")
def contents(document, seal_key) -> PackageContents:
    pdfs = {
        language: seal(render_act(document, language), seal_key, document.made_at)
        for language in ("kk", "ru", "en")
    }
    flags = tuple(
        FlagData(
            flag_id=f"flag-{number}",
            kind=entry.kind,
            severity="alert",
            start_ms=entry.start_ms,
            end_ms=entry.end_ms,
            confidence=entry.confidence,
            models=(ModelUsed("face_detection_full_range", "0.10.21", "c" * 64),),
            thresholds={"exit": 0.4, "enter": 0.8},
            scores=((entry.start_ms, 0.9),),
            frame_at_ms=entry.frame_at_ms,
            regions=entry.regions,
            frame_jpeg=entry.frame_jpeg,
            before=((entry.start_ms - 2000, b"two"), (entry.start_ms - 1000, b"one")),
            clip_webm=CLIP,
        )
        for number, entry in enumerate(document.evidence)
    )
    return PackageContents(pdfs, flags)


@pytest.fixture(scope="session")
def package(contents, seal_key) -> bytes:
    return make_package(contents, seal_key)


def _files(package: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _made_at(files: Mapping[str, bytes]) -> datetime:
    return datetime.fromisoformat(json.loads(files["manifest.json"])["made_at"])


def _repack(change: Callable[[dict[str, bytes]], None]) -> Callable[[bytes], bytes]:
    """Change the files inside and close the ZIP as it is closed here."""

    def changed(package: bytes) -> bytes:
        files = _files(package)
        made_at = _made_at(files)
        change(files)
        return pack(files, made_at)

    return changed


def test_a_package_holds_the_act_and_all_it_rests_on(package, contents, document):
    files = _files(package)
    assert list(files) == sorted(
        [
            "README.txt",
            "act-en.pdf",
            "act-kk.pdf",
            "act-ru.pdf",
            "act.json",
            "clips/01.webm",
            "clips/02.webm",
            "flags.json",
            "frames/01-before-1.jpg",
            "frames/01-before-2.jpg",
            "frames/01.jpg",
            "frames/02-before-1.jpg",
            "frames/02-before-2.jpg",
            "frames/02.jpg",
            "manifest.json",
            "manifest.json.p7s",
        ]
    )
    assert files["frames/02.jpg"] == document.evidence[1].frame_jpeg
    assert files["frames/02-before-1.jpg"] == b"two"
    assert files["clips/01.webm"] == CLIP
    assert verify_act(files["act-ru.pdf"]).intact
    assert json.loads(files["act.json"])["number"] == document.number


def test_the_flags_can_be_run_again(package, document):
    (first, _) = json.loads(_files(package)["flags.json"])["flags"]
    assert first["models"][0] == {
        "id": "face_detection_full_range",
        "version": "0.10.21",
        "sha256": "c" * 64,
    }
    assert first["thresholds"] == {"enter": 0.8, "exit": 0.4}
    assert (first["frame"], first["clip"]) == ("frames/01.jpg", "clips/01.webm")
    start_ms = document.evidence[0].start_ms
    assert first["before"] == [
        {"frame": "frames/01-before-1.jpg", "at_ms": start_ms - 2000},
        {"frame": "frames/01-before-2.jpg", "at_ms": start_ms - 1000},
    ]


def test_the_readme_speaks_three_languages(package):
    text = _files(package)["README.txt"].decode()
    for words in ("дәлелдемелер пакеті", "пакет доказательств", "evidence package"):
        assert words in text
    assert text.count("openssl cms -verify") == 3


def test_the_same_contents_give_the_same_bytes(package, contents, seal_key):
    assert make_package(contents, seal_key) == package


def test_an_untouched_package_is_intact(package, seal_key, document):
    found = verify_package(package, [seal_key.certificate])
    assert (found.intact, found.problems) == (True, ())
    assert (found.form, found.number, found.revision) == (1, document.number, 1)
    assert found.digest == hashlib.sha256(package).hexdigest()
    assert (found.fingerprint, found.trusted) == (seal_key.fingerprint, True)
    assert verify_package(package).trusted is None


def test_an_act_without_flags_clips_and_frames(make_act, seal_key):
    act = make_act(0)
    pdfs = {"kk": seal(render_act(act, "kk"), seal_key, act.made_at)}
    assert verify_package(make_package(PackageContents(pdfs), seal_key)).intact


@pytest.mark.parametrize("name", ["frames/01.jpg", "clips/01.webm"])
def test_form_3_names_the_frame_and_the_clip_that_are_packed(
    make_outsider, contents, document, seal_key, name
):
    act = make_outsider(evidence=document.evidence[:1])
    pdfs = {"kk": seal(render_outsider(act, "kk"), seal_key, act.made_at)}
    package = make_package(PackageContents(pdfs, contents.flags[:1]), seal_key)
    assert verify_package(package).intact
    digest = hashlib.sha256(_files(package)[name]).hexdigest()
    (entry,) = json.loads(_files(package)["act.json"])["evidence"]
    assert digest in {entry["frame_sha256"], entry["clip_sha256"]}
    forged = _resigned(package, seal_key, lambda files: files.update({name: b"another"}))
    assert verify_package(forged).codes == ("evidence_differs",)


def test_peoples_signatures_go_along(contents, seal_key):
    at = datetime(2026, 11, 23, tzinfo=UTC)
    signed = replace(
        contents,
        signatures=(PackedSignature("kk", b"first", at), PackedSignature("ru", b"second", at)),
    )
    package = make_package(signed, seal_key)
    files = _files(package)
    assert verify_package(package, [seal_key.certificate]).intact
    assert files["signatures/01-kk.p7s"] == b"first"
    assert files["signatures/02-ru.p7s"] == b"second"
    assert files["README.txt"].count(b"signatures/") == 3  # each language


@pytest.mark.parametrize("pdfs", [{}, {"ru": b"%PDF-"}, {"kk": b"%PDF-1.7 not sealed"}])
def test_what_is_no_sealed_act_makes_no_package(pdfs, seal_key):
    with pytest.raises(DocumentInvalid):
        make_package(PackageContents(pdfs), seal_key)


NAMES = [
    "README.txt",
    "act-kk.pdf",
    "act.json",
    "clips/02.webm",
    "flags.json",
    "frames/01-before-1.jpg",
    "frames/01.jpg",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_file_is_named(package, name):
    def flip(files):
        data = bytearray(files[name])
        data[len(data) // 2] ^= 1
        files[name] = bytes(data)

    found = verify_package(_repack(flip)(package))
    assert (found.codes, found.changed) == (("changed",), (name,))
    assert name in found.problems[0]


@pytest.mark.parametrize("name", ["flags.json", "clips/02.webm", "act-kk.pdf"])
def test_a_file_changed_in_place_is_named_too(package, name):
    data = bytearray(package)
    inside = _files(package)[name]
    data[package.rindex(inside) + len(inside) // 2] ^= 1
    found = verify_package(bytes(data))
    assert (found.codes, found.changed) == (("changed",), (name,))


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(package, name):
    found = verify_package(_repack(lambda files: files.pop(name))(package))
    assert (found.codes, found.missing) == (("missing",), (name,))


@pytest.mark.parametrize(
    "name",
    ["extra.txt", "../../etc/passwd", "/etc/passwd", "C:\\x.exe", "frames/../x", "a\x1b[2Jb"],
)
def test_a_foreign_file_is_named_and_never_unpacked(package, name):
    found = verify_package(_repack(lambda files: files.update({name: b"x"}))(package))
    assert found.codes == ("foreign",)
    assert found.foreign == (name.replace("\x1b", ""),)


def test_several_changes_are_told_together(package):
    def change(files):
        files.pop("clips/01.webm")
        files["flags.json"] = b"{}"
        files["x"] = b""

    found = verify_package(_repack(change)(package), language="ru")
    assert found.codes == ("changed", "missing", "foreign")
    assert found.problems == (
        "Изменены: flags.json",
        "Отсутствуют: clips/01.webm",
        "Посторонние файлы: x",
    )


def _with(name: str, data: bytes) -> Callable[[bytes], bytes]:
    return _repack(lambda files: files.update({name: data}))


def _manifest_edit(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def edit(files):
        assert old in files["manifest.json"]
        files["manifest.json"] = files["manifest.json"].replace(old, new, 1)

    return _repack(edit)


def _deflated(package: bytes) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, data in _files(package).items():
            archive.writestr(name, data)
    return out.getvalue()


def _bomb(_package: bytes) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", bytes(50_000_000))
    return out.getvalue()


def _twice(package: bytes) -> bytes:
    out = BytesIO(package)
    with pytest.warns(UserWarning, match="Duplicate"), ZipFile(out, "a", ZIP_STORED) as archive:
        archive.writestr(ZipInfo("act.json"), b"{}")
    return out.getvalue()


def _other_time(package: bytes) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as archive:
        for name, data in _files(package).items():
            archive.writestr(ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def _comment(package: bytes) -> bytes:
    out = BytesIO(package)
    with ZipFile(out, "a") as archive:
        archive.comment = b"hidden"
    return out.getvalue()


TAMPERED = {
    "empty": (lambda package: b"", "unreadable"),
    "no_zip": (lambda package: b"PK" + b"x" * 500, "unreadable"),
    "cut": (lambda package: package[:-40], "unreadable"),
    "cut_in_half": (lambda package: package[: len(package) // 2], "unreadable"),
    "compressed": (_deflated, "not_plain"),
    "bomb": (_bomb, "not_plain"),
    "two_of_one_name": (_twice, "twice"),
    "no_manifest": (_repack(lambda files: files.pop("manifest.json")), "no_manifest"),
    "no_signature": (_repack(lambda files: files.pop("manifest.json.p7s")), "no_manifest"),
    "manifest_edited": (_manifest_edit(b'"revision": 1', b'"revision": 2'), "manifest_changed"),
    "manifest_empty": (_with("manifest.json", b""), "manifest_changed"),
    "signature_empty": (_with("manifest.json.p7s", b""), "manifest_changed"),
    "signature_longer": (
        _repack(lambda f: f.update({"manifest.json.p7s": f["manifest.json.p7s"] + b"0"})),
        "manifest_changed",
    ),
    "other_times": (_other_time, "repacked"),
    "comment": (_comment, "repacked"),
    "appended": (lambda package: package + b"x", "repacked"),
    "prepended": (lambda package: b"x" + package, "repacked"),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_tampered_package_is_refused_and_the_reason_told(package, how):
    change, code = TAMPERED[how]
    found = verify_package(change(package))
    assert found.codes == (code,)
    assert found.problems[0]
    assert not found.intact


@pytest.mark.parametrize("seed", range(60))
def test_any_flipped_bit_is_noticed(package, seed):
    chance = random.Random(seed)
    data = bytearray(package)
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    assert not verify_package(bytes(data)).intact


def _resigned(package: bytes, key, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """A forger with a key: changes files, states their digests anew and signs."""
    files = _files(package)
    change(files)
    manifest = json.loads(files["manifest.json"])
    for entry in manifest["files"]:
        entry["sha256"] = hashlib.sha256(files[entry["name"]]).hexdigest()
    files["manifest.json"] = json.dumps(manifest).encode()
    files["manifest.json.p7s"] = sign_detached(files["manifest.json"], key)
    return pack(files, _made_at(files))


def test_a_forger_with_another_key_cannot_use_the_sealed_act(package, other_key, seal_key):
    forged = _resigned(package, other_key, lambda files: files.update({"flags.json": b"{}"}))
    assert verify_package(forged).codes == ("act_refused",)
    assert verify_package(forged, [seal_key.certificate]).codes == ("other_key",)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("act.json", b"{}", "act_refused"),
        ("act-en.pdf", b"%PDF-1.7", "act_refused"),
        ("frames/01.jpg", b"another frame", "evidence_differs"),
        ("clips/02.webm", b"another clip", "evidence_differs"),
    ],
)
def test_not_even_the_key_can_swap_what_the_sealed_act_names(package, seal_key, name, data, code):
    forged = _resigned(package, seal_key, lambda files: files.update({name: data}))
    assert verify_package(forged).codes == (code,)


@pytest.mark.parametrize(
    "changes",
    [
        {"made_at": "0001-01-01T00:00:00+14:00"},
        {"made_at": 5},
        {"format": "baqylau-package/9"},
        {"files": None},
        {"revision": "x"},
    ],
)
def test_a_signed_manifest_may_hold_anything_and_harms_nothing(package, other_key, changes):
    files = _files(package)
    made_at = _made_at(files)
    files["manifest.json"] = json.dumps(json.loads(files["manifest.json"]) | changes).encode()
    files["manifest.json.p7s"] = sign_detached(files["manifest.json"], other_key)
    assert not verify_package(pack(files, made_at)).intact


def test_another_act_of_the_same_key_is_refused(package, make_act, seal_key):
    act = make_act(0, number="2026-999999")
    pdf = seal(render_act(act, "ru"), seal_key, act.made_at)
    forged = _resigned(package, seal_key, lambda files: files.update({"act-ru.pdf": pdf}))
    assert verify_package(forged).codes == ("act_refused",)


def test_a_signature_is_its_contents_and_its_keys(seal_key, other_key):
    signature = sign_detached(b"text", seal_key)
    assert signature == sign_detached(b"text", seal_key)
    assert signer_of(b"text", signature) == seal_key.certificate
    assert signer_of(b"Text", signature) is None
    assert signer_of(b"text", b"") is None
    assert signer_of(b"text", sign_detached(b"text", other_key)) == other_key.certificate
