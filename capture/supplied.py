"""Gap fill: what the server lacks is cut out of what a student's page had kept.

The page's file is read in a process of its own with limits (``capture.supply_child``): it comes
from outside, and a demuxer that falls over it must not take the recordings with it.
"""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from capture.contracts import Gap, Recording, Span, SuppliedSegment
from capture.errors import SupplyFailed, SupplyKilled, SupplyRefused
from capture.manifest import Manifest
from capture.signing import sync_folder

_log = logging.getLogger(__name__)
LEAST_MS: Final = 100  # a remainder shorter than this is not worth a segment
LONGEST_MS: Final = 180_000  # of one piece; the page begins a new one each minute
CHILD_S: Final = 240.0  # it waits its turn behind all that is live
_REFUSED: Final = os.EX_DATAERR  # the child's word for: no piece of a recording
_OVERCOME: Final = os.EX_SOFTWARE  # and for: it takes more memory than there may be
_ENDED_BY_US: Final = frozenset({-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP})
# Whoever takes the exam now needs the processor more.
_COMMAND: Final = ("nice", "-n", "10", sys.executable, "-m", "capture.supply_child")
_REASON_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class SupplyRequest:
    """A piece as it lies on the disk. ``start_ms``: its first frame on the timeline."""

    piece: str
    path: Path
    start_ms: int
    sha256: str


def missing(recording: Recording) -> list[Span]:
    """Stretches of the gaps that nobody supplied yet, in order."""
    left = [Span(gap.start_ms, gap.end_ms) for gap in recording.gaps]
    for piece in recording.supplied:
        left = [part for span in left for part in _without(span, piece.start_ms, piece.end_ms)]
    return sorted(span for span in left if span.end_ms - span.start_ms >= LEAST_MS)


def _without(span: Span, start_ms: int, end_ms: int) -> Iterable[Span]:
    if end_ms <= span.start_ms or start_ms >= span.end_ms:
        return [span]
    parts = [Span(span.start_ms, start_ms), Span(end_ms, span.end_ms)]
    return [part for part in parts if part.end_ms > part.start_ms]


def cut_out(
    request: SupplyRequest, spans: Sequence[Span], gaps: Sequence[Gap]
) -> list[SuppliedSegment]:
    """What the piece holds of each span, as files beside it. Blocks: use a thread.

    SupplyRefused: it is no piece. SupplyKilled: the reading process died, maybe of it.
    SupplyFailed: whatever else went wrong says nothing of it.

    Of the ``gaps`` that the spans are of, what is heard on record is not supplied once more.
    Their names are those files' until ``take_in`` gives them their place in the recording.
    """
    cuts = [
        {
            "path": str(request.path.with_suffix(f".{number}.cut")),
            **span._asdict(),
            "sound_from_ms": _sound_from_ms(span, gaps),
        }
        for number, span in enumerate(spans)
    ]
    task = {"source": str(request.path), "start_ms": request.start_ms, "cuts": cuts}
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no shell
            _COMMAND,
            input=json.dumps(task).encode(),
            capture_output=True,
            timeout=CHILD_S,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        raise SupplyFailed("the piece was not read in time") from error
    why = done.stderr.decode(errors="replace").strip().rpartition("\n")[2][-_REASON_CHARS:]
    if done.returncode == _REFUSED:
        raise SupplyRefused(f"the piece is no video of the expected kind: {why}")
    if done.returncode != 0:
        _log.error("a supplied piece was not read: status %d: %s", done.returncode, why)
        for left in request.path.parent.glob(f"{request.path.stem}.*.cut*"):
            left.unlink()
        if done.returncode == _OVERCOME or (
            done.returncode < 0 and done.returncode not in _ENDED_BY_US
        ):
            raise SupplyKilled("the piece ended the process that read it")
        raise SupplyFailed("the piece could not be read")
    return [
        SuppliedSegment(piece=request.piece, source_sha256=request.sha256, **found)
        for found in json.loads(done.stdout)
    ]


def _sound_from_ms(span: Span, gaps: Sequence[Gap]) -> int:
    heard = (gap.sound_until_ms for gap in gaps if gap.start_ms <= span.start_ms < gap.end_ms)
    return max((until_ms for until_ms in heard if until_ms is not None), default=span.start_ms)


def take_in(
    manifest: Manifest, folder: Path, request: SupplyRequest, cuts: Sequence[SuppliedSegment]
) -> list[SuppliedSegment]:
    """Move the cuts into the recording and write them down; never over what is there already."""
    taken: list[SuppliedSegment] = []
    number = len(manifest.ledger.supplied)
    recording = manifest.ledger.recording(manifest.key)
    for cut in cuts:
        source = request.path.with_name(cut.name)
        if not any(span.start_ms <= cut.start_ms < span.end_ms for span in missing(recording)):
            source.unlink()  # another piece was quicker
            continue
        number += 1
        name = f"c{number:06d}.webm"
        source.replace(folder / name)
        taken.append(replace(cut, name=name))
    if taken:
        sync_folder(folder)
    return [one for one in manifest.append(*taken) if isinstance(one, SuppliedSegment)]
