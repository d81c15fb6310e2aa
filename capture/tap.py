"""Hand-overs to analysis, which take no more room however slow it is; what was lost is counted.

Frames have one slot, where the latest wins; sound has room for a few seconds.
"""

import threading
from collections import deque
from collections.abc import Callable

from capture.contracts import SOUND_RATE, AudioChunk, Frame, Relief

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


class AudioTap:
    """Decode threads put, one analysis thread takes. The oldest goes when ``room_ms`` are full.

    ``relief``: as of frames; sound is no longer decoded when nothing is analysed.
    """

    def __init__(self, sitting_id: str, room_ms: int = 5000) -> None:
        self.sitting_id = sitting_id
        self.relief = Relief.NOTHING
        self._room = room_ms * SOUND_RATE // 1000
        self._held = 0
        self._waiting: deque[AudioChunk] = deque()
        self._lost_ms = 0
        self._closed = False
        self._lock = threading.Lock()

    @property
    def lost_ms(self) -> int:
        """Sound that nobody took in time, or that was not decoded in time."""
        return self._lost_ms

    def lose(self, ms: int) -> None:
        with self._lock:
            self._lost_ms += ms

    def put(self, chunk: AudioChunk) -> None:
        with self._lock:
            if self._closed:
                return
            self._waiting.append(chunk)
            self._held += chunk.samples.size
            while self._held > self._room:
                samples = self._waiting.popleft().samples.size
                self._held -= samples
                self._lost_ms += samples * 1000 // SOUND_RATE

    def take(self) -> list[AudioChunk]:
        """All that waits, in order."""
        with self._lock:
            taken, self._held = list(self._waiting), 0
            self._waiting.clear()
            return taken

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._waiting.clear()
            self._held = 0


class Taps:
    """What is decoded of a sitting. Sound only once somebody listens."""

    def __init__(self, sitting_id: str, rate: float) -> None:
        self.frames = FrameTap(sitting_id, rate)
        self.sound: AudioTap | None = None

    def listened(self) -> AudioTap:
        if self.sound is None:
            self.sound = AudioTap(self.frames.sitting_id)
            self.sound.relief = self.frames.relief
        return self.sound

    def relieve(self, relief: Relief) -> None:
        self.frames.relief = relief
        if self.sound is not None:
            self.sound.relief = relief

    def close(self) -> None:
        self.frames.close()
        if self.sound is not None:
            self.sound.close()
