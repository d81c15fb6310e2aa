"""The pictures of a flag as blobs: the frame that shows it best, and those from before it began."""

import asyncio
import hashlib

from analysis.contracts import Flag, Still
from exam_api.services.ports import Blobs
from exam_api.services.proctoring_ports import StoredStill


async def keep_best(blobs: Blobs, sitting_id: str, flag: Flag) -> str | None:
    """Its key; None where the flag has no picture. Raises what ``Blobs.put`` raises."""
    if flag.evidence is None:
        return None
    key = _key(sitting_id, flag, flag.evidence.jpeg)
    await blobs.put(key, flag.evidence.jpeg)
    return key


async def keep_before(blobs: Blobs, sitting_id: str, flag: Flag) -> tuple[StoredStill, ...]:
    """All at once, as a flag waits for them. Raises what ``Blobs.put`` raises."""

    async def keep(still: Still) -> StoredStill:
        key = _key(sitting_id, flag, still.jpeg, f"before-{still.at_ms}-")
        await blobs.put(key, still.jpeg)
        return StoredStill(still.at_ms, key)

    return tuple(await asyncio.gather(*map(keep, flag.before)))


def _key(sitting_id: str, flag: Flag, jpeg: bytes, which: str = "") -> str:
    """Named by what is in it: the same picture again is no error, another never takes its place."""
    digest = hashlib.sha256(jpeg).hexdigest()[:16]
    return f"evidence/{sitting_id}/{flag.kind}-{flag.start_ms}-{which}{digest}.jpg"
