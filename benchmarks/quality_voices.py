"""Voices, rooms and noises for composed sessions, made at run time: none was recorded.

Voices are espeak-ng's, spoken and whispered (its variants ``whisper`` and ``whisperf``: hiss
through the same resonances). Levels are RMS in dB of full scale, of a voice while it sounds.
"""

import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from shutil import which
from typing import Final

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from capture.contracts import SOUND_RATE
from capture.sound import read_sound

Samples = NDArray[np.float64]

PROGRAM: Final = "espeak-ng"
OPUS_RATE: Final = 48_000
OPUS_BITS: Final = 24_000  # what the student's page sends
OPUS_SAMPLES: Final = 960  # 20 ms
SENTENCES: Final[Mapping[str, str]] = {
    "en": "Tell me quickly, what is the answer to question five, I have no idea. Is it the second "
    "one or the third one? Then write it down for me, please.",
    "ru": "Скажи быстрее, какой ответ на пятый вопрос, я совсем не знаю. Второй или третий? "
    "Тогда напиши мне, пожалуйста.",
    "kk": "Бесінші сұрақтың жауабы қандай, тезірек айтшы, мен мүлде білмеймін. Екінші ме, әлде "
    "үшінші ме? Онда маған жазып берші.",
}
SPOKEN: Final = ("en", "ru", "kk", "en+f3", "ru+f3", "kk+f3")
WHISPERED: Final = tuple(f"{one}+{how}" for one in SENTENCES for how in ("whisper", "whisperf"))
SOUNDING: Final = 0.1  # of the loudest 20 ms: what is no pause
ECHO_S: Final = 0.35  # until a room's echo is 60 dB down
DULL: Final = (0.15, 0.7, 0.15)  # 3 dB less at 4 kHz, 8 dB at 8 kHz
WORDS_A_MINUTE: Final = 150


def can_speak() -> bool:
    return which(PROGRAM) is not None


