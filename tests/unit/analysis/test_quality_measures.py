"""The figures of benchmarks.detection_quality: what counts as met, false, late, and how surely."""

import json
from pathlib import Path

import pytest

from benchmarks.detection_quality import events_of, labelled
from benchmarks.quality_measures import (
    Claim,
    Event,
    merged,
    most_likely_below,
    percentile,
    share_json,
    tallied,
    tally_json,
    threshold_at,
    wilson,
)
from benchmarks.quality_pictures import pictures_by_object
from benchmarks.quality_sessions import CONDITIONS, scripted

AWAY = Event("absence", 10.0, 18.0)


def claim(start: float, end: float, kind: str = "absence") -> Claim:
    return Claim(kind, start, end, start + 3)


def test_an_event_is_met_by_a_flag_near_it_and_the_delay_runs_to_its_opening() -> None:
    tally = tallied([AWAY], [claim(10.5, 18.5)])["absence"]
    assert (tally.events, tally.met, tally.false, tally.fragments) == (1, 1, 0, 0)
    assert tally.delays == (3.5,)


@pytest.mark.parametrize(
    ("flag", "met"),
    [
        (claim(19.9, 25), 1),
        (claim(20.1, 25), 0),
        (claim(7.5, 8.1), 1),
        (claim(7.4, 7.9), 0),
        (claim(2, 25), 0),  # told before it began
        (claim(10, 18, "extra_face"), 0),
    ],
)
def test_two_seconds_of_tolerance_and_the_same_kind(flag: Claim, met: int) -> None:
    tallies = tallied([AWAY], [flag])
    assert tallies["absence"].met == met
    assert sum(one.false for one in tallies.values()) == 1 - met


def test_a_second_flag_of_the_same_event_is_a_fragment_not_a_hit() -> None:
    tally = tallied([AWAY], [claim(10, 12), claim(14, 18)])["absence"]
    assert (tally.met, tally.false, tally.fragments) == (1, 0, 1)


def test_two_events_need_two_flags() -> None:
    events = [AWAY, Event("absence", 19.0, 25.0)]
    tally = tallied(events, [claim(10, 25)])["absence"]
    assert (tally.events, tally.met) == (2, 1)


def test_a_flag_where_nothing_happened_is_false() -> None:
    tally = tally_json(tallied([], [claim(5, 8)])["absence"])
    assert (tally["precision"], tally["recall"], tally["false_flags"]) == (0.0, None, 1)


def test_sessions_are_added_up() -> None:
    both = merged([tallied([AWAY], [claim(10, 18)]), tallied([AWAY], [])])
    assert tally_json(both["absence"])["recall"] == 0.5


def test_wilson_gives_the_known_interval() -> None:
    low, high = wilson(8, 10) or (0.0, 0.0)
    assert (low, high) == (pytest.approx(0.4902, abs=1e-3), pytest.approx(0.9433, abs=1e-3))
    assert wilson(0, 0) is None
    assert share_json(0, 0)["share"] is None


@pytest.mark.parametrize(("count", "bound"), [(0, 3.69), (1, 5.57), (10, 18.39)])
def test_a_count_of_rare_events_has_an_upper_bound(count: int, bound: float) -> None:
    """The exact two-sided 95 % limits of a Poisson count; zero false flags never means none."""
    assert most_likely_below(count) == pytest.approx(bound, rel=0.05)


def test_percentiles_are_of_what_was_seen() -> None:
    assert percentile([3.0, 1.0, 2.0, 10.0], 0.95) == 10.0
    assert percentile([3.0, 1.0, 2.0, 10.0], 0.5) == 2.0
    assert percentile([], 0.95) is None


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_a_threshold_lets_at_most_its_share_of_clear_pictures_through(share: float) -> None:
    clear = [index / 1000 for index in range(1000)]
    limit = threshold_at(clear, share)
    assert sum(score >= limit for score in clear) == share * 1000


def test_ties_never_let_more_through() -> None:
    assert sum(score >= threshold_at([0.2] * 50, 0.05) for score in [0.2] * 50) == 0


def test_labels_lie_beside_their_clips(tmp_path: Path) -> None:
    (tmp_path / "one.mp4").touch()
    (tmp_path / "two.webm").touch()
    told = {"events": [{"kind": "absence", "start_s": 10, "end_s": 18}]}
    (tmp_path / "one.json").write_text(json.dumps(told))
    assert labelled(tmp_path) == [(tmp_path / "one.mp4", (AWAY,))]


@pytest.mark.parametrize("text", ["", "{}", '{"events": [{"kind": "absence"}]}', '{"events": 1}'])
def test_labels_that_cannot_be_read_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(SystemExit, match=r"broken\.json"):
        events_of(path)


def test_pictures_are_sorted_by_what_they_show(tmp_path: Path) -> None:
    coco = {
        "categories": [{"id": 1, "name": "phone"}, {"id": 2, "name": "wallet"}],
        "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}],
        "annotations": [
            {"image_id": 7, "category_id": 1},
            {"image_id": 8, "category_id": 1},
            {"image_id": 8, "category_id": 2},
        ],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(coco))
    found = pictures_by_object(tmp_path)
    assert [path.name for path in found["phone"]] == ["a.jpg", "b.jpg"]
    assert [path.name for path in found["wallet"]] == ["b.jpg"]


def test_a_scripted_session_knows_its_truth() -> None:
    session = scripted(Path("clip.mp4"), CONDITIONS[0], seed=3)
    starts = [event.start_s for event in session.events]
    assert starts == sorted(starts)
    assert session.events[-1].end_s < session.duration_s
    assert {event.kind for event in session.events} == {"absence", "extra_face", "camera_blocked"}
