"""Lateness of the event loop: what lasts counts, a hiccup does not."""

import asyncio
import time

from exam_api.adapters.loop_lag import LoopLag


async def watched(blocks: list[float]) -> LoopLag:
    """A loop that is blocked so long, one block after the other, with a breath between."""
    lag = LoopLag()
    task = asyncio.create_task(lag.run())
    for block_s in blocks:
        await asyncio.sleep(0.055)
        time.sleep(block_s)  # noqa: ASYNC251 - blocking is what is measured
    await asyncio.sleep(0.055)
    task.cancel()
    return lag


async def test_a_loop_that_is_always_late_is_seen():
    lag = await watched([0.2] * 8)
    assert 0.1 < lag.seconds < 5


async def test_a_single_hiccup_is_no_overload():
    lag = LoopLag()
    lag._late.extend([0.001] * 39 + [2.0])
    assert lag.seconds < 0.01


async def test_nothing_is_known_at_first_and_work_is_counted_then():
    lag = LoopLag()
    assert (lag.seconds, lag.cpu) == (0.0, 0.0)
    lag._spent.extend([(10.0, 1.0), (12.0, 2.0)])
    assert lag.cpu == 0.5
