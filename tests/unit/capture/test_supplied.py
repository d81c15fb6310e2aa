"""The process that reads a page's piece: what its end says of the piece, and where it runs."""

import os
import subprocess
import sys

import pytest

from capture import supplied
from capture.contracts import Span
from capture.errors import SupplyFailed, SupplyKilled, SupplyRefused
from capture.supplied import SupplyRequest, cut_out


def cut(tmp_path):
    request = SupplyRequest("p", tmp_path / "p.part", 0, "0" * 64)
    return cut_out(request, [Span(0, 1000)], [])


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (f"echo no video >&2; exit {os.EX_DATAERR}", SupplyRefused),
        ("exit 1", SupplyFailed),  # no room for the cut
        (f"exit {os.EX_SOFTWARE}", SupplyKilled),  # nor memory for the piece
        ("kill -9 $$", SupplyKilled),
        ("kill -SEGV $$", SupplyKilled),
        ("kill -TERM $$", SupplyFailed),  # the server is being stopped
        ("exec sleep 5", SupplyFailed),
        ("exit 0", []),
    ],
)
def test_only_what_the_child_says_of_the_piece_itself_refuses_it(
    monkeypatch, tmp_path, script, error
):
    monkeypatch.setattr(supplied, "CHILD_S", 0.5)
    monkeypatch.setattr(supplied, "_COMMAND", ("sh", "-c", f"cat >/dev/null; echo []; {script}"))
    if error == []:
        assert cut(tmp_path) == []
        return
    with pytest.raises(error) as raised:
        cut(tmp_path)
    assert raised.type is error


def test_a_piece_that_is_not_there_is_not_refused(tmp_path):
    with pytest.raises(SupplyFailed):
        cut(tmp_path)


def test_a_child_that_cannot_be_started_says_nothing_of_the_piece(monkeypatch, tmp_path):
    monkeypatch.setattr(supplied, "_COMMAND", ("/nowhere/nice",))
    with pytest.raises(SupplyFailed):
        cut(tmp_path)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux's way to choose cores")
def test_it_leaves_a_workers_own_core_and_is_in_nobodys_way():
    mine = os.sched_getaffinity(0)
    source = (
        "import os; from capture.supply_child import leave_the_core; leave_the_core();"
        "print(os.nice(0), len(os.sched_getaffinity(0)))"
    )
    before = supplied._COMMAND[: supplied._COMMAND.index(sys.executable)]
    os.sched_setaffinity(0, {min(mine)})
    try:
        said = subprocess.run(
            [*before, sys.executable, "-c", source], capture_output=True, check=True
        ).stdout
    finally:
        os.sched_setaffinity(0, mine)
    nice, cores = map(int, said.split())
    assert nice >= 10
    assert cores >= len(mine)
