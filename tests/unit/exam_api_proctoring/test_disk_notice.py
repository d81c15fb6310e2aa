"""Consoles hear of a disk that fills up before recordings have to stop."""

from types import SimpleNamespace

import pytest

from capture.contracts import CaptureFigures, Relief
from exam_api.bootstrap import _disk_low
from exam_api.services.live import LiveHub
from exam_api.services.live_console import Console, Thumbnails
from exam_api.settings import Settings


@pytest.mark.parametrize("low", [True, False])
async def test_the_console_says_that_the_disk_is_nearly_full(world, low):
    media = SimpleNamespace(figures=CaptureFigures, relief=Relief.NOTHING)
    thumbnails = Thumbnails(world.clock)
    console = Console(world.read, media, thumbnails, LiveHub(), world.clock, disk_low=lambda: low)
    view = await console.load(await world.actor("proctor1"), world.exam_id)
    assert view.disk_low is low


def test_the_threshold_is_a_setting(tmp_path):
    assert _disk_low(Settings(data_dir=tmp_path, disk_warn_gb=10**6))
    assert not _disk_low(Settings(data_dir=tmp_path, disk_warn_gb=0))
