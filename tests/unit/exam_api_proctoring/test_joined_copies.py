"""Joined recordings stay for the setting's time after they were last asked for."""

import os
from datetime import timedelta

import pytest

from capture.contracts import Segment, TrackKey
from capture.manifest import Manifest
from exam_api.services import joined_copies
from exam_api.services.joined_copies import JoinedCopies


@pytest.fixture
def copy(tmp_path, world):
    folder = tmp_path / "s1" / "camera"
    folder.mkdir(parents=True)
    (folder / "000001.webm").write_bytes(b"media")
    segment = Segment("s1", 1, "000001.webm", 0, 5000, 5, "a" * 64, "", "vp8", None, 2, 2)
    Manifest(folder, TrackKey("s1")).append(segment)
    made = folder / "recording.webm"
    made.write_bytes(b"media")
    asked = world.clock.now().timestamp()
    os.utime(made, (asked, asked))
    return made


async def test_a_copy_goes_when_nobody_asked_for_it_so_long(copy, tmp_path, world):
    copies = JoinedCopies(tmp_path, timedelta(hours=2), world.clock)
    world.clock.move(hours=1)
    assert await copies.remove_unused() == 0
    assert copy.exists()
    world.clock.move(hours=2)
    assert await copies.remove_unused() == 1
    assert not copy.exists()
    assert (copy.parent / "000001.webm").exists()


async def test_what_cannot_be_removed_now_ends_nothing(tmp_path, world, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(joined_copies, "forget_unused", refuse)
    assert await JoinedCopies(tmp_path, timedelta(hours=2), world.clock).remove_unused() == 0
