"""The sound of a publisher reaches whoever analyses it, on the timeline of the pictures."""

import itertools

import numpy as np
import pytest

from capture.contracts import SOUND_RATE
from capture.publisher import Publisher

pytestmark = pytest.mark.integration


async def test_a_publishers_sound_is_heard_whole_and_in_step(capture_server, clip_file):
    service = capture_server.service
    pictures, sound = service.tap("s1"), service.audio_tap("s1")
    sound._room *= 10  # nobody takes it while it plays
    await Publisher().publish(clip_file, capture_server.whip, "s1", http=capture_server.http)
    chunks = sound.take()
    heard = np.concatenate([chunk.samples for chunk in chunks])
    assert heard.size >= 3 * SOUND_RATE  # of 4 s: less the last half second, and a slow start
    assert np.abs(heard).max() > 0.1
    assert sound.lost_ms == 0
    for before, after in itertools.pairwise(chunks):
        assert abs(after.at_ms - before.end_ms) <= 60
    last = pictures.take()
    assert last is not None
    assert abs(chunks[-1].end_ms - last.at_ms) <= 1500


async def test_nobody_listens_nothing_is_decoded(capture_server, clip_file):
    service = capture_server.service
    service.tap("s1")
    await Publisher().publish(clip_file, capture_server.whip, "s1", http=capture_server.http)
    assert service.audio_tap("s1").take() == []
