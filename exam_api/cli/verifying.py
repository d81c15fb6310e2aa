"""``baqylau verify``: acts, packages and recordings, offline; exit status 0 only if intact."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from zipfile import BadZipFile, ZipFile

import typer

from exam_api.cli import verify_signatures
from exam_api.cli.terminal import Failure, JsonOut, language, moment, readable_file, say, text

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from acts.package_verify import PackageVerification
    from acts.verify import Verification

_MOST_BYTES: Final = 2**30
_VIDEO: Final = b"\x1a\x45\xdf\xa3"  # WebM


@dataclass(frozen=True, slots=True)
class Checked:
    path: Path
    what: str  # act, package, recording
    problems: tuple[str, ...]
    facts: Mapping[str, object] = field(default_factory=dict)
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Given:
    """Files to compare with."""

    certificate: Path | None
    signature: Path | None
    signers: Path | None


def register(app: typer.Typer) -> None:
    app.command()(verify)


def verify(  # noqa: PLR0917 - its options
    path: Annotated[
        Path,
        typer.Argument(help="An act (PDF), an evidence package (ZIP) or a recording's folder."),
    ],
    digest: Annotated[
        str | None, typer.Option(help="The recording's digest as the act states it.")
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            help="The institution's certificates (PEM): whoever sealed must be one of them, or "
            "have a certificate issued by one."
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="The server's public key (PEM): it must have signed the recording."),
    ] = None,
    signature: Annotated[
        Path | None,
        typer.Option(help="A person's detached signature (CMS) over this PDF: it must hold."),
    ] = None,
    signers: Annotated[
        Path | None,
        typer.Option(
            help="Certificates of the authorities whose people's signatures count: a PEM or DER "
            "file, or a folder."
        ),
    ] = None,
    json_out: JsonOut = False,
) -> None:
    """Tell whether an act, an evidence package or a recording is as it was made."""
    if path.is_dir():
        checked = _recording(path, digest, key)
    else:
        checked = _file(readable_file(path), _Given(certificate, signature, signers))
    intact = not checked.problems
    if json_out:
        found = {"path": str(path), "what": checked.what, "intact": intact}
        found |= {"problems": list(checked.problems), **checked.facts}
        say(json.dumps(found, ensure_ascii=False, indent=1))
    elif intact:
        for line in checked.lines:
            say(line)
    if not intact:
        raise Failure("verify.altered", path=path, problems="; ".join(checked.problems))


def _file(path: Path, given: _Given) -> Checked:
    trusted = None if given.certificate is None else _certificates(readable_file(given.certificate))
    authorities = verify_signatures.read_signers(given.signers)
    if path.stat().st_size > _MOST_BYTES:
        raise Failure("verify.too_large", path=path)
    content = path.read_bytes()
    if content.startswith(b"%PDF-"):
        checked = _act(path, content, trusted)
        if given.signature is None:
            return checked
        return _with_person(checked, given.signature, content, authorities)
    if content.startswith(_VIDEO):
        raise Failure("verify.video", path=path)
    if content.startswith(b"PK\x03\x04"):
        if _is_sheet(content):
            raise Failure("verify.sheet", path=path)
        return _package(path, content, trusted, authorities)
    raise Failure("verify.unknown", path=path)


def _is_sheet(content: bytes) -> bool:
    try:
        with ZipFile(BytesIO(content)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except BadZipFile:
        return False


def _certificates(path: Path) -> "Sequence[Certificate]":
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - slow to import

    try:
        return load_pem_x509_certificates(path.read_bytes())
    except ValueError as error:
        raise Failure("verify.certificate_unreadable", path=path) from error


def _act(path: Path, content: bytes, trusted: "Sequence[Certificate] | None") -> Checked:
    from acts.verify import verify_act  # noqa: PLC0415 - a second to import

    found = verify_act(content, trusted, language())
    at = found.sealed_at.isoformat() if found.sealed_at else ""
    facts = {"sealed_at": at, "form": found.form, **_facts(found)}
    sealed = moment(found.sealed_at) if found.sealed_at else ""
    words = {"path": path, "number": found.number, "revision": found.revision, "at": sealed}
    form = "verify.act" if found.form else "verify.protocol"
    lines = [text(form if found.number else "verify.form4", **words)]
    if found.stamped_at:
        facts |= {
            "stamped_at": found.stamped_at.isoformat(),
            "stamped_by": found.stamped_by,
            "stamp_trusted": found.stamp_trusted,
        }
        known = "verify.stamped" if found.stamp_trusted else "verify.stamped_unknown"
        lines.append(text(known, by=found.stamped_by, at=moment(found.stamped_at)))
    return Checked(path, "act", found.problems, facts, lines + _seal_lines(found))


def _with_person(
    checked: Checked, file: Path, pdf: bytes, authorities: "Sequence[Certificate]"
) -> Checked:
    """Both the seal and the signature must hold."""
    from acts.package_verify import PersonSigned  # noqa: PLC0415 - a second to import

    one = PersonSigned(file.name, verify_signatures.signature_over(pdf, file, authorities))
    problem = verify_signatures.problem_of(one.found)
    return replace(
        checked,
        problems=(*checked.problems, problem) if problem else checked.problems,
        facts={**checked.facts, "signatures": verify_signatures.facts_of([one])},
        lines=[*checked.lines, verify_signatures.line_of(one.file, one.found)],
    )


def _package(
    path: Path,
    content: bytes,
    trusted: "Sequence[Certificate] | None",
    authorities: "Sequence[Certificate]",
) -> Checked:
    from acts.package_verify import verify_package  # noqa: PLC0415 - a second to import

    found = verify_package(content, trusted, language(), authorities)
    facts = {
        "changed": list(found.changed),
        "missing": list(found.missing),
        "foreign": list(found.foreign),
        "form": found.form,
        "signatures": verify_signatures.facts_of(found.signatures),
        **_facts(found),
    }
    people = [verify_signatures.line_of(one.file, one.found) for one in found.signatures]
    lines = [text("verify.package", path=path, number=found.number, revision=found.revision)]
    return Checked(path, "package", found.problems, facts, lines + _seal_lines(found) + people)


def _facts(found: "Verification | PackageVerification") -> dict[str, object]:
    return {
        "codes": list(found.codes),
        "sha256": found.digest,
        "number": found.number,
        "revision": found.revision,
        "signer": found.signer,
        "fingerprint": found.fingerprint,
        "self_made": found.self_made,
        "trusted": found.trusted,
    }


def _seal_lines(found: "Verification | PackageVerification") -> list[str]:
    """Who sealed it, as far as anybody can say. Without a certificate that is nobody's proof."""
    if found.trusted:
        return [text("verify.trusted", signer=found.signer)]
    how = "verify.self_made" if found.self_made else "verify.issued"
    sealed = text(how, signer=found.signer, fingerprint=found.fingerprint)
    return [sealed, text("verify.not_compared")]


def _recording(folder: Path, digest: str | None, key: Path | None) -> Checked:
    from exam_api.cli import verify_recording as recordings  # noqa: PLC0415 - slow to import

    folders = recordings.track_folders(folder)
    if not folders:
        raise Failure("verify.unknown", path=folder)
    trusted = None if key is None else _public_key(readable_file(key))
    # A digest is of the camera's recording, as acts state it.
    tracks = [
        recordings.check_track(
            one, digest if one.name in {"camera", folder.name} else None, trusted
        )
        for one in folders
    ]
    many = len(tracks) > 1
    problems = tuple(
        (f"{track.name}/" if many else "") + recordings.in_words(problem)
        for track in tracks
        for problem in track.problems
    )
    facts = {"tracks": {track.name: track.facts for track in tracks}}
    return Checked(folder, "recording", problems, facts, [one for t in tracks for one in t.lines])


def _public_key(path: Path) -> str:
    from capture.errors import RecordingKeyUnreadable  # noqa: PLC0415 - slow to import
    from capture.signing import read_public  # noqa: PLC0415 - slow to import

    try:
        return read_public(path)
    except RecordingKeyUnreadable as error:
        raise Failure("verify.key_unreadable", path=path) from error
