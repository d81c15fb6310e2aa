"""Who speaks: sessions with voices and noises composed at run time, heard as in life.

Sound goes through Opus at the rate of a student's page and is read as a recording's. Students
part their lips as loud as they speak; while somebody else speaks theirs stay as in the clip.
"""

import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analysis.contracts import Flag, FlagKind
from analysis.detectors.faces import FaceNets
from analysis.models_set import ModelSet
from benchmarks.quality_measures import (
    NOTHING,
    Claim,
    Event,
    Tally,
    merged,
    most_likely_below,
    near,
    share_json,
    tallied,
    tally_json,
)
from benchmarks.quality_sessions import CONDITIONS, FPS, Session, calm, frames
from benchmarks.quality_voices import (
    NOISES,
    SPOKEN,
    WHISPERED,
    Samples,
    can_speak,
    from_afar,
    gain,
    lasting,
    over_opus,
    room,
    voice,
)
from benchmarks.quality_watch import POLICY, Given, Json, Outcome, flagged, outcomes_json, watched
from capture.contracts import SOUND_RATE, Frame

SPEECH: Final = FlagKind.SPEECH.value
# What is done, for how long, and how loud (dB of full scale) it reaches the microphone.
SCRIPT: Final = (
    ("student_whispers", 8.0, -40.0),
    ("other_speaks", 8.0, -34.0),
    ("student_speaks", 6.0, -26.0),
    ("other_whispers", 8.0, -40.0),
)
CALM_S: Final = (14.0, 17.0)
ROOMS_DB: Final[Mapping[str, float]] = {"quiet_room": -60.0, "common_room": -50.0}
NOISE_DB: Final = -26.0  # peak of keys, coughs and the like
KEYS_DB: Final = -32.0  # peak of the keys in sessions in which somebody speaks too
CALM_SESSION_S: Final = 60.0
FURTHEST: Final[Mapping[str, float]] = {"student_speaks": 0.14, "student_whispers": 0.09}
LOUDLY: Final = 95  # percentile of loudness at which lips are furthest apart
LIPS: Final = frozenset({"lips_moving", "lips_still"})

