"""The live event stream: rows are the truth, a wake-up only saves waiting for the next look.

Listeners read rows after their cursor. One task a process looks for new rows while anybody
listens, so a lost or foreign wake-up (another process wrote) costs at most ``poll_s``. What is
shown and is no row (``live_hints``) is announced to all of them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress

from exam_api.services.proctoring_ports import StoredEvent

LastEventId = Callable[[], Awaitable[int]]
ReadAfter = Callable[[int], Awaitable[Sequence[StoredEvent]]]


class LiveHub:
    """Wakes listeners of this process. All but ``announce`` runs in the event loop's thread."""

    def __init__(self, *, poll_s: float = 0.5) -> None:
        self._poll_s = poll_s
        self._woken = asyncio.Event()
        self._changed = asyncio.Event()
        self._listeners = 0
        self._closed = False
        self._announced = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def closed(self) -> bool:
        return self._closed

    def wake(self) -> None:
        """Rows were committed."""
        self._woken.set()

    def announce(self) -> None:
        """Any thread: what is shown and is no row is other than it was."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended: nobody listens
                self._loop.call_soon_threadsafe(self._announce)

    def close(self) -> None:
        """End every stream: the server is going down and must not wait for its listeners."""
        self._closed = True
        self._wake_listeners()

    async def run(self, last_event_id: LastEventId) -> None:
        """Look for new rows until cancelled; without listeners nothing is asked."""
        self._loop = asyncio.get_running_loop()
        seen = -1
        while True:
            # Not wait_for: on Python 3.11 it swallows a cancellation that meets the wake-up.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._woken.wait()
            self._woken.clear()
            if not self._listeners:
                continue
            if (newest := await last_event_id()) != seen:
                seen = newest
                self._wake_listeners()

    async def follow(
        self, after: int, read: ReadAfter, *, heartbeat_s: float = 8.0
    ) -> AsyncIterator[StoredEvent | None]:
        """Events after the cursor, oldest first; None after an announcement.

        And None now and then, so that the line stays proven. Ends when the hub closes.
        """
        self._listeners += 1
        heard = self._announced
        try:
            while not self._closed:
                changed = self._changed  # taken before reading: a row written meanwhile wakes us
                rows = await read(after)
                for row in rows:
                    after = row.id
                    yield row
                if self._announced != heard:
                    heard = self._announced
                    yield None
                elif not rows and not await self._waited(changed, heartbeat_s):
                    yield None
        finally:
            self._listeners -= 1

    async def _waited(self, changed: asyncio.Event, timeout_s: float) -> bool:
        if self._closed:
            return True
        self._woken.set()  # a first look for this listener's sake
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await changed.wait()
                return True
        return False

    def _announce(self) -> None:
        self._announced += 1
        self._wake_listeners()

    def _wake_listeners(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
