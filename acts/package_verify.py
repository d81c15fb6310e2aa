"""Is an evidence package what was packed? Checked offline and in memory; nothing is unpacked.

A stranger's ZIP cannot hurt: what is compressed, encrypted or larger than the file itself is
refused before it is read, and names are only ever compared.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from acts import record, typefaces
from acts.contracts import Language
from acts.detached import signer_of
from acts.errors import SignatureUnreadable
from acts.labels import label
from acts.package import (
    FORMAT,
    MANIFEST,
    OFFICIAL,
    SIGNATURE,
    SIGNATURES,
    clip_name,
    frame_name,
    pack,
)
from acts.seal import signer_name
from acts.signatures import PersonSignature, SignatureProblem, check_signature
from acts.verify import sealed_record, verify_act, vouched

_MOST_BYTES = 2**30
_MOST_FILES = 2000
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class PersonSigned:
    """A person's signature beside the act. Whatever it is worth, it is the one that was packed."""

    file: str
    found: PersonSignature


@dataclass(frozen=True, slots=True)
class PackageVerification:
    """What was found. ``codes`` are stable; ``problems`` say the same in plain words, with names.

    ``changed``, ``missing`` and ``foreign`` name files. The rest: as in ``verify.Verification``.
    """

    digest: str
    codes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    signer: str = ""
    fingerprint: str = ""
    self_made: bool = False
    trusted: bool | None = None
    form: int = 0
    number: str = ""
    revision: int = 0
    signatures: tuple[PersonSigned, ...] = ()

    @property
    def intact(self) -> bool:
        return not self.codes


class _Refused(Exception):
    """The check ends here, with a code of ``package.*``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Manifest:
    certificate: x509.Certificate
    files: Mapping[str, str]  # sha256 by name
    made_at: datetime
    form: int
    number: str
    revision: int


def verify_package(
    content: bytes,
    trusted: Sequence[x509.Certificate] | None = None,
    language: Language = "en",
    authorities: Sequence[x509.Certificate] = (),
) -> PackageVerification:
    """Check a package. Never raises on a bad file: the answer says what is wrong with it.

    ``authorities``: of the people who signed. Call it where no event loop runs.
    """
    found = PackageVerification(hashlib.sha256(content).hexdigest())
    try:
        files = _read(content)
        manifest = _manifest(files)
    except _Refused as refused:
        return _told(replace(found, codes=(refused.code,)), language)
    found = _signed(found, manifest, trusted)
    found = _compared(found, files, manifest)
    if not found.codes:
        found = replace(found, codes=_inner(files, manifest, content))
    if not found.codes:
        found = _with_people(found, files, manifest, authorities)
    return _told(found, language)


def _inner(files: Mapping[str, bytes], manifest: _Manifest, content: bytes) -> tuple[str, ...]:
    """Of a package whose files are those that were signed, by whoever it was."""
    try:
        if code := _disagreement(files, manifest):
            return (code,)
        return () if pack(files, manifest.made_at) == content else ("repacked",)
    except Exception:  # noqa: BLE001 - a stranger's data trip parsers in any way
        return ("act_refused",)


def _with_people(
    found: PackageVerification,
    files: Mapping[str, bytes],
    manifest: _Manifest,
    authorities: Sequence[x509.Certificate],
) -> PackageVerification:
    try:
        return replace(found, signatures=tuple(_people(files, manifest, authorities)))
    except Exception:  # noqa: BLE001 - a stranger's data trip parsers in any way
        return replace(found, codes=("act_refused",))


def _people(
    files: Mapping[str, bytes], manifest: _Manifest, authorities: Sequence[x509.Certificate]
) -> Iterator[PersonSigned]:
    """Each as of the time when it was attached."""
    stated = json.loads(files.get(SIGNATURES, b"[]"))
    times = {one["file"]: datetime.fromisoformat(one["attached_at"]) for one in stated}
    languages: tuple[Language, ...] = ("kk", "ru", "en")
    pdfs = {one: files[f"act-{one}.pdf"] for one in languages if f"act-{one}.pdf" in files}
    for name in sorted(files):
        if name.startswith("signatures/") and name != SIGNATURES:
            at = times.get(name, manifest.made_at)
            yield PersonSigned(name, _checked(files[name], pdfs, authorities, at))


def _checked(
    der: bytes,
    pdfs: Mapping[Language, bytes],
    authorities: Sequence[x509.Certificate],
    at: datetime,
) -> PersonSignature:
    try:
        return check_signature(der, pdfs, authorities, at)
    except SignatureUnreadable:
        return PersonSignature(OFFICIAL, problem=SignatureProblem.FORGED)


def _told(found: PackageVerification, language: Language) -> PackageVerification:
    names = {"changed": found.changed, "missing": found.missing, "foreign": found.foreign}
    problems = []
    for code in found.codes:
        words = label(f"package.{code}", language)
        problems.append(f"{words} {', '.join(names[code])}" if names.get(code) else words)
    return replace(found, problems=tuple(problems))


def _read(content: bytes) -> dict[str, bytes]:
    """Every file by its name, as long as the ZIP is of the plain kind that is made here."""
    if len(content) > _MOST_BYTES:
        raise _Refused("too_large")
    try:
        with ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_entries(entries, len(content))
            return {entry.filename: _content(archive, entry) for entry in entries}
    except _Refused:
        raise
    except Exception as error:
        raise _Refused("unreadable") from error


def _content(archive: ZipFile, entry: ZipInfo) -> bytes:
    """Nothing where the ZIP's own checksum fails: the manifest then says which file changed."""
    try:
        return archive.read(entry)
    except BadZipFile:
        return b""


