"""The load generator against real servers: its own, and one that runs already."""

import asyncio
import json

import pytest

from exam_api.cli.demo_run import seed
from exam_api.settings import Settings

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


def test_two_students_on_a_server_of_its_own(command):
    ran = command("capacity", "--sessions", 2, "--seconds", 6, "--json", timeout_s=180)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["sessions"], found["failures"]) == (2, 0)
    assert 0 < found["cpu_pct_per_session"] < 100
    assert 0 < found["mb_per_session"] < 100
    assert found["worst_coverage"] > 0.9
    assert found["frames_dropped_pct"] < 50
    assert found["reconnect_ms"]["count"] == 2
    assert found["answer_ms"]["count"] >= 2
    assert found["health_ms"]["count"] > 5


def test_a_running_server_and_what_it_cannot_be_asked(server, command, tmp_path):
    asyncio.run(seed(Settings(data_dir=server.data)))
    server.start()
    address = ("--address", server.address)
    many = command("capacity", "--sessions", 50, "--seconds", 5, *address, timeout_s=120)
    assert many.returncode == 1
    assert "50 students are needed but only 3 are listed" in many.stderr
    people = tmp_path / "people.csv"
    people.write_text("student1,baqylau-demo\ntesting,baqylau-demo\n")
    one = command(
        "capacity", "--sessions", 1, "--seconds", 5, *address, "--people", people, timeout_s=120
    )
    assert one.returncode == 0, one.stderr
    assert "coverage" in one.stdout
    assert "the server is elsewhere" in one.stdout
    assert one.stdout.splitlines()[-1] == "The machine carried this load."
    server.stop()
    gone = command("capacity", "--sessions", 1, "--seconds", 5, *address, timeout_s=120)
    assert (gone.returncode, "does not answer" in gone.stderr) == (1, True)


def test_numbers_that_make_no_sense_are_wrong_usage(command):
    for arguments in (("--sessions", 0), ("--sessions", 1, "--seconds", 1), ()):
        assert command("capacity", *arguments).returncode == 2
