"""What is composed is what its labels say, and the tables say what the report holds."""

import math
from argparse import ArgumentTypeError
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.contracts import FlagKind, Observation
from benchmarks.detection_quality import _parts
from benchmarks.quality_held import (
    DESK,
    RAISED_IN_S,
    Prop,
    at_face,
    drawn_on,
    on_desk,
    with_desk,
)
from benchmarks.quality_measures import Claim, Event, Tally, share_json, tallied, tally_json
from benchmarks.quality_outlines import OUTLINES
from benchmarks.quality_props import Seen
from benchmarks.quality_sessions import (
    HEIGHT,
    PHONES,
    SEAT,
    WIDTH,
    Condition,
    Moment,
    Stage,
    calm,
    scripted,
)
from benchmarks.quality_skin import ita_of, tone_of
from benchmarks.quality_tables import BEGIN, END, PARTS, tables, write_tables
from benchmarks.quality_watch import (
    Notes,
    Outcome,
    Scores,
    curves_json,
    outcomes_json,
    phone_frames_json,
)
from capture.demo_scene import Figure

Image = NDArray[np.uint8]

CLIP, PLAIN = Path("nobody.mp4"), Condition("full_light")
FACE = Seen(np.full((HEIGHT, WIDTH, 3), 200, np.uint8), (260.0, 160.0, 380.0, 300.0), None)
DARK = Prop(
    Figure(np.zeros((160, 80, 3), np.float32), np.ones((160, 80, 1), np.float32)),
    left=130.0,
    top=-20.0,
    thing_bottom=100.0,
    face_tall=140.0,
    stands=None,
    drawn_left=0,
    at_right=False,
)


def test_a_wallet_or_a_case_is_no_event_and_a_phone_is_one_wherever_it_is() -> None:
    session = scripted(CLIP, PLAIN, 1, PHONES)
    assert {event.kind for event in session.events} == {"phone"}
    assert len(session.events) == 4
    shown = [end - start for start, end in session.times_of("wallet_at_face")]
    assert [round(lasts - 2 * RAISED_IN_S, 2) for lasts in shown] == [4, 8]


def test_a_script_is_the_same_for_the_same_seed_and_calm_lies_between() -> None:
    one, again = scripted(CLIP, PLAIN, 3, SEAT), scripted(CLIP, PLAIN, 3, SEAT)
    assert one == again
    ends = [0.0, *(end for _, _, end in one.doings)]
    starts = [*(start for _, start, _ in one.doings), one.duration_s]
    gaps = [start - end for start, end in zip(starts, ends, strict=True)]
    assert min(gaps) > 7
    phones = scripted(CLIP, PLAIN, 3, PHONES).doings
    apart = [start - end for (_, _, end), (_, start, _) in pairwise(phones)]
    assert min(apart) >= 16 - 0.02  # a flag lasts ten seconds on
    assert calm(CLIP, PLAIN, 1, 60).events == ()


def dark_rows(image: Image) -> list[int]:
    return [int(row) for row in np.flatnonzero((image < 50).all(2).any(1))]


def test_what_is_held_comes_in_and_goes_out_again() -> None:
    def covered(since_s: float, left_s: float) -> int:
        return int(np.count_nonzero(at_face(FACE, DARK, since_s, left_s) < 100))

    assert covered(2, 2) > 8000
    assert covered(0.0, 4) == 0
    assert dark_rows(at_face(FACE, DARK, 0.3, 3.7))[0] > dark_rows(at_face(FACE, DARK, 2, 2))[0]


def test_what_is_held_lies_where_it_was_against_the_face_and_grows_with_it() -> None:
    far = Seen(FACE.image, (290.0, 195.0, 350.0, 265.0), None)
    near_dark, far_dark = (np.count_nonzero(at_face(one, DARK, 2, 2) < 50) for one in (FACE, far))
    assert 3 < near_dark / far_dark < 5
    assert abs(dark_rows(at_face(FACE, DARK, 2, 2))[0] - (160 - 20)) < 4
    assert abs(dark_rows(at_face(far, DARK, 2, 2))[0] - (195 - 10)) < 4