def _check_entries(entries: Sequence[ZipInfo], size: int) -> None:
    if len(entries) > _MOST_FILES or sum(entry.file_size for entry in entries) > size:
        raise _Refused("not_plain")
    for entry in entries:
        plain = entry.compress_type == ZIP_STORED and entry.file_size == entry.compress_size
        if not plain or entry.flag_bits & _ENCRYPTED:
            raise _Refused("not_plain")
    if len({entry.filename for entry in entries}) != len(entries):
        raise _Refused("twice")


def _manifest(files: Mapping[str, bytes]) -> _Manifest:
    if MANIFEST not in files or SIGNATURE not in files:
        raise _Refused("no_manifest")
    certificate = signer_of(files[MANIFEST], files[SIGNATURE])
    if certificate is None:
        raise _Refused("manifest_changed")
    try:
        stated: Any = json.loads(files[MANIFEST])
        known = stated["format"] == FORMAT
        digests = {str(one["name"]): str(one["sha256"]) for one in stated["files"]}
        made_at = datetime.fromisoformat(stated["made_at"])
        form, revision = int(stated["form"]), int(stated["revision"])
        number = str(stated["number"])
    except Exception as error:
        raise _Refused("no_manifest") from error
    if not known:
        raise _Refused("no_manifest")
    return _Manifest(certificate, digests, made_at, form, number, revision)


def _signed(
    found: PackageVerification,
    manifest: _Manifest,
    trusted: Sequence[x509.Certificate] | None,
) -> PackageVerification:
    certificate = manifest.certificate
    known = None if trusted is None else vouched(certificate, trusted)
    return replace(
        found,
        signer=signer_name(certificate),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        self_made=certificate.issuer == certificate.subject,
        trusted=known,
        codes=("other_key",) if known is False else (),
        form=manifest.form,
        number=manifest.number,
        revision=manifest.revision,
    )


def _compared(
    found: PackageVerification, files: Mapping[str, bytes], manifest: _Manifest
) -> PackageVerification:
    """Each file against the manifest."""
    packed = files.keys() - {MANIFEST, SIGNATURE}
    named = manifest.files.keys()
    changed = sorted(
        name
        for name in packed & named
        if hashlib.sha256(files[name]).hexdigest() != manifest.files[name]
    )
    # A stranger's names are shown without what could play tricks on a terminal.
    foreign = sorted(typefaces.plain(name)[:200] for name in packed - named)
    missing = sorted(named - packed)
    codes = [
        code
        for code, names in (("changed", changed), ("missing", missing), ("foreign", foreign))
        if names
    ]
    return replace(
        found,
        codes=(*found.codes, *codes),
        changed=tuple(changed),
        missing=tuple(missing),
        foreign=tuple(foreign),
    )


def _disagreement(files: Mapping[str, bytes], manifest: _Manifest) -> str:
    """The sealed PDFs, act.json, frames and clips speak of one act; else the code that says so."""
    stated = (manifest.form, manifest.number, manifest.revision)
    for name, data in files.items():
        if name.endswith(".pdf"):
            act = verify_act(data, [manifest.certificate])
            if not act.intact or (act.form, act.number, act.revision) != stated:
                return "act_refused"
    sealed = sealed_record(files.get(f"act-{OFFICIAL}.pdf", b""))
    if sealed is None or files.get(record.NAME) != sealed:
        return "act_refused"
    return "" if _evidence_agrees(json.loads(sealed), files) else "evidence_differs"


def _evidence_agrees(act: Mapping[str, Any], files: Mapping[str, bytes]) -> bool:
    """Every frame and clip that is packed is the one that the sealed act names."""
    for number, entry in enumerate(act.get("evidence", ()), 1):
        stated = {
            frame_name(number): entry["frame_sha256"],
            clip_name(number): entry["clip_sha256"],
        }
        for name, digest in stated.items():
            if name in files and hashlib.sha256(files[name]).hexdigest() != digest:
                return False
    return True
