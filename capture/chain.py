"""The hash chain over a manifest's lines, and checking a recording folder against it.

``chain`` = sha256(previous chain || sha256 of the line without its chain), raw digests, from 32
zero bytes on. A segment's line holds its file's sha256. So the last value stands for the whole
recording: a changed, missing or reordered segment, gap or stop breaks it, and each earlier value
stands for the recording as far as it had come.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from capture.contracts import TrackKind
from capture.signing import is_signed

GENESIS = "00" * 32
SEGMENT_SUFFIXES = (".webm", ".mkv")
_MEDIA_SUFFIXES = frozenset((*SEGMENT_SUFFIXES, ".mp4"))
JOINED = ("recording.webm", "recording.mkv")  # made of the segments, and made anew when asked for
_MANIFEST = "segments.jsonl"


@dataclass(frozen=True, slots=True)
class Problem:
    """``code`` of a file: changed, missing, reordered, foreign; of a line: broken_chain,
    bad_manifest, wrong_digest; of the seal: unsigned, bad_signature, wrong_key, other_sitting.
    """  # noqa: D205 - one list

    code: str
    name: str

    def __str__(self) -> str:
        return f"{self.name}: {self.code}"


@dataclass(frozen=True, slots=True)
class Line:
    """A manifest's line: its kind, what it says, its stated chain, and its body's bytes."""

    number: int
    said: Mapping[str, Any]
    chain: str
    body: bytes

    @property
    def kind(self) -> str:
        return str(self.said["kind"])

    @property
    def name(self) -> str:
        """What people look for: the segment's file, or which line of the manifest."""
        if self.kind in _FILES:
            return str(self.said["name"])
        return f"{_MANIFEST}:{self.number} ({self.kind})"


@dataclass(frozen=True, slots=True)
class Checked:
    """``lines`` is empty where the manifest cannot be read."""

    problems: tuple[Problem, ...]
    lines: tuple[Line, ...] = field(default=())

    @property
    def seal(self) -> Mapping[str, Any] | None:
        """The signature at the end, if there is one."""
        last = self.lines[-1] if self.lines else None
        return last.said if last is not None and last.kind == "seal" else None


def next_chain(previous: str, sha256: str) -> str:
    return hashlib.sha256(bytes.fromhex(previous) + bytes.fromhex(sha256)).hexdigest()


def body_of(line: bytes) -> bytes:
    """A line without its chain: what its link is of. ValueError, KeyError."""
    said = json.loads(line)
    del said["chain"]
    return json.dumps(said, separators=(",", ":")).encode()


def line_chain(previous: str, line: bytes) -> str:
    return next_chain(previous, hashlib.sha256(body_of(line)).hexdigest())


def sealed_statement(previous: str, body: bytes) -> bytes:
    """What a seal signs: all lines before, by their last chain value, and its own words."""
    said = json.loads(body)
    said["signature"] = ""
    return bytes.fromhex(previous) + json.dumps(said, separators=(",", ":")).encode()


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_supplied_name(name: str) -> bool:
    """``c000001.webm``: from the student's own computer."""
    return name.startswith("c") and is_segment_name(name[1:])


def is_segment_name(name: str) -> bool:
    """``000001.webm`` and the like: six digits and a known suffix."""
    path = Path(name)
    return len(path.stem) == 6 and path.stem.isdecimal() and path.suffix in SEGMENT_SUFFIXES


# Kinds of lines that name a file, and what its name is like
_FILES = {"segment": is_segment_name, "supplied": is_supplied_name}


def verify_folder(folder: Path, digest: str | None = None) -> list[Problem]:
    """Everything wrong with a recording that may still grow; empty when intact.

    ``digest`` is a chain value as an act or a row states it: the recording as far as it had come
    then. Without it, and without a seal, a folder whose manifest was rewritten as a whole passes.
    """
    return list(_check(folder, digest).problems)


def verify_recording(
    folder: Path, *, digest: str | None = None, trusted: str | None = None
) -> Checked:
    """As verify_folder, of a recording that is over: it must end with a true signature.

    ``trusted``: the public key (hex) that must have made it; else any key may have.
    """
    found = _check(folder, digest)
    if not found.lines:
        return found
    problems = [*found.problems, *_seal_problems(found, folder, trusted)]
    return Checked(tuple(problems), found.lines)


def _check(folder: Path, digest: str | None) -> Checked:
    try:
        lines = tuple(_lines(folder))
    except (OSError, ValueError, KeyError, TypeError):
        return Checked((Problem("bad_manifest", _MANIFEST),))
    problems = [*_order_problems(lines), *_file_problems(folder, lines)]
    if digest is not None and digest not in {line.chain for line in lines} | {""}:
        problems.append(Problem("wrong_digest", _MANIFEST))
    return Checked(tuple(problems), lines)


def _lines(folder: Path) -> Iterator[Line]:
    """KeyError or ValueError when a line lacks what it must have."""
    for number, raw in enumerate((folder / _MANIFEST).read_bytes().splitlines(), start=1):
        said = json.loads(raw)
        line = Line(number, said, said["chain"], body_of(raw))
        bytes.fromhex(line.chain)
        if line.kind in _FILES:
            bytes.fromhex(said["sha256"])
            if not _FILES[line.kind](said["name"]):
                raise ValueError("no segment name")
        yield line


def _order_problems(lines: Sequence[Line]) -> Iterator[Problem]:
    chain, position = GENESIS, 0
    for line in lines:
        chain = next_chain(chain, hashlib.sha256(line.body).hexdigest())
        if line.kind == "segment":
            position += 1
            if line.said["index"] != position:
                yield Problem("reordered", line.name)
        if line.chain != chain:
            yield Problem("broken_chain", line.name)
            chain = line.chain


def _file_problems(folder: Path, lines: Sequence[Line]) -> Iterator[Problem]:
    listed = {line.name: line.said["sha256"] for line in lines if line.kind in _FILES}
    for name, sha256 in listed.items():
        path = folder / name
        if not path.is_file():
            yield Problem("missing", name)
            continue
        actual = file_sha256(path)
        if actual != sha256:
            yield Problem("reordered" if actual in listed.values() else "changed", name)
    for path in sorted(folder.iterdir()):
        media = path.suffix.lower() in _MEDIA_SUFFIXES
        if media and path.name not in listed and path.name not in JOINED:
            yield Problem("foreign", path.name)


def _seal_problems(found: Checked, folder: Path, trusted: str | None) -> Iterator[Problem]:
    if found.seal is None:
        yield Problem("unsigned", _MANIFEST)
    previous = GENESIS
    for line in found.lines:
        if line.kind == "seal":
            yield from _one_seal(line, previous, folder, trusted)
        previous = line.chain


def _one_seal(line: Line, previous: str, folder: Path, trusted: str | None) -> Iterator[Problem]:
    said = line.said
    statement = sealed_statement(previous, line.body)
    if not is_signed(str(said["public_key"]), str(said["signature"]), statement):
        yield Problem("bad_signature", line.name)
    elif trusted is not None and said["public_key"] != trusted:
        yield Problem("wrong_key", line.name)
    # recordings/<sitting>/<track>, unless the folder was copied out under another name
    place = folder.resolve()
    moved = len(place.parent.name) == len(said["sitting"]) and place.parent.name != said["sitting"]
    if moved or (place.name in set(TrackKind) and place.name != said["track"]):
        yield Problem("other_sitting", line.name)
