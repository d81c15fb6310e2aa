"""The end of a track's recording: what is missing up to the end is a gap, then all is signed."""

from datetime import datetime

from capture.contracts import Gap, GapCause, Recording
from capture.manifest import Manifest, Stop
from capture.signing import RecordingKey

# Between a good-bye and the test's end by the server's clock some hundred milliseconds pass.
TAIL_MS = 1000


def finalise(manifest: Manifest, *, signer: RecordingKey, at: datetime, until_ms: int) -> Recording:
    """Sign the manifest; ``until_ms`` is the sitting's end on its timeline. Again adds nothing.

    OSError (a full disk): nothing is lost, and it may be asked again.
    """
    ledger = manifest.ledger
    if ledger.seal is None and ledger.end_ms is not None:
        ends = [ledger.end_ms, *(gap.end_ms for gap in ledger.gaps)]
        if until_ms - max(ends) >= TAIL_MS:
            stop = ledger.stop or Stop(ledger.end_ms, GapCause.SERVER_RESTART)
            gap = Gap(max(ends), until_ms, stop.cause, manifest.key.track, stop.sound_until_ms)
            manifest.append(gap)
    manifest.seal(signer, at)
    return ledger.recording(manifest.key)
