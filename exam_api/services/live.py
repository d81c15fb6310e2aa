"""The live event stream: rows are the truth, a wake-up only saves waiting for the next look.

Listeners read rows after their cursor. One task a process looks for new rows while anybody
listens, so a lost or foreign wake-up (another process wrote) costs at most ``poll_s``.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress

from exam_api.services.proctoring_ports import StoredEvent

LastEventId = Callable[[], Awaitable[int]]
ReadAfter = Callable[[int], Awaitable[Sequence[StoredEvent]]]


class LiveHub:
    """Wakes listeners of this process. Everything runs in the event loop's thread."""

    def __init__(self, *, poll_s: float = 0.5) -> None:
        self._poll_s = poll_s
        self._hint = asyncio.Event()
        self._changed = asyncio.Event()
        self._listeners = 0
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    def wake(self) -> None:
        """Rows were committed."""
        self._hint.set()

    def close(self) -> None:
        """End every stream: the server is going down and must not wait for its listeners."""
        self._closed = True
        self._announce()

    async def run(self, last_event_id: LastEventId) -> None:
        """Look for new rows until cancelled; without listeners nothing is asked."""
        seen = -1
        while True:
            # Not wait_for: on Python 3.11 it swallows a cancellation that meets the hint.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._hint.wait()
            self._hint.clear()
            if not self._listeners:
                continue
            if (newest := await last_event_id()) != seen:
                seen = newest
                self._announce()

    async def follow(
        self, after: int, read: ReadAfter, *, heartbeat_s: float = 8.0
    ) -> AsyncIterator[StoredEvent | None]:
        """Events after the cursor, oldest first; None now and then so that the line stays proven.

        Ends when the hub closes.
        """
        self._listeners += 1
        try:
            while not self._closed:
                changed = self._changed  # taken before reading: a row written meanwhile wakes us
                rows = await read(after)
                for row in rows:
                    after = row.id
                    yield row
                if not rows and not await self._waited(changed, heartbeat_s):
                    yield None
        finally:
            self._listeners -= 1

    async def _waited(self, changed: asyncio.Event, timeout_s: float) -> bool:
        if self._closed:
            return True
        self._hint.set()  # a first look for this listener's sake
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await changed.wait()
                return True
        return False

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