def test_what_is_held_stays_inside_the_picture_or_at_its_right_edge() -> None:
    aside = replace(DARK, left=-900.0, top=-900.0)
    assert np.count_nonzero((at_face(FACE, aside, 2, 2) < 50).all(2)) >= 159 * 79
    cut = np.flatnonzero((at_face(FACE, replace(DARK, at_right=True), 2, 2) < 50).all(2).any(0))
    assert cut[-1] == WIDTH - 1


def test_a_thing_at_the_edge_of_a_desk_lies_before_it_and_the_hand_behind() -> None:
    shown, bare = on_desk(FACE, DARK, 2, 2), with_desk(FACE.image)
    assert np.array_equal(shown[430:], bare[430:])
    assert abs(dark_rows(shown)[0] - (HEIGHT * (1 - DESK) - 100)) < 4


def test_a_hand_without_a_forearm_stands_on_the_edge_of_the_picture() -> None:
    rows = dark_rows(at_face(FACE, replace(DARK, stands=160), 2, 2))
    assert rows[-1] == HEIGHT - 1
    assert abs(len(rows) - 160) < 12


def test_a_forearm_is_drawn_on_the_way_it_leans() -> None:
    alpha = np.zeros((100, 120, 1), np.float32)
    for row in range(100):
        alpha[row, row // 2 : row // 2 + 20] = 1  # half a column a row, to the right
    longer, added = drawn_on(Figure(np.repeat(alpha * 100, 3, 2), alpha), 60)
    assert longer.alpha.shape[0] == 160
    middle = float(np.average(np.arange(120 + 2 * added), weights=longer.alpha[159, :, 0]))
    assert abs(middle - added - (159 / 2 + 10)) < 4
    assert np.array_equal(longer.alpha[:100, added : added + 120], alpha)


def test_outlines_lie_inside_their_pictures_and_forearms_reach_the_bottom() -> None:
    assert {name: len(each) for name, each in OUTLINES.items()} == {
        "phone": 9,
        "wallet": 3,
        "case": 3,
    }
    for outline in (one for each in OUTLINES.values() for one in each):
        points = np.array(outline.points)
        assert points.min() >= 0
        assert (points.max(0) <= (WIDTH, HEIGHT)).all()
        assert points[:, 1].max() >= HEIGHT - 12 or not outline.arm


def test_a_camera_that_is_covered_shows_nothing_of_the_person() -> None:
    stage = Stage(scripted(CLIP, PLAIN, 1))
    assert stage.shown(FACE, Moment("camera_blocked", 5, 1, 2)).std() < 15
    assert stage.shown(FACE, Moment(None, 5, 0, 0)) is FACE.image


def test_frames_count_as_shown_or_calm_but_not_at_the_edges() -> None:
    session = scripted(CLIP, PLAIN, 1, (("phone_at_face", 4.0),))
    ((_, start, end),) = session.doings
    notes = Notes(session)
    for at_s, score in ((start + 2, 0.9), (start + 0.2, 0.8), (1.0, 0.2), (end + 0.5, 0.7)):
        notes(Observation(round(at_s * 1000), {FlagKind.PHONE: score}, (), {"face": 1.0}))
    assert notes.scores["phone"] == Scores([0.9], [0.2])
    assert (notes.calm, notes.missed) == (1, 0)


def test_curves_give_shares_of_frames() -> None:
    outcome = Outcome({}, 1.0, scores={"phone": Scores([0.9, 0.4], [0.0, 0.0, 0.35, 0.1])})
    found = curves_json([outcome])["phone"]
    assert isinstance(found, dict)
    assert found["seen_and_false"]["0.3"] == [1.0, 0.25]
    assert found["seen_and_false"]["0.5"] == [0.5, 0.0]


def test_votes_for_a_phone_are_kept_by_what_is_held() -> None:
    session = scripted(CLIP, PLAIN, 1, (("phone_at_face", 4.0), ("wallet_at_face", 4.0)))
    (_, phone, _), (_, wallet, wallet_ends) = session.doings
    notes = Notes(session)
    votes = (
        (phone - 5, 0.1),
        (phone + 0.5, 0.8),
        (phone + 2, 0.9),
        (phone + 2.2, 0.7),  # looked at again because it was suspected
        (phone + 3.2, 0.5),
        (wallet + 2, 0.6),
        (wallet_ends + 3, 0.2),
    )
    for at_s, score in votes:
        notes(Observation(round(at_s * 1000), {FlagKind.PHONE: score}, (), {"face": 1.0}))
    notes(Observation(round(wallet_ends * 1000) + 9000, {FlagKind.PHONE: None}, (), {"face": 1.0}))
    assert notes.held == {
        "nothing": [0.1, 0.2],
        "phone_at_face": [0.9, 0.5],
        "wallet_at_face": [0.6],
    }


def test_composed_phones_are_told_at_set_shares_of_false_frames() -> None:
    clear = [index / 1000 for index in range(100)]
    held = {"nothing": clear, "phone_at_face": [0.5, 0.0], "wallet_at_face": [0.097, 0.05]}
    outcome = Outcome({}, 1.0, held=held)
    found = phone_frames_json([outcome, Outcome({}, 1.0)], 0.15)
    shares = {
        point: {what: one["share"] for what, one in at["taken_for_a_phone"].items()}
        for point, at in found.items()
    }
    assert shares == {
        "at_1%_false": {"phone_at_face": 0.5, "wallet_at_face": 0.0},
        "at_5%_false": {"phone_at_face": 0.5, "wallet_at_face": 0.5},
        "at_the_rules_hit": {"phone_at_face": 0.5, "wallet_at_face": 0.0},
    }
    assert [at["false_frames"]["share"] for at in found.values()] == [0.01, 0.05, 0.0]
    assert phone_frames_json([Outcome({}, 1.0)], 0.15) == {}


def test_technical_flags_accuse_nobody() -> None:
    claims = [Claim("feed_frozen", 1, 2, 1), Claim("phone", 5, 8, 6)]
    found = outcomes_json([Outcome(tallied([], claims), 2.0)])
    assert (found["false_flags"], found["false_technical_flags"]) == (1, 1)
    assert found["false_flags_per_hour"] == 0.5


def test_a_flag_that_ends_as_a_first_sign_is_false_too_and_counted_apart() -> None:
    events = [Event("phone", 10, 20)]
    sign, other = Claim("phone", 40, 41, 41.2), Claim("phone", 60, 66, 61.2, judged_s=63)
    met = Claim("phone", 10.5, 19, 11.6, judged_s=13)
    found = outcomes_json([Outcome(tallied(events, [sign, other, met]), 2.0)])
    assert (found["false_flags"], found["of_them_signs_only"]) == (2, 1)
    kinds = found["per_kind"]
    assert isinstance(kinds, dict)
    assert (kinds["phone"]["delay_p50_s"], kinds["phone"]["judged_p50_s"]) == (1.6, 3.0)
    assert kinds["phone"]["more_than_a_sign"] == 1.0


@pytest.mark.parametrize(
    ("bgr", "tone"),
    [((180, 205, 240), "very light"), ((110, 145, 195), "intermediate"), ((30, 45, 70), "dark")],
)
def test_tones_go_from_light_to_dark(bgr: tuple[int, int, int], tone: str) -> None:
    ita = ita_of(np.full((4, 4, 3), bgr, np.uint8))
    assert math.isfinite(ita)
    assert tone_of(ita) == tone


REPORT = {
    "models": ["a", "b", "a"],
    "took_s": 3.0,
    "took_s_of": {"sessions": 2.5, "aside": 0.2, "pictures": 0.1, "faces": 0.1},
    "people": "1 clips of a few people, 2 sessions",
    **outcomes_json([Outcome(tallied([], []), 1.0, 1, 100, {"wallets": (2, 1), "cases": (3, 0)})]),
    "conditions": {"full_light": outcomes_json([Outcome(tallied([], []), 1.0, 1, 100)])},
    "calm_sessions": outcomes_json([Outcome({}, 0.5)]),
    "looking_aside": {},
    "pictures": {},
    "faces": None,
}


def test_tables_are_written_between_the_marks_and_nowhere_else(tmp_path: Path) -> None:
    document = tmp_path / "quality.md"
    document.write_text(f"before\n{BEGIN}\nold figures\n{END}\nafter\n")
    write_tables(document, REPORT)
    text = document.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old figures" not in text
    assert "models a, b." in text
    assert "Part `sessions`: 2.5 s." in text
    assert text.count("<!-- part: ") == 1  # the others have nothing to tell
    assert "| full_light | 0 of 0 | – | 0 | 1 % (0.2–5.4, n=100) |" in text
    assert "flagged as a phone: 50 %" in text
    assert "Earbuds cases for 6 s, flagged as a phone: 0 % (0–56.2, n=3)." in text
    document.write_text("no marks")
    with pytest.raises(ValueError, match="no marks"):
        write_tables(document, REPORT)


IDENTITY = {
    "took_s_of": {"identity": 4.0},
    "identity": {
        "people": 2,
        "by_what": {
            "swap_by_a_cut": {
                "sittings": 2,
                **outcomes_json(
                    [
                        Outcome(
                            tallied(
                                [Event("identity_mismatch", 40, 85)],
                                [Claim("identity_mismatch", 44, 85, 48)],
                            ),
                            1.0,
                        ),
                        Outcome(tallied([Event("identity_mismatch", 40, 85)], []), 1.0),
                    ]
                ),
            },
            "same_re_lit": {"sittings": 1, **outcomes_json([Outcome({}, 1.0)])},
        },
    },
}
SOUND = {
    "took_s_of": {"sound": 5.0},
    "sound": {
        "voices_over_a_room": {
            "20 dB": {"spoken": share_json(6, 6), "whispered": share_json(3, 6)}
        },
        "noises": {"flags": {"keys": 0, "fan": 1}, "hours": 0.5, "false_flags_per_hour_below": 9},
        "sessions": {
            **outcomes_json([Outcome({}, 1.0)]),
            "count": 2,
            "without_voices": outcomes_json([Outcome({}, 0.5)]),
            "by_doing": {
                "student_whispers, quiet_room": {
                    **tally_json(Tally(2, 1, 0, 0, (4.0,))),
                    "lips_told_right": share_json(1, 1),
                    "lips_not_told": 0,
                },
                "other_speaks, quiet_room": {
                    **tally_json(Tally(1, 0, 0, 0, ())),
                    "lips_told_right": share_json(0, 0),
                    "lips_not_told": 0,
                },
            },
        },
    },
}


def test_identity_and_sound_have_tables() -> None:
    (identity,) = tables(IDENTITY).values()
    assert "| swap by a cut | 2 | 50 % (9.5–90.5) | 0 | 8 / 8 |" in identity
    assert "| same re lit | 1 | – | 0 | – |" in identity
    (sound,) = tables(SOUND).values()
    assert "| student whispers, quiet room | 2 | 50 % | 9.5–90.5 | 4.0 / 4.0 |" in sound
    assert "| 4.0 / 4.0 | 100 % (20.7–100, n=1), 0 |" in sound
    assert "| other speaks, quiet room | 1 | 0 % | 0–79.3 | – | – |" in sound
    assert "| 20 dB | 100 % (61–100, n=6) | 50 % (18.8–81.2, n=6) |" in sound
    assert "keys 0, fan 1" in sound


def test_a_part_measured_alone_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    document = tmp_path / "quality.md"
    document.write_text(f"before\n{BEGIN}\n{END}\nafter\n")
    write_tables(document, REPORT)
    whole = document.read_text()
    write_tables(document, IDENTITY)
    text = document.read_text()
    assert "| full_light | 0 of 0 |" in text
    assert "| swap by a cut | 2 |" in text
    write_tables(document, {**IDENTITY, "took_s_of": {"identity": 9.5}})
    again = document.read_text()
    assert again == text.replace("`identity`: 4.0 s", "`identity`: 9.5 s")
    write_tables(document, REPORT)
    assert document.read_text() == again
    assert whole.startswith("before\n")
    assert again.endswith(f"{END}\nafter\n")


def test_only_what_is_a_part_can_be_measured_alone() -> None:
    assert _parts("sound,identity") == {"sound", "identity"} <= set(PARTS)
    with pytest.raises(ArgumentTypeError, match="parts are sessions, "):
        _parts("sound,shoes")