@cache
def voice(name: str) -> Samples:
    """Some ten seconds, 16 kHz, of level 0 dB. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "voice.wav"
        text = SENTENCES[name.split("+", maxsplit=1)[0]]
        command = [PROGRAM, "-v", name, "-s", str(WORDS_A_MINUTE), "-w", str(path), text]
        subprocess.run(command, check=True)
        said = np.concatenate([chunk.samples for chunk in read_sound(path)]).astype(np.float64)
    return np.asarray(said / loudness(said), np.float64)


def loudness(said: Samples) -> float:
    """RMS without the pauses."""
    size = SOUND_RATE // 50
    powers = np.mean(said[: said.size // size * size].reshape(-1, size) ** 2, 1)
    return float(np.sqrt(np.mean(powers[powers > SOUNDING**2 * powers.max()])))


def lasting(said: Samples, seconds: float) -> Samples:
    """From its beginning, again and again."""
    return np.resize(said, round(seconds * SOUND_RATE))


def from_afar(said: Samples, draw: np.random.Generator) -> Samples:
    """The same voice from across a room: as much echo as voice, and duller, as beside a speaker."""
    count = round(ECHO_S * SOUND_RATE)
    echo = draw.normal(0, 1, count) * 10 ** (-3 * np.arange(count) / count)
    echo[0] = np.sqrt(np.sum(echo[1:] ** 2))
    size = said.size + count
    heard = np.fft.irfft(np.fft.rfft(said, size) * np.fft.rfft(echo, size), size)[: said.size]
    dull = np.convolve(heard, DULL, "same")
    return np.asarray(dull * np.sqrt(np.mean(said**2) / np.mean(dull**2)), np.float64)


def gain(level_db: float) -> float:
    return float(10 ** (level_db / 20))


def room(seconds: float, draw: np.random.Generator) -> Samples:
    """A room with fans and a street: pink, of level 0 dB."""
    count = round(seconds * SOUND_RATE)
    spectrum = np.fft.rfft(draw.normal(0, 1, count))
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(count, 1 / SOUND_RATE), 50))
    noise = np.fft.irfft(spectrum, count)
    return np.asarray(noise / np.sqrt(np.mean(noise**2)), np.float64)


# --- what is no voice ----------------------------------------------------------------------------


def _bursts(
    seconds: float, draw: np.random.Generator, a_second: float, make: Callable[[], Samples]
) -> Samples:
    sound = np.zeros(round(seconds * SOUND_RATE))
    for start in draw.integers(0, max(1, sound.size), max(1, round(a_second * seconds))):
        burst = make()[: sound.size - start]
        sound[start : start + burst.size] += burst
    return sound


def keys(seconds: float, draw: np.random.Generator) -> Samples:
    """Keys, five a second: 8 ms of click and 40 ms of thump. Peaks at 0 dB, as of all below."""

    def key() -> Samples:
        click = draw.normal(0, 0.3, 128) * np.hanning(128)
        at = np.arange(640) / SOUND_RATE
        thump = 0.4 * np.sin(2 * np.pi * draw.uniform(90, 220) * at) * np.exp(-at * 90)
        thump[:128] += click
        return np.asarray(thump * draw.uniform(0.4, 1.0), np.float64)

    return _bursts(seconds, draw, 5, key)


def coughs(seconds: float, draw: np.random.Generator) -> Samples:
    """A burst of 90 ms and a longer, duller one after it; one cough in eight seconds."""

    def cough() -> Samples:
        count = round(0.45 * SOUND_RATE)
        at = np.arange(count) / SOUND_RATE
        shape = np.exp(-at * 25) + 0.5 * np.clip((at - 0.12) * 20, 0, 1) * np.exp(-(at - 0.12) * 9)
        hiss = np.convolve(draw.normal(0, 1, count), np.hanning(8) / 4, "same")
        return np.asarray(hiss * shape / np.abs(hiss * shape).max(), np.float64)

    return _bursts(seconds, draw, 1 / 8, cough)


def hum(seconds: float, _draw: np.random.Generator) -> Samples:
    """Of mains at 50 Hz, with overtones."""
    at = np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE
    wave = sum(np.sin(2 * np.pi * 50 * n * at) / n for n in (1, 2, 3, 4, 6))
    return np.asarray(wave / np.abs(wave).max(), np.float64)


def chords(seconds: float, _draw: np.random.Generator) -> Samples:
    """Chords with overtones, two a second."""
    sound = np.zeros(round(seconds * SOUND_RATE))
    half = SOUND_RATE // 2
    for beat, start in enumerate(range(0, sound.size, half)):
        at = np.arange(min(half, sound.size - start)) / SOUND_RATE
        notes = (220 * 2 ** ((step + (0, 5, 7, 0)[beat % 4]) / 12) for step in (0, 4, 7, 12))
        tones = sum(np.sin(2 * np.pi * hz * n * at) / n for hz in notes for n in (1, 2, 3))
        sound[start : start + at.size] = np.exp(-3 * at) * tones
    return np.asarray(sound / np.abs(sound).max(), np.float64)


def paper(seconds: float, draw: np.random.Generator) -> Samples:
    """Sheets turned: rustling of half a second to a second, once in four."""

    def sheet() -> Samples:
        count = round(draw.uniform(0.5, 1.0) * SOUND_RATE)
        rough = np.repeat(draw.uniform(0, 1, count // 160 + 1), 160)[:count]
        hiss = np.diff(draw.normal(0, 1, count + 1)) * rough * np.hanning(count)
        return np.asarray(hiss / np.abs(hiss).max(), np.float64)

    return _bursts(seconds, draw, 1 / 4, sheet)


def fan(seconds: float, draw: np.random.Generator) -> Samples:
    """A loud one, that swells with its turning."""
    at = np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE
    noise = room(seconds, draw) * (1 + 0.3 * np.sin(2 * np.pi * 3.1 * at))
    return np.asarray(noise / np.abs(noise).max(), np.float64)


NOISES: Final[Mapping[str, Callable[[float, np.random.Generator], Samples]]] = {
    "keys": keys,
    "coughs": coughs,
    "hum": hum,
    "chords": chords,
    "paper": paper,
    "fan": fan,
}


def over_opus(sound: Samples, target: Path) -> None:
    """Through Opus as a student's page sends it, into a WebM of sound alone."""
    with av.open(target, "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=OPUS_RATE)
        assert isinstance(stream, AudioStream)
        stream.codec_context.layout, stream.bit_rate = "mono", OPUS_BITS
        stream.codec_context.options = {"application": "voip"}
        resampler = av.AudioResampler("flt", "mono", OPUS_RATE, frame_size=OPUS_SAMPLES)
        samples = np.clip(sound, -1, 1).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="flt", layout="mono")
        frame.sample_rate, frame.pts = SOUND_RATE, 0
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
