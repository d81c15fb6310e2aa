"""Speech: whether a voice is heard, by Silero's network; silent on noise, hum, clicks, music.

The network misses most whispers as they come, and hears them in louder sound: so what is heard is
raised, the loudest of the last seconds to the level of somebody near the microphone. Measured on
36 whispers of espeak-ng through Opus, 8 and 15 dB above a room, at -48 to -30 dB of full scale: 3
heard as they come, 34 raised; of keys, coughs, hum, chords, paper, fans and noise nothing, raised
or not, and spoken voices alike from -58 to -20 dB.

Measured: 2.3 ms of one core a second of sound; half of that where the sound is mostly quiet.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.contracts import ModelRef
from analysis.detectors.contracts import Sighting
from analysis.detectors.litert import ref_of
from analysis.detectors.onnx import session
from analysis.errors import ModelInputUnexpected
from analysis.picture import Picture
from capture.contracts import SOUND_RATE, AudioChunk
from models import LoadedModel

WINDOW = 512  # samples that one answer of the network is about
CONTEXT = 64  # of those before, which it wants to hear again
VOICED = 0.5
LOUD = 0.4  # RMS to which the loudest windows of the last seconds are raised
MOST_RAISED = 32.0  # 30 dB
FADES = 0.5 ** (WINDOW / (2 * SOUND_RATE))  # a window's loudness is forgotten by half in 2 s
QUIET = 1e-3  # of full scale (-60 dB): no microphone brings a voice this low
REMEMBERED_MS = 2000
HOLE_MS = 100  # sound further apart does not belong together
STALE_MS = 3000  # a picture this much later than all sound is a silent film: no vote

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """What the network carries from window to window: two arrays of (1, 1, 128)."""

    h: Samples
    c: Samples


FRESH = Memory(np.zeros((1, 1, 128), np.float32), np.zeros((1, 1, 128), np.float32))


class VoiceNet:
    """Loaded once per thread and shared by its sittings."""

    def __init__(self, model: LoadedModel) -> None:
        self.ref = ref_of(model)
        self._session = session(model.content)
        first = self._session.get_inputs()[0]
        if first.shape[1] != WINDOW + CONTEXT:
            raise ModelInputUnexpected(f"{self.ref.id}: input {first.shape}")

    def voices(self, windows: Samples, memory: Memory) -> tuple[Samples, Memory]:
        """How sure it is of a voice, per window (n, 576) in order."""
        inputs = {"input": windows, "h": memory.h, "c": memory.c}
        voices, h, c = self._session.run(None, inputs)
        return voices, Memory(h, c)


class SpeechDetector:
    """Measure ``voice``: share of the last two seconds of sound in which somebody spoke."""

    def __init__(self, net: VoiceNet) -> None:
        self._net = net
        self.models: tuple[ModelRef, ...] = (net.ref,)
        self._rest = np.zeros(CONTEXT, np.float32)  # context, and samples that fill no window yet
        self._memory = FRESH
        self._loudest = 0.0
        self._until_ms: int | None = None
        self._windows: deque[tuple[int, bool]] = deque()

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:  # noqa: ARG002 - cheap
        for chunk in picture.sound:
            self._hear(chunk)
        if self._until_ms is None or picture.at_ms - self._until_ms > STALE_MS:
            return Sighting()
        while self._windows and self._windows[0][0] <= self._until_ms - REMEMBERED_MS:
            self._windows.popleft()
        if not self._windows:
            return Sighting()
        voiced = sum(voice for _, voice in self._windows)
        return Sighting(measures={"voice": voiced / len(self._windows)})

    def _hear(self, chunk: AudioChunk) -> None:
        if self._until_ms is None or abs(chunk.at_ms - self._until_ms) > HOLE_MS:
            self._begin_anew()
        samples = np.nan_to_num(chunk.samples, posinf=0.0, neginf=0.0).clip(-1, 1)
        held = np.concatenate([self._rest, samples.astype(np.float32, copy=False)])
        count = (held.size - CONTEXT) // WINDOW
        self._until_ms = chunk.end_ms
        self._rest = held[count * WINDOW :]
        voiced = self._voiced(held, count)
        first_ms = chunk.end_ms - (self._rest.size - CONTEXT + count * WINDOW) * 1000 // SOUND_RATE
        for index in range(count):
            end_ms = first_ms + (index + 1) * WINDOW * 1000 // SOUND_RATE
            self._windows.append((end_ms, bool(voiced[index])))

    def _voiced(self, held: Samples, count: int) -> NDArray[np.bool_]:
        """Of the windows in it; in what is as good as silent nobody is looked for."""
        if count == 0:
            return np.zeros(0, np.bool_)
        if np.abs(held).max() < QUIET:
            self._memory = FRESH
            return np.zeros(count, np.bool_)
        every = np.lib.stride_tricks.sliding_window_view(held, WINDOW + CONTEXT)[::WINDOW][:count]
        voices, self._memory = self._net.voices(self._raised(every), self._memory)
        return np.asarray(voices.reshape(-1) > VOICED)

    def _raised(self, windows: Samples) -> Samples:
        """As loud as a voice near the microphone, as far as that goes; cut off at full scale."""
        gains = np.empty((len(windows), 1), np.float32)
        for index, loudness in enumerate(np.sqrt(np.mean(windows[:, CONTEXT:] ** 2, 1))):
            self._loudest = max(float(loudness), self._loudest * FADES)
            gains[index] = min(MOST_RAISED, max(1.0, LOUD / max(self._loudest, QUIET)))
        return np.clip(windows * gains, -1, 1)

    def _begin_anew(self) -> None:
        self._rest, self._memory = np.zeros(CONTEXT, np.float32), FRESH
        self._loudest = 0.0
        self._windows.clear()
