"""Composed sound is what its labels say: voices where they are told, as loud as told, else none."""

from pathlib import Path

import numpy as np
import pytest

from analysis.contracts import Box, Evidence, Flag, FlagKind, Severity
from benchmarks.quality_lips import parted
from benchmarks.quality_measures import Claim
from benchmarks.quality_props import Seen
from benchmarks.quality_sessions import FPS
from benchmarks.quality_sound import (
    CALM_SESSION_S,
    ROOMS_DB,
    SPEECH,
    Heard,
    Said,
    _answer,
    _by_doing,
    silent,
    soundtrack,
    talking,
)
from benchmarks.quality_voices import (
    NOISES,
    SPOKEN,
    WHISPERED,
    from_afar,
    lasting,
    loudness,
    over_opus,
    voice,
)
from capture.contracts import SOUND_RATE
from capture.sound import read_sound

CLIP = Path("nobody.mp4")


def level_db(sound: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(sound**2)))


def between(sound: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    return sound[round(start_s * SOUND_RATE) : round(end_s * SOUND_RATE)]


@pytest.fixture(scope="module")
def heard(require) -> Heard:
    require("espeak-ng")
    return talking(CLIP, 2)


def test_a_session_whispers_and_speaks_and_so_does_somebody_else(heard: Heard) -> None:
    done = [one.what for one in heard.said]
    assert done == ["student_whispers", "other_speaks", "student_speaks", "other_whispers"]
    assert {event.kind for event in heard.seat.events} == {SPEECH}
    assert len(heard.seat.events) == 4
    assert all(("whisper" in one.voice) == one.what.endswith("whispers") for one in heard.said)
    assert heard == talking(CLIP, 2)


def test_voices_are_so_far_apart_that_no_flag_reaches_the_next(heard: Heard) -> None:
    ends = [0.0, *(one.end_s for one in heard.said)]
    starts = [*(one.start_s for one in heard.said), heard.seat.duration_s]
    gaps = [start - end for start, end in zip(starts, ends, strict=True)]
    assert min(gaps) >= 14 - 0.02  # a flag lasts five seconds on, over a window of four


def test_every_voice_is_used_and_both_rooms(require) -> None:
    require("espeak-ng")
    made = [talking(CLIP, number) for number in range(6)]
    assert {one.voice for each in made for one in each.said} == {*SPOKEN, *WHISPERED}
    assert {each.room for each in made} == set(ROOMS_DB)


def test_voices_sound_where_they_are_told_and_the_room_sounds_else(heard: Heard) -> None:
    silence = Heard(heard.seat, heard.room, (), {})
    bare, sound = soundtrack(silence), soundtrack(Heard(heard.seat, heard.room, heard.said, {}))
    assert sound.size == round(heard.seat.duration_s * SOUND_RATE)
    assert level_db(bare) == pytest.approx(ROOMS_DB[heard.room], abs=0.5)
    for one in heard.said:
        told = level_db(between(sound, one.start_s, one.end_s))
        assert one.level_db - 4 < told < one.level_db + 1  # pauses lie between the words
    calm = between(sound, 0, heard.said[0].start_s - 0.1)
    assert np.array_equal(calm, between(bare, 0, heard.said[0].start_s - 0.1))


def test_lips_part_while_the_student_speaks_and_never_for_somebody_else(heard: Heard) -> None:
    lips = np.array(heard.seat.lips)
    assert lips.size == round(heard.seat.duration_s * FPS)
    for one in heard.said:
        part = lips[round(one.start_s * FPS) : round(one.end_s * FPS)]
        assert (part.max() > 0.05) == one.what.startswith("student")
    assert np.count_nonzero(lips) <= sum(one.end_s - one.start_s for one in heard.said) * FPS


def test_a_session_without_voices_has_a_noise_and_no_event() -> None:
    sessions = [silent(CLIP, number) for number in range(len(NOISES))]
    assert {name for one in sessions for name in one.noises} == set(NOISES)
    assert all(one.seat.events == () and one.said == () for one in sessions)
    loud = [level_db(soundtrack(one)) for one in sessions]
    assert all(level > ROOMS_DB["common_room"] + 0.5 for level in loud)


@pytest.mark.parametrize("name", NOISES)
def test_a_noise_lasts_as_long_as_told_and_is_never_louder(name: str) -> None:
    made = NOISES[name](CALM_SESSION_S / 10, np.random.default_rng(1))
    assert made.size == CALM_SESSION_S / 10 * SOUND_RATE
    assert 0.2 < np.abs(made).max() < 2.5  # keys and sheets may fall on each other


def test_voices_have_one_level_and_differ(require) -> None:
    require("espeak-ng")
    for name in ("kk", "ru+whisper"):
        said = voice(name)
        assert loudness(said) == pytest.approx(1)
        assert -4 < level_db(said) < 0
    assert lasting(voice("kk"), 30).size == 30 * SOUND_RATE
    far = from_afar(voice("kk"), np.random.default_rng(1))
    assert level_db(far) == pytest.approx(level_db(voice("kk")), abs=0.1)
    assert abs(np.corrcoef(far, voice("kk"))[0, 1]) < 0.99


def test_opus_keeps_the_time_and_the_level(tmp_path: Path) -> None:
    at = np.arange(5 * SOUND_RATE) / SOUND_RATE
    tone = 0.1 * np.sin(2 * np.pi * 440 * at) * (at > 2.5)
    over_opus(tone, tmp_path / "tone.webm")
    back = np.concatenate([chunk.samples for chunk in read_sound(tmp_path / "tone.webm")])
    assert back.size == pytest.approx(tone.size, abs=0.05 * SOUND_RATE)
    assert level_db(between(back, 3, 4.5)) == pytest.approx(level_db(between(tone, 3, 4.5)), abs=1)
    assert level_db(between(back, 0.5, 2.3) + 1e-9) < -60


def test_a_mouth_opens_downwards_and_nothing_else_changes() -> None:
    mesh = np.zeros((478, 2), np.float32)
    mesh[33], mesh[133], mesh[362], mesh[263] = (260, 200), (290, 200), (350, 200), (380, 200)
    mesh[13], mesh[14], mesh[78], mesh[308], mesh[152] = (
        (320, 260),
        (320, 261),
        (295, 260),
        (345, 260),
        (320, 310),
    )
    face = np.full((480, 640, 3), 180, np.uint8)
    seen = Seen(face, None, mesh)
    assert parted(seen, 0.0) is face
    assert parted(Seen(face, None, None), 0.1) is face
    opened = (parted(seen, 0.1) != face).any(2)
    rows, columns = np.flatnonzero(opened.any(1)), np.flatnonzero(opened.any(0))
    assert rows[0] >= 258
    assert 270 <= rows[-1] <= 275  # a tenth of 120 pixels below the seam
    assert columns[0] >= 295
    assert columns[-1] <= 345
    assert np.count_nonzero(parted(seen, 0.05) != face) < np.count_nonzero(
        parted(seen, 0.1) != face
    )


def flag(label: str | None, start_s: float) -> tuple[Claim, Flag]:
    boxes = (Box(label, 0.5, 0.4, 0.4, 0.6, 0.6),) if label else ()
    made = Flag(
        FlagKind.SPEECH,
        Severity.NOTICE,
        round(1000 * start_s),
        None,
        0.9,
        (),
        {},
        (),
        Evidence(round(1000 * start_s), b"", boxes),
    )
    return Claim(SPEECH, start_s, start_s + 5, start_s + 3), made


def test_lips_are_told_right_where_the_flag_says_whose_voice_it_is() -> None:
    own, other = Said("student_speaks", 10, 16, "en", -26), Said("other_speaks", 30, 38, "ru", -34)
    found = [flag("lips_moving", 10.5), flag("lips_moving", 31.0)]
    first, second = (_answer(one, "quiet_room", found) for one in (own, other))
    assert (first.tally.met, first.tally.delays, first.told) == (1, (3.5,), "lips_moving")
    missed = _answer(Said("other_speaks", 60, 68, "ru", -34), "quiet_room", found)
    assert (missed.tally.events, missed.tally.met, missed.told) == (1, 0, None)
    rows = _by_doing([first, second, missed])
    assert rows["student_speaks, quiet_room"]["lips_told_right"]["share"] == 1
    others = rows["other_speaks, quiet_room"]
    assert (others["events"], others["recall"]) == (2, 0.5)
    assert others["lips_told_right"] == {**others["lips_told_right"], "share": 0.0, "of": 1}
    untold = _by_doing([_answer(own, "quiet_room", [flag(None, 10.5)])])
    row = untold["student_speaks, quiet_room"]
    assert (row["lips_not_told"], row["lips_told_right"]["of"]) == (1, 0)
