"""``baqylau verify`` on a recording's folder: each track of the sitting, in plain words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from capture.chain import JOINED, Checked, Line, Problem, verify_recording
from capture.signing import fingerprint
from exam_api.cli.terminal import moment, text

MANIFEST = "segments.jsonl"


@dataclass(frozen=True, slots=True)
class TrackReport:
    """One track: what is wrong in words and codes, and what its manifest says."""

    name: str
    problems: tuple[Problem, ...]
    facts: Mapping[str, Any]
    lines: tuple[str, ...]


def track_folders(folder: Path) -> list[Path]:
    """The folder itself, or those of a sitting's tracks; empty where nothing is a recording."""
    if (folder / MANIFEST).is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob(f"*/{MANIFEST}"))


def check_track(folder: Path, digest: str | None, trusted: str | None) -> TrackReport:
    checked = verify_recording(folder, digest=digest, trusted=trusted)
    facts = _facts(checked)
    return TrackReport(folder.name, checked.problems, facts, tuple(_lines(folder, checked)))


def in_words(problem: Problem) -> str:
    return f"{problem.name}: {text(f'verify.recording.{problem.code}')}"


def _facts(checked: Checked) -> dict[str, Any]:
    seal = checked.seal
    return {
        "segments": len(_of(checked, "segment")),
        "gaps": [
            {key: line.said[key] for key in ("start_ms", "end_ms", "cause")}
            for line in _of(checked, "gap")
        ],
        "clocks": [
            {key: line.said[key] for key in ("at_ms", "offset_ms", "round_trip_ms")}
            for line in _of(checked, "clock")
        ],
        "digest": checked.lines[-1].chain if checked.lines else "",
        "signed_at": seal["at"] if seal else "",
        "key": fingerprint(seal["public_key"]) if seal else "",
        "codes": [problem.code for problem in checked.problems],
    }


def _of(checked: Checked, kind: str) -> list[Line]:
    return [line for line in checked.lines if line.kind == kind]


def _lines(folder: Path, checked: Checked) -> Iterator[str]:
    segments = _of(checked, "segment")
    seconds = sum(line.said["end_ms"] - line.said["start_ms"] for line in segments) / 1000
    yield text("verify.recording", path=folder, segments=len(segments), seconds=round(seconds))
    for line in _of(checked, "gap"):
        start, end = line.said["start_ms"] / 1000, line.said["end_ms"] / 1000
        cause = text(f"verify.gap.{line.said['cause']}")
        yield text("verify.gap", start=start, end=end, cause=cause)
    for line in _of(checked, "clock")[-1:]:
        ahead, trip = line.said["offset_ms"] / 1000, line.said["round_trip_ms"]
        yield text("verify.clock", ahead=ahead, trip=trip)
    if (seal := checked.seal) is not None:
        key = fingerprint(seal["public_key"])
        at = moment(datetime.fromisoformat(seal["at"]))
        yield text("verify.signed", at=at, fingerprint=key)
    for name in JOINED:
        if (folder / name).is_file():
            yield text("verify.copy", name=name)
