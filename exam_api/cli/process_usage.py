"""What a process and its children have used so far, read from /proc."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """``cpu_s``: user and system time. ``memory_bytes``: what is shared counts once (PSS)."""

    at: float
    cpu_s: float
    memory_bytes: int


def usage(pid: int) -> Usage:
    """Of ``pid`` and all its descendants that live now."""
    family = list(_family(pid))
    return Usage(time.monotonic(), sum(map(_cpu_s, family)), sum(map(_memory, family)))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for listed in (_PROC / str(pid) / "task").glob("*/children"):
        for child in _text(listed).split():
            yield from _family(int(child))


def _cpu_s(pid: int) -> float:
    fields = _text(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def _memory(pid: int) -> int:
    for line in _text(_PROC / str(pid) / "smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * _KIB
    return 0


def _text(path: Path) -> str:
    """Empty where the process has ended meanwhile."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
