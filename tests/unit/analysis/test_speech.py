"""A voice is heard, whatever else sounds like one is not; and whose it is, by the lips."""

import math
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.contracts import Box
from analysis.detectors.speech import SpeechDetector, VoiceNet
from analysis.lips import Lips
from analysis.picture import Picture
from benchmarks.quality_voices import NOISES, lasting, room, voice
from capture.contracts import SOUND_RATE, AudioChunk, Frame
from capture.sound import read_sound
from models import Registry

Sound = NDArray[np.float32]
SECONDS = 8
CHUNK = 7680  # 480 ms
PLAIN = np.full((96 * 3 // 2, 128), 90, np.uint8)
FACE = Box("face", 0.9, 0.4, 0.2, 0.6, 0.6)
SENTENCES = {
    "en": "The answer to question seven is the second one, I am quite sure of that, write it down",
    "ru": "Ответ на седьмой вопрос второй, я совершенно уверен, запиши его скорее, пожалуйста",
    "kk": "Жетінші сұрақтың жауабы екінші, мен бұған сенімдімін, тезірек жазып ал",
    "en+whisper": "What is the answer to question five, please tell me quickly, I need to know it",
}


@pytest.fixture(scope="module")
def net() -> VoiceNet:
    return VoiceNet(Registry().load("voice"))


def noise(seed: int = 1) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, 1, SECONDS * SOUND_RATE)


def times() -> NDArray[np.float64]:
    return np.arange(SECONDS * SOUND_RATE) / SOUND_RATE


def clicks() -> NDArray[np.float64]:
    """Keys, three a second: bursts of 8 ms."""
    sound, burst = np.zeros(SECONDS * SOUND_RATE), noise(2)[:128] * np.hanning(128)
    for start in np.random.default_rng(3).integers(0, sound.size - 128, 3 * SECONDS):
        sound[start : start + 128] += burst
    return 0.3 * sound


def music() -> NDArray[np.float64]:
    """Chords with overtones, two a second."""
    sound = np.zeros(SECONDS * SOUND_RATE)
    for beat in range(2 * SECONDS):
        part = slice(beat * SOUND_RATE // 2, (beat + 1) * SOUND_RATE // 2)
        fade = np.exp(-3 * (times()[part] - times()[part][0]))
        for note in (0, 4, 7, 12):
            hz = 220 * 2 ** ((note + (0, 5, 7, 0)[beat % 4]) / 12)
            for overtone in (1, 2, 3):
                sound[part] += fade * np.sin(2 * math.pi * hz * overtone * times()[part]) / overtone
    return 0.05 * sound


def brown() -> NDArray[np.float64]:
    drift = np.cumsum(noise())
    drift -= np.convolve(drift, np.ones(800) / 800, "same")
    return 0.2 * drift / np.abs(drift).max()


NO_VOICE = {
    "silence": lambda: np.zeros(SECONDS * SOUND_RATE),
    "white noise": lambda: 0.05 * noise(),
    "brown noise": brown,
    "hum": lambda: 0.2 * np.sin(2 * math.pi * 100 * times()),
    "clicks": clicks,
    "music": music,
}


def heard(net: VoiceNet, sound: Sound) -> Iterator[float]:
    """The measure at each picture, two a second, sound in chunks as it comes."""
    detector = SpeechDetector(net)
    for start in range(0, sound.size - CHUNK + 1, CHUNK):
        at_ms = start * 1000 // SOUND_RATE
        chunk = AudioChunk("s", at_ms, sound[start : start + CHUNK].astype(np.float32))
        seen = detector.look(Picture.of(Frame("s", chunk.end_ms, PLAIN), (chunk,)))
        yield seen.measures["voice"]


@pytest.fixture(scope="module")
def spoken(require, tmp_path_factory):
    program, folder = require("espeak-ng"), tmp_path_factory.mktemp("spoken")

    def speak(voice: str) -> Sound:
        path = folder / f"{voice}.wav"
        command = [program, "-v", voice, "-s", "150", "-w", path, SENTENCES[voice]]
        subprocess.run(command, check=True)
        return np.concatenate([chunk.samples for chunk in read_sound(Path(path))])

    return speak


@pytest.mark.parametrize("name", NO_VOICE)
def test_what_is_no_voice_is_none(net: VoiceNet, name: str) -> None:
    assert max(heard(net, NO_VOICE[name]().astype(np.float32))) < 0.2


@pytest.mark.parametrize("voice", SENTENCES)
def test_a_voice_is_heard(net: VoiceNet, spoken, voice: str) -> None:
    shares = list(heard(net, spoken(voice)))
    assert sorted(shares)[len(shares) // 2] >= 0.5


def test_a_voice_is_heard_over_noise_and_from_afar(net: VoiceNet, spoken) -> None:
    voice = spoken("ru")
    loud = np.abs(voice).max()
    noisy = 0.1 * voice / loud + 0.01 * noise(5)[: voice.size]
    shares = list(heard(net, noisy.astype(np.float32)))
    assert sorted(shares)[len(shares) // 2] >= 0.4


WHISPERS = ("en+whisper", "ru+whisper", "kk+whisper", "en+whisperf", "ru+whisperf", "kk+whisperf")


@pytest.mark.parametrize("name", WHISPERS)
@pytest.mark.parametrize("level", [0.003, 0.02])
def test_a_whisper_is_heard_over_a_room_as_loud_as_it_comes(net, require, name, level) -> None:
    require("espeak-ng")
    whisper = level * lasting(voice(name), 10)
    rustle = level / 10 ** (12 / 20) * room(10, np.random.default_rng(4))
    shares = sorted(heard(net, (whisper + rustle).astype(np.float32)))
    assert shares[len(shares) // 2] >= 0.5
    assert max(heard(net, rustle.astype(np.float32))) < 0.2


def test_a_whisper_is_heard_soon_after_a_loud_voice(net: VoiceNet, require) -> None:
    require("espeak-ng")
    parts = (0.1 * lasting(voice("ru"), 5), np.zeros(6 * SOUND_RATE))
    sound = np.concatenate([*parts, 0.01 * lasting(voice("kk+whisper"), 6)])
    sound += 0.002 * room(17, np.random.default_rng(4))
    shares = list(heard(net, sound.astype(np.float32)))
    in_between, whispered = shares[-16:-13], shares[-6:]
    assert max(in_between) < 0.2
    assert min(whispered) >= 0.5


@pytest.mark.parametrize("peak", [0.02, 0.4])
@pytest.mark.parametrize("name", NOISES)
def test_noises_are_no_voice_however_loud_they_come(net: VoiceNet, name: str, peak: float) -> None:
    draw = np.random.default_rng(7)
    sound = peak * NOISES[name](30, draw) + 0.001 * room(30, draw)
    assert max(heard(net, sound.astype(np.float32))) < 0.2


def test_sound_that_is_no_number_or_none_at_all_does_no_harm(net: VoiceNet) -> None:
    detector = SpeechDetector(net)
    for number, value in enumerate((np.nan, np.inf, -np.inf, 1e30)):
        samples = np.full(CHUNK, value, np.float32)
        picture = Picture.of(Frame("s", number * 480 + 480, PLAIN))
        chunk = AudioChunk("s", number * 480, samples)
        seen = detector.look(Picture(picture.at_ms, picture.i420, (chunk,)))
        assert 0 <= seen.measures["voice"] <= 1
    after = list(heard(net, np.zeros(SOUND_RATE, np.float32)))
    assert after == [0.0, 0.0]


def test_chunks_of_any_size_are_heard_alike(net: VoiceNet, spoken) -> None:
    voice = spoken("en")

    def last(size: int) -> float:
        detector, seen = SpeechDetector(net), None
        for start in range(0, voice.size, size):
            chunk = AudioChunk("s", start * 1000 // SOUND_RATE, voice[start : start + size])
            seen = detector.look(Picture.of(Frame("s", chunk.end_ms, PLAIN), (chunk,)))
        assert seen is not None
        return seen.measures["voice"]

    assert last(CHUNK) == pytest.approx(last(333), abs=0.1)


def test_without_sound_there_is_no_vote(net: VoiceNet) -> None:
    detector = SpeechDetector(net)
    assert dict(detector.look(Picture.of(Frame("s", 0, PLAIN))).measures) == {}
    chunk = AudioChunk("s", 0, np.zeros(CHUNK, np.float32))
    assert "voice" in detector.look(Picture.of(Frame("s", 480, PLAIN), (chunk,))).measures
    assert dict(detector.look(Picture.of(Frame("s", 4000, PLAIN))).measures) == {}


def lips(opening: list[float], voice: float = 0.8, face: Box | None = FACE) -> str | None:
    own, boxes = Lips(), (face,) if face else ()
    shown: tuple[Box, ...] = ()
    for number, value in enumerate(opening):
        measures = {"voice": voice, "mouth_open": value}
        shown = own.shown(number * 500, measures, boxes)
    return shown[0].label if shown else None


def test_lips_that_move_with_a_voice_and_lips_that_rest() -> None:
    assert lips([0.01, 0.06, 0.02, 0.05, 0.01, 0.04]) == "lips_moving"
    assert lips([0.014, 0.014, 0.011, 0.01, 0.012, 0.013]) == "lips_still"


def test_lips_that_part_a_little_are_neither() -> None:
    """They whisper, or rest in a picture that trembles: nobody is told of as somebody else."""
    assert lips([0.01, 0.026, 0.01, 0.025, 0.011, 0.024]) is None
    assert lips([0.01, 0.018, 0.01, 0.017, 0.011, 0.018]) == "lips_still"


def test_nothing_is_said_of_lips_without_voice_face_or_enough_pictures() -> None:
    resting = [0.01] * 6
    assert lips(resting, voice=0.1) is None
    assert lips(resting, face=None) is None
    assert lips(resting[:3]) is None


def test_lips_that_moved_long_ago_are_still_now() -> None:
    assert lips([0.01, 0.09, 0.01, 0.09] + [0.01] * 8) == "lips_still"


def test_the_mouth_is_the_lower_part_of_the_face() -> None:
    own = Lips()
    for number in range(4):
        shown = own.shown(number * 500, {"voice": 1.0, "mouth_open": 0.01}, (FACE,))
    (box,) = shown
    assert (box.x0, box.x1, box.y1) == (FACE.x0, FACE.x1, FACE.y1)
    assert FACE.y0 < box.y0 < FACE.y1
