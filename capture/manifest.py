"""segments.jsonl: what is on record of one track of a sitting, append-only, one JSON object a line.

Kinds of lines: ``segment`` (a Segment without its sitting and track), ``gap``, ``stop`` (recording
was ended in order, with the cause of the gap that would follow). Each append is flushed to the
disk before anyone hears of it; a torn last line, left by a crash, is cut off when opened to write.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from capture.chain import GENESIS, next_chain
from capture.contracts import Gap, GapCause, Recording, Segment, TrackKey

NAME = "segments.jsonl"


@dataclass(frozen=True, slots=True)
class Stop:
    """Recording ended in order; a later start explains its gap with ``cause``."""

    at_ms: int
    cause: GapCause


Entry = Segment | Gap | Stop


@dataclass(slots=True)
class Ledger:
    """A manifest's content, in order."""

    segments: list[Segment] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    stop: Stop | None = None  # set while no segment follows it

    @property
    def chain(self) -> str:
        return self.segments[-1].chain if self.segments else GENESIS

    @property
    def end_ms(self) -> int | None:
        return self.segments[-1].end_ms if self.segments else None

    def add(self, entry: Entry) -> None:
        if isinstance(entry, Segment):
            self.segments.append(entry)
            self.stop = None
        elif isinstance(entry, Gap):
            self.gaps.append(entry)
        else:
            self.stop = entry

    def recording(self, key: TrackKey) -> Recording:
        return Recording(key.sitting_id, tuple(self.segments), tuple(self.gaps), key.track)


def _encode(entry: Entry) -> bytes:
    kind = {Segment: "segment", Gap: "gap", Stop: "stop"}[type(entry)]
    fields = asdict(entry)
    for implied in ("sitting_id", "track"):  # by the folder
        fields.pop(implied, None)
    return (json.dumps({"kind": kind, **fields}, separators=(",", ":")) + "\n").encode()


def _decode(line: bytes, key: TrackKey) -> Entry:
    fields: dict[str, Any] = json.loads(line)
    kind = fields.pop("kind")
    if kind == "segment":
        return Segment(sitting_id=key.sitting_id, track=key.track, **fields)
    fields["cause"] = GapCause(fields["cause"])
    return Gap(track=key.track, **fields) if kind == "gap" else Stop(**fields)


def parse(data: bytes, key: TrackKey) -> tuple[Ledger, int]:
    """The ledger, and how many bytes of ``data`` are whole lines. Raises ValueError otherwise."""
    ledger, whole = Ledger(), 0
    for line in data.splitlines(keepends=True):
        last = whole + len(line) == len(data)
        try:
            if not line.endswith(b"\n"):
                break
            ledger.add(_decode(line, key))
        except (ValueError, TypeError, KeyError) as error:
            if last:
                break
            raise ValueError(f"line {data[:whole].count(10) + 1} is no manifest line") from error
        whole += len(line)
    return ledger, whole


def read(folder: Path, key: TrackKey) -> Ledger:
    """What is on record; an empty ledger where nothing is."""
    try:
        data = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return Ledger()
    return parse(data, key)[0]


class Manifest:
    """The one writer of a folder's manifest. Used by one thread at a time."""

    def __init__(self, folder: Path, key: TrackKey) -> None:
        self._path = folder / NAME
        self._unwritten: list[Entry] = []
        data = self._path.read_bytes() if self._path.exists() else b""
        self.ledger, self._size = parse(data, key)
        if self._size < len(data):
            os.truncate(self._path, self._size)

    def append(self, *entries: Entry) -> list[Entry]:
        """Write what waits and ``entries``, segments numbered and chained; what is now on disk.

        On OSError (a full disk) nothing is lost: the entries wait for the next append.
        """
        self._unwritten += entries
        chained: list[Entry] = []
        chain, index = self.ledger.chain, len(self.ledger.segments)
        for entry in self._unwritten:
            if isinstance(entry, Segment):
                chain, index = next_chain(chain, entry.sha256), index + 1
                chained.append(replace(entry, chain=chain, index=index))
            else:
                chained.append(entry)
        self._write(map(_encode, chained))
        self._unwritten.clear()
        for entry in chained:
            self.ledger.add(entry)
        return chained

    def _write(self, lines: Iterable[bytes]) -> None:
        data = b"".join(lines)
        if not data:
            return
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o640)
        try:
            os.ftruncate(descriptor, self._size)
            written = 0
            while written < len(data):
                written += os.pwrite(descriptor, data[written:], self._size + written)
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, self._size)
            raise
        finally:
            os.close(descriptor)
        self._size += len(data)
