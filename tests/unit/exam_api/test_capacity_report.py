"""What a capacity run makes of what it saw."""

import os
import time

import pytest

from exam_api.cli import terminal
from exam_api.cli.capacity_report import (
    Capacity,
    Machine,
    Spread,
    flag_delays,
    metric,
    spread,
    tell,
)
from exam_api.cli.capacity_run import Look, _dropped_pct, _people, _shares, run_capacity
from exam_api.cli.process_usage import usage
from exam_api.cli.terminal import Failure

PAGE = """# HELP baqylau_flag_seconds x
baqylau_flag_seconds_bucket{le="0.1"} %d.0
baqylau_flag_seconds_bucket{le="0.5"} %d.0
baqylau_flag_seconds_bucket{le="+Inf"} %d.0
baqylau_frames_dropped_total %d
baqylau_frames_decoded_total %d
"""


def found(**changes: object) -> Capacity:
    whole = Capacity(
        sessions=4,
        seconds=10,
        cpu_pct_per_session=3.0,
        cpu_pct=12.0,
        mb_per_session=9.0,
        mb_idle=200.0,
        coverage=1.0,
        worst_coverage=0.995,
        frames_dropped_pct=0.0,
        relief="nothing",
        first_live_ms=Spread(700, 900, 4),
        reconnect_ms=Spread(700, 900, 4),
        answer_ms=Spread(5, 20, 8),
        health_ms=Spread(2, 4, 40),
        flag_ms=None,
        failures=0,
        machine=Machine(2, 0.5, Spread(1, 3, 100)),
    )
    return Capacity(**{name: changes.get(name, getattr(whole, name)) for name in whole.as_json()})


def test_a_spread_is_in_milliseconds_and_leaves_out_what_is_unknown():
    assert spread([0.010, None, 0.030, 0.020]) == Spread(20.0, 30.0, 3)
    assert spread([None]) is None


def test_flag_delays_are_those_between_two_looks():
    before, after = PAGE % (5, 5, 5, 0, 0), PAGE % (6, 9, 9, 0, 0)
    assert flag_delays(before, after) == Spread(500.0, 500.0, 4)
    assert flag_delays(before, before) is None
    assert flag_delays("", "") is None


def test_dropped_frames_are_a_share_of_all_or_unknown():
    assert _dropped_pct(PAGE % (0, 0, 0, 10, 100), PAGE % (0, 0, 0, 20, 190)) == 10.0
    assert _dropped_pct(PAGE % (0, 0, 0, 1, 1), PAGE % (0, 0, 0, 1, 1)) == 0.0
    assert _dropped_pct("", PAGE % (0, 0, 0, 1, 1)) is None
    assert metric(PAGE % (0, 0, 0, 7, 1), "baqylau_frames_dropped_total") == 7.0


def test_coverage_counts_what_the_measurement_added():
    before = Look(None, "", {"a": (9_000, 10_000), "b": (0, 0)})
    after = Look(None, "", {"a": (14_000, 20_000), "b": (10_000, 10_000), "c": (0, 0)})
    assert _shares(before, after) == [0.5, 1.0]


def test_the_summary_ends_with_a_plain_verdict(monkeypatch, capsys):
    monkeypatch.setattr(terminal, "_chosen", ["en"])
    for changes, verdict in (
        ({}, "carried this load."),
        ({"worst_coverage": 0.95}, "holes in the recording"),
        ({"relief": "key_frames_only"}, "no time to analyse"),
        ({"failures": 3}, "3 actions failed"),
        ({"cpu_pct_per_session": None, "coverage": None, "frames_dropped_pct": None}, "carried"),
    ):
        tell(found(**changes))
        assert verdict in capsys.readouterr().out.splitlines()[-1]


def test_people_are_read_and_a_wrong_line_is_named(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("\ufeffa, secret,with comma\n\nb,x\n", encoding="utf-8")
    assert _people(path) == (("a", "secret,with comma"), ("b", "x"))
    path.write_text("a,x\nnobody\n")
    with pytest.raises(Failure, match=r"capacity\.people_line") as refused:
        _people(path)
    assert refused.value.filling["line"] == 2


@pytest.mark.parametrize(
    ("address", "with_people", "workers", "code"),
    [
        ("localhost:8000", False, None, "capacity.address_wrong"),
        ("", True, None, "capacity.people_alone"),
        ("http://127.0.0.1:1", False, 2, "capacity.workers_elsewhere"),
    ],
)
def test_silly_input_is_refused_before_anything_starts(
    tmp_path, address, with_people, workers, code
):
    people = tmp_path / "people.csv" if with_people else None
    with pytest.raises(Failure) as refused:
        run_capacity(1, 5, address, people, workers, json_out=True)
    assert refused.value.code == code


def test_a_process_uses_processor_time_and_memory():
    before = usage(os.getpid())
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    after = usage(os.getpid())
    assert after.cpu_s - before.cpu_s >= 0.03
    assert before.memory_bytes > 10 * 2**20
