"""The hash chain over segments, and checking a recording folder against it.

``chain`` = sha256(previous chain || sha256 of the file), raw digests, from 32 zero bytes on. The
last value stands for the whole recording: a changed, missing or reordered segment breaks it.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GENESIS = "00" * 32
SEGMENT_SUFFIXES = (".webm", ".mkv")


@dataclass(frozen=True, slots=True)
class Problem:
    """``code``: changed, missing, reordered, foreign, broken_chain, bad_manifest, wrong_digest."""

    code: str
    name: str

    def __str__(self) -> str:
        return f"{self.name}: {self.code}"


def next_chain(previous: str, sha256: str) -> str:
    return hashlib.sha256(bytes.fromhex(previous) + bytes.fromhex(sha256)).hexdigest()


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_segment_name(name: str) -> bool:
    """``000001.webm`` and the like: six digits and a known suffix."""
    path = Path(name)
    return len(path.stem) == 6 and path.stem.isdecimal() and path.suffix in SEGMENT_SUFFIXES


def verify_folder(folder: Path, digest: str | None = None) -> list[Problem]:
    """Everything wrong with a recording folder; empty when intact.

    ``digest`` is the chain's last value as an act or a row states it; without it a folder whose
    manifest was rewritten as a whole passes.
    """
    try:
        listed = list(_listed(folder))
    except (OSError, ValueError, KeyError, TypeError):
        return [Problem("bad_manifest", "segments.jsonl")]
    problems = [*_order_problems(listed), *_file_problems(folder, listed)]
    last = listed[-1]["chain"] if listed else ""
    if digest is not None and last != digest:
        problems.append(Problem("wrong_digest", "segments.jsonl"))
    return problems


def _listed(folder: Path) -> Iterator[dict[str, Any]]:
    """The manifest's segments; KeyError or ValueError when a line lacks what it must have."""
    for line in (folder / "segments.jsonl").read_bytes().splitlines():
        entry = json.loads(line)
        if entry["kind"] == "segment":
            bytes.fromhex(entry["sha256"] + entry["chain"])
            if not is_segment_name(entry["name"]):
                raise ValueError("no segment name")
            yield {key: entry[key] for key in ("index", "name", "sha256", "chain")}


def _order_problems(listed: list[dict[str, Any]]) -> Iterator[Problem]:
    chain = GENESIS
    for position, entry in enumerate(listed, start=1):
        chain = next_chain(chain, entry["sha256"])
        if entry["index"] != position:
            yield Problem("reordered", entry["name"])
        if entry["chain"] != chain:
            yield Problem("broken_chain", entry["name"])
            chain = entry["chain"]


def _file_problems(folder: Path, listed: list[dict[str, Any]]) -> Iterator[Problem]:
    owners = {entry["sha256"]: entry["name"] for entry in listed}
    for entry in listed:
        path = folder / entry["name"]
        if not path.is_file():
            yield Problem("missing", entry["name"])
            continue
        actual = file_sha256(path)
        if actual != entry["sha256"]:
            yield Problem("reordered" if actual in owners else "changed", entry["name"])
    known = {entry["name"] for entry in listed}
    for path in sorted(folder.iterdir()):
        if is_segment_name(path.name) and path.name not in known:
            yield Problem("foreign", path.name)