# The sound alone: a voice for ten seconds between eight of the room, at so much above it.
ABOVE_DB: Final = (30.0, 20.0, 15.0, 10.0, 5.0)
ALONE_DB: Final = -36.0
ALONE_CALM_S, ALONE_S = 8.0, 10.0
NOISE_S: Final = 300.0
BLANK: Final = np.full((96 * 3 // 2, 128), 90, np.uint8)


@dataclass(frozen=True, slots=True)
class Said:
    """``level_db``: of the voice, in dB of full scale."""

    what: str
    start_s: float
    end_s: float
    voice: str
    level_db: float


@dataclass(frozen=True, slots=True)
class Heard:
    """A session and what its microphone hears. ``noises``: name → peak in dB of full scale."""

    seat: Session
    room: str
    said: tuple[Said, ...]
    noises: Mapping[str, float]


def talking(clip: Path, number: int) -> Heard:
    """Whispers and speaks, and so does somebody else; every second session in a quiet room."""
    draw = random.Random(number)
    at, said = draw.uniform(*CALM_S), []
    for place, (what, seconds, level_db) in enumerate(SCRIPT):
        voices = WHISPERED if what.endswith("whispers") else SPOKEN
        name = voices[(number + place) % len(voices)]
        said.append(Said(what, round(at, 2), round(at + seconds, 2), name, level_db))
        at += seconds + draw.uniform(*CALM_S)
    seat = replace(calm(clip, CONDITIONS[0], number, at), near=True)
    doings = tuple((one.what, one.start_s, one.end_s) for one in said)
    made = Heard(
        replace(seat, doings=doings), list(ROOMS_DB)[number % 2], tuple(said), {"keys": KEYS_DB}
    )
    return replace(made, seat=replace(made.seat, lips=lips_of(made)))


def silent(clip: Path, number: int) -> Heard:
    """Nobody speaks, but something sounds."""
    seat = replace(calm(clip, CONDITIONS[0], number, CALM_SESSION_S), near=True)
    noise = list(NOISES)[number % len(NOISES)]
    return Heard(seat, "common_room", (), {noise: NOISE_DB})


def lips_of(heard: Heard) -> tuple[float, ...]:
    """How far the student's lips part, ``FPS`` times a second: as loud as the voice just is."""
    opened = np.zeros(round(heard.seat.duration_s * FPS))
    for one in heard.said:
        furthest = FURTHEST.get(one.what, 0.0)
        sound = lasting(voice(one.voice), one.end_s - one.start_s)
        size = SOUND_RATE // FPS
        parts = sound[: sound.size // size * size].reshape(-1, size)
        loud = np.sqrt(np.mean(parts**2, 1))
        start = round(one.start_s * FPS)
        loud = np.clip(loud / np.percentile(loud, LOUDLY), 0, 1)[: opened.size - start]
        opened[start : start + loud.size] = furthest * loud
    return tuple(float(value) for value in opened)


def soundtrack(heard: Heard) -> Samples:
    """Of the session's length, 16 kHz, 1 = full scale."""
    draw = np.random.default_rng(heard.seat.seed)
    seconds = heard.seat.duration_s
    sound = gain(ROOMS_DB[heard.room]) * room(seconds, draw)
    for name, peak_db in heard.noises.items():
        sound += gain(peak_db) * NOISES[name](seconds, draw)
    for one in heard.said:
        voiced = lasting(voice(one.voice), one.end_s - one.start_s)
        if one.what.startswith("other"):
            voiced = from_afar(voiced, draw)
        start = round(one.start_s * SOUND_RATE)
        room_left = sound.size - start
        sound[start : start + voiced.size] += gain(one.level_db) * voiced[:room_left]
    return sound


# --- sessions with pictures ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """``told``: what the flag's picture says of the lips, where it was flagged and says it."""

    said: Said
    room: str
    tally: Tally
    told: str | None


def played_with_sound(
    models: ModelSet, heard: Heard, nets: FaceNets
) -> tuple[Outcome, list[Answer]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        over_opus(soundtrack(heard), folder / "heard.webm")
        shown = frames(heard.seat, folder, nets)
        given = Given(sound=folder / "heard.webm")
        found = flagged(models, shown, lambda _seen: None, given)
    claims = [claim for claim, _ in found]
    outcome = Outcome(tallied(heard.seat.events, claims), heard.seat.duration_s / 3600)
    return outcome, [_answer(one, heard.room, found) for one in heard.said]


def _answer(said: Said, where: str, found: Sequence[tuple[Claim, Flag]]) -> Answer:
    """Voices are so far apart that no flag is near two of them."""
    event = Event(SPEECH, said.start_s, said.end_s)
    claims = sorted(found, key=lambda one: one[0].told_s)
    hit = next(((claim, flag) for claim, flag in claims if near(event, claim)), None)
    if hit is None:
        return Answer(said, where, replace(NOTHING, events=1), None)
    evidence = hit[1].evidence
    labels = {box.label for box in evidence.boxes} if evidence else set()
    delay = max(0.0, hit[0].told_s - event.start_s)
    return Answer(said, where, Tally(1, 1, 0, 0, (delay,)), next(iter(labels & LIPS), None))


def _by_doing(answers: Sequence[Answer]) -> Json:
    """Of each: met or not, how late, and whose lips the flag's picture tells of."""
    return {
        f"{what}, {where}": _doing([one for one in answers if (one.said.what, one.room) == key])
        for key in sorted({(one.said.what, one.room) for one in answers})
        for what, where in [key]
    }


def _doing(answers: Sequence[Answer]) -> Json:
    (what,) = {one.said.what for one in answers}
    truth = "lips_moving" if what.startswith("student") else "lips_still"
    met = [one.told for one in answers if one.tally.met]
    told = [label for label in met if label is not None]
    total = merged({"": one.tally} for one in answers)[""]
    right = share_json(sum(one == truth for one in told), len(told))
    return {**tally_json(total), "lips_told_right": right, "lips_not_told": met.count(None)}


# --- the sound alone -----------------------------------------------------------------------------


def _of_sound(models: ModelSet) -> ModelSet:
    return replace(models, makers={"speech": models.makers["speech"]})


def _blank(seconds: float) -> Iterator[Frame]:
    for index in range(round(seconds * 2)):
        yield Frame("s", index * 500, BLANK)


ONLY_SPEECH: Final = replace(POLICY, kinds={FlagKind.SPEECH: POLICY.kinds[FlagKind.SPEECH]})


def _claims_of(models: ModelSet, sound: NDArray[np.float64]) -> list[Claim]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "heard.webm"
        over_opus(sound, path)
        given = Given(policy=ONLY_SPEECH, sound=path)
        return watched(models, _blank(sound.size / SOUND_RATE), lambda _seen: None, given)


def voices_over_a_room(models: ModelSet, *, quick: bool) -> Json:
    """How many of the voices are flagged, by how much they are above a room's pink noise."""
    heard: Json = {}
    for above_db in ABOVE_DB[:: 4 if quick else 1]:
        level: Json = {}
        for way, names in (("spoken", SPOKEN), ("whispered", WHISPERED)):
            chosen = names[:1] if quick else names
            met = [_is_flagged(models, name, above_db, seed) for seed, name in enumerate(chosen)]
            level[way] = share_json(sum(met), len(met))
        heard[f"{above_db:.0f} dB"] = level
    return heard


def _is_flagged(models: ModelSet, name: str, above_db: float, seed: int) -> bool:
    draw = np.random.default_rng(seed)
    sound = gain(ALONE_DB - above_db) * room(2 * ALONE_CALM_S + ALONE_S, draw)
    start, voiced = round(ALONE_CALM_S * SOUND_RATE), lasting(voice(name), ALONE_S)
    sound[start : start + voiced.size] += gain(ALONE_DB) * voiced
    event = Event(SPEECH, ALONE_CALM_S, ALONE_CALM_S + ALONE_S)
    return any(near(event, claim) for claim in _claims_of(models, sound))


def noises_alone(models: ModelSet, *, quick: bool) -> Json:
    """Ten minutes of each: a flag is false."""
    seconds = 30.0 if quick else NOISE_S
    flags = {}
    for number, (name, make) in enumerate(NOISES.items()):
        draw = np.random.default_rng(number)
        sound = gain(NOISE_DB) * make(seconds, draw)
        sound += gain(ROOMS_DB["common_room"]) * room(seconds, draw)
        flags[name] = len(_claims_of(models, sound))
    hours, false = len(NOISES) * seconds / 3600, sum(flags.values())
    return {
        "flags": flags,
        "hours": round(hours, 3),
        "false_flags_per_hour_below": round(most_likely_below(false) / hours, 1),
    }


def sound_json(
    models: ModelSet, nets: FaceNets, clips: Sequence[Path], *, quick: bool
) -> Json | None:
    """None where no voice can be made, or no network hears them."""
    if not can_speak() or "speech" not in models.makers:
        return None
    deaf_to_pictures = _of_sound(models)
    report: Json = {
        "voices_over_a_room": voices_over_a_room(deaf_to_pictures, quick=quick),
        "noises": noises_alone(deaf_to_pictures, quick=quick),
    }
    chosen = clips[:1] if quick else clips
    talks = [played_with_sound(models, talking(clip, n), nets) for n, clip in enumerate(chosen)]
    quiet = [played_with_sound(models, silent(clip, n), nets)[0] for n, clip in enumerate(chosen)]
    if talks:
        report["sessions"] = {
            **outcomes_json([outcome for outcome, _ in talks] + quiet),
            "count": len(talks) + len(quiet),
            "by_doing": _by_doing([answer for _, answers in talks for answer in answers]),
            "without_voices": outcomes_json(quiet),
        }
    return report
