"""segments.jsonl: what is on record of one track of a sitting, append-only, one JSON object a line.

Kinds of lines: ``segment`` (a Segment without its sitting and track), ``gap``, ``stop`` (recording
paused or ended in order, with the cause of the gap that follows), ``clock`` (a ClockOffset),
``supplied`` (a SuppliedSegment),
``seal`` (the sitting is over: all lines before are signed). Each line carries its link of the hash
chain. Each append is flushed to the disk before anyone hears of it; a torn last line, left by a
crash, is cut off when opened to write.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from capture.chain import GENESIS, body_of, line_chain, sealed_statement
from capture.contracts import (
    ClockOffset,
    Gap,
    GapCause,
    Recording,
    Segment,
    SuppliedSegment,
    TrackKey,
    TrackKind,
)
from capture.signing import RecordingKey, sync_folder

NAME = "segments.jsonl"


@dataclass(frozen=True, slots=True)
class Stop:
    """Recording was paused or ended, by no crash; the gap that follows has this ``cause``.

    ``sound_until_ms``: as in Gap.
    """

    at_ms: int
    cause: GapCause
    sound_until_ms: int | None = None
    chain: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Seal:
    """Whose recording all lines before are, signed by the server's key at ``at`` (UTC, ISO)."""

    sitting: str
    track: TrackKind
    at: str
    public_key: str
    signature: str
    chain: str = field(default="", compare=False)


Entry = Segment | Gap | Stop | ClockOffset | SuppliedSegment | Seal
_KINDS: Final[dict[str, type[Entry]]] = {
    "segment": Segment,
    "gap": Gap,
    "stop": Stop,
    "clock": ClockOffset,
    "supplied": SuppliedSegment,
    "seal": Seal,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}


@dataclass(slots=True)
class Ledger:
    """A manifest's content, in order."""

    segments: list[Segment] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    clocks: list[ClockOffset] = field(default_factory=list)
    supplied: list[SuppliedSegment] = field(default_factory=list)
    stop: Stop | None = None  # set while no segment follows it
    seal: Seal | None = None  # set while it is the last line
    chain: str = GENESIS

    @property
    def end_ms(self) -> int | None:
        return self.segments[-1].end_ms if self.segments else None

    @property
    def empty(self) -> bool:
        return self.chain == GENESIS

    def add(self, entry: Entry) -> None:
        self.chain = entry.chain
        self.seal = entry if isinstance(entry, Seal) else None
        if isinstance(entry, Segment):
            self.segments.append(entry)
            self.stop = None
        elif isinstance(entry, Gap):
            self.gaps.append(entry)
        elif isinstance(entry, ClockOffset):
            self.clocks.append(entry)
        elif isinstance(entry, SuppliedSegment):
            self.supplied.append(entry)
        elif isinstance(entry, Stop):
            self.stop = entry

    def copy(self) -> "Ledger":
        return replace(
            self,
            segments=list(self.segments),
            gaps=list(self.gaps),
            clocks=list(self.clocks),
            supplied=list(self.supplied),
        )

    def recording(self, key: TrackKey) -> Recording:
        digest = "" if self.empty else self.chain
        return Recording(
            key.sitting_id,
            tuple(self.segments),
            tuple(self.gaps),
            key.track,
            digest,
            tuple(self.clocks),
            tuple(self.supplied),
            self.seal.public_key if self.seal else "",
        )


def _encode(entry: Entry) -> bytes:
    fields = asdict(entry)
    if not isinstance(entry, Seal):
        for implied in ("sitting_id", "track"):  # by the folder
            fields.pop(implied, None)
    line = {"kind": _NAMES[type(entry)], **fields, "chain": entry.chain}
    return (json.dumps(line, separators=(",", ":")) + "\n").encode()


def _decode(line: bytes, key: TrackKey) -> Entry:
    fields: dict[str, Any] = json.loads(line)
    kind = _KINDS[fields.pop("kind")]
    if kind is Segment:
        fields["sitting_id"] = key.sitting_id
    if kind in {Segment, Gap, Seal}:
        fields["track"] = key.track
    if "cause" in fields:
        fields["cause"] = GapCause(fields["cause"])
    return kind(**fields)


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
        self.key = key
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
                index += 1
                entry = replace(entry, index=index)  # noqa: PLW2901 - numbered as it is written
            chain = line_chain(chain, _encode(entry))
            chained.append(replace(entry, chain=chain))
        self._write(map(_encode, chained))
        self._unwritten.clear()
        for entry in chained:
            self.ledger.add(entry)
        return chained

    def seal(self, key: RecordingKey, at: datetime) -> None:
        """Sign everything up to here; once, as long as nothing is added. OSError."""
        self.append()
        if self.ledger.seal is not None or self.ledger.empty:
            return
        unsigned = Seal(*self.key, at.isoformat(), key.public, "")
        statement = sealed_statement(self.ledger.chain, body_of(_encode(unsigned)))
        self.append(replace(unsigned, signature=key.sign(statement)))

    def _write(self, lines: Iterable[bytes]) -> None:
        data = b"".join(lines)
        if not data:
            return
        first = not self._path.exists()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o640)
        try:
            os.ftruncate(descriptor, self._size)
            written = 0
            while written < len(data):
                written += os.pwrite(descriptor, data[written:], self._size + written)
            os.fsync(descriptor)
            if first:
                sync_folder(self._path.parent)
        except OSError:
            os.ftruncate(descriptor, self._size)
            raise
        finally:
            os.close(descriptor)
        self._size += len(data)
