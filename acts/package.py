"""The evidence package: one ZIP with an act and all it rests on, verifiable without the server.

Nothing is compressed, names and times follow from the act, so the same act and key give the same
bytes: a package can be re-made and compared (docs/decisions/0007).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from acts import record
from acts.contracts import Language, Region
from acts.detached import sign_detached
from acts.errors import DocumentInvalid
from acts.package_readme import readme
from acts.seal import SealKey
from acts.verify import sealed_record

FORMAT = "baqylau-package/1"
FLAGS_FORMAT = "baqylau-flags/1"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.p7s"
FLAGS = "flags.json"
SIGNATURES = "signatures/signatures.json"
README = "README.txt"
OFFICIAL: Language = "kk"  # act.json stands inside this language's PDF


@dataclass(frozen=True, slots=True)
class ModelUsed:
    """``sha256`` of the model's file, so that a decision can be re-run with the same one."""

    id: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FlagData:
    """What the analyzer said, in the order of the act's annex. ``scores``: (at_ms, score).

    ``before``: (at_ms, JPEG) of the last seconds before the flag.
    """

    flag_id: str
    kind: str
    severity: str
    start_ms: int
    end_ms: int | None
    confidence: float
    models: tuple[ModelUsed, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    scores: tuple[tuple[int, float], ...] = ()
    frame_at_ms: int | None = None
    regions: tuple[Region, ...] = ()
    frame_jpeg: bytes | None = None
    before: tuple[tuple[int, bytes], ...] = ()
    clip_webm: bytes | None = None


@dataclass(frozen=True, slots=True)
class PackedSignature:
    """A person's, detached (CMS): over the PDF of that language, and when it was attached."""

    language: Language
    cms: bytes
    attached_at: datetime


@dataclass(frozen=True, slots=True)
class PackageContents:
    """``pdfs``: the sealed act in each language it was made in. ``signatures``: of people."""

    pdfs: Mapping[Language, bytes]
    flags: tuple[FlagData, ...] = ()
    signatures: tuple[PackedSignature, ...] = ()


def make_package(contents: PackageContents, key: SealKey) -> bytes:
    """The ZIP. Raises DocumentInvalid where the PDFs are no sealed acts of this system."""
    act = _act(contents)
    files = dict(sorted(_files(contents, act)))
    stated = json.loads(act)
    made_at = datetime.fromisoformat(stated["made_at"])
    manifest = canonical(
        {
            "format": FORMAT,
            "form": stated.get("form", 1),
            "number": stated["number"],
            "revision": stated["revision"],
            "made_at": made_at.isoformat(),
            "files": [
                {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                for name, data in files.items()
            ],
        }
    )
    files |= {MANIFEST: manifest, SIGNATURE: sign_detached(manifest, key)}
    return pack(files, made_at)


def pack(files: Mapping[str, bytes], made_at: datetime) -> bytes:
    """Names in order, stored as they are, all of one time."""
    utc = made_at.astimezone(UTC)
    stamp = (min(max(utc.year, 1980), 2107), *utc.timetuple()[1:6])
    out = BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as target:
        for name in sorted(files):
            entry = ZipInfo(name, stamp)
            entry.create_system = 3  # the same on every machine
            entry.external_attr = 0o644 << 16
            target.writestr(entry, files[name])
    return out.getvalue()


def canonical(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    return f"{text}\n".encode()


def _act(contents: PackageContents) -> bytes:
    pdf = contents.pdfs.get(OFFICIAL)
    found = sealed_record(pdf) if pdf else None
    if found is None:
        raise DocumentInvalid("a package holds a sealed act in Kazakh")
    return found


def _files(contents: PackageContents, act: bytes) -> Iterator[tuple[str, bytes]]:
    stated = json.loads(act)
    yield README, readme(str(stated["number"]), int(stated["revision"]))
    yield record.NAME, act
    for language, pdf in contents.pdfs.items():
        yield f"act-{language}.pdf", pdf
    yield FLAGS, canonical({"format": FLAGS_FORMAT, "flags": list(_flags(contents))})
    for number, flag in enumerate(contents.flags, 1):
        if flag.frame_jpeg is not None:
            yield frame_name(number), flag.frame_jpeg
        for place, (_, jpeg) in enumerate(flag.before, 1):
            yield before_name(number, place), jpeg
        if flag.clip_webm is not None:
            yield clip_name(number), flag.clip_webm
    for number, one in enumerate(contents.signatures, 1):
        yield signature_name(number, one.language), one.cms
    if contents.signatures:
        yield SIGNATURES, canonical([*_signatures(contents)])


def signature_name(number: int, language: Language) -> str:
    return f"signatures/{number:02d}-{language}.p7s"


def _signatures(contents: PackageContents) -> Iterator[dict[str, str]]:
    for number, one in enumerate(contents.signatures, 1):
        yield {
            "file": signature_name(number, one.language),
            "language": one.language,
            "attached_at": one.attached_at.isoformat(),
        }


def frame_name(number: int) -> str:
    return f"frames/{number:02d}.jpg"


def before_name(number: int, place: int) -> str:
    return f"frames/{number:02d}-before-{place}.jpg"


def clip_name(number: int) -> str:
    return f"clips/{number:02d}.webm"


def _flags(contents: PackageContents) -> Iterator[dict[str, object]]:
    for number, flag in enumerate(contents.flags, 1):
        yield {
            "number": number,
            "flag_id": flag.flag_id,
            "kind": flag.kind,
            "severity": flag.severity,
            "start_ms": flag.start_ms,
            "end_ms": flag.end_ms,
            "confidence": flag.confidence,
            "models": [
                {"id": model.id, "version": model.version, "sha256": model.sha256}
                for model in flag.models
            ],
            "thresholds": dict(flag.thresholds),
            "scores": [list(score) for score in flag.scores],
            "frame": None if flag.frame_jpeg is None else frame_name(number),
            "frame_at_ms": flag.frame_at_ms,
            "regions": [list(region) for region in flag.regions],
            "before": [
                {"frame": before_name(number, place), "at_ms": at_ms}
                for place, (at_ms, _) in enumerate(flag.before, 1)
            ],
            "clip": None if flag.clip_webm is None else clip_name(number),
        }
