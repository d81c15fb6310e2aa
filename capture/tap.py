"""The one-slot hand-over of decoded frames: the latest wins, what was not taken is counted."""

import threading
from collections.abc import Callable

from capture.contracts import Frame, Relief

FEWER_FPS = 0.5  # of each sitting, while analysis is to cost less


class FrameTap:
    """Decode threads put, one analysis thread takes. Nothing ever queues up here.

    ``rate``: frames per second wanted, may be changed at any time (more after a hit).
    ``relief``: what an overloaded process does without; it limits the rate.
    """

    def __init__(self, sitting_id: str, rate: float = 2.0) -> None:
        self.sitting_id = sitting_id
        self.rate = rate
        self.relief = Relief.NOTHING
        self._slot: Frame | None = None
        self._dropped = 0
        self._closed = False
        self._changed = threading.Condition()
        self._watcher: Callable[[], None] | None = None

    @property
    def sampled(self) -> float:
        """Frames per second that are worth handing over now."""
        return min(self.rate, FEWER_FPS) if self.relief else self.rate

    @property
    def dropped(self) -> int:
        """Frames replaced by a newer one before anybody took them."""
        return self._dropped

    @property
    def closed(self) -> bool:
        return self._closed

    def watch(self, changed: Callable[[], None] | None) -> None:
        """Call ``changed`` at each new frame, in a decode thread; one waiter can serve many."""
        self._watcher = changed

    def put(self, frame: Frame) -> None:
        with self._changed:
            if self._closed:
                return
            self._dropped += self._slot is not None
            self._slot = frame
            self._changed.notify()
        if (watcher := self._watcher) is not None:
            watcher()

    def take(self, timeout_s: float = 0.0) -> Frame | None:
        """The newest frame not yet taken; None after ``timeout_s`` or when the tap is closed."""
        with self._changed:
            if timeout_s > 0:
                self._changed.wait_for(lambda: self._slot is not None or self._closed, timeout_s)
            frame, self._slot = self._slot, None
            return frame

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if (watcher := self._watcher) is not None:
            watcher()
