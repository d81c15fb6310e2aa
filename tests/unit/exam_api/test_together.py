"""Calls that wait at once are served together, each with its own outcome."""

import asyncio
from collections.abc import Sequence

import pytest

from exam_api.domain.errors import ExamError, NotFound, StorageFull
from exam_api.services.together import Together


class Served:
    """Doubles numbers; knows in which groups they came, and may be told to stumble."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.storage_full = False
        self.began = asyncio.Event()

    async def __call__(self, asked: Sequence[int]) -> list[int | ExamError]:
        self.groups.append(list(asked))
        self.began.set()
        await asyncio.sleep(0.001)
        if self.storage_full:
            raise StorageFull
        if 13 in asked:
            raise ValueError("a row that breaks the statement")
        return [NotFound() if number < 0 else 2 * number for number in asked]


@pytest.fixture
def served() -> Served:
    return Served()


async def test_whoever_is_alone_is_served_at_once(served: Served) -> None:
    together = Together(served)
    assert [await together.ask(1), await together.ask(2)] == [2, 4]
    assert served.groups == [[1], [2]]


async def test_those_that_wait_share_a_group_of_limited_size(served: Served) -> None:
    together = Together(served, most=4)
    assert await asyncio.gather(*map(together.ask, range(10))) == [2 * n for n in range(10)]
    assert served.groups == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


async def test_what_comes_while_a_group_is_served_waits_for_the_next(served: Served) -> None:
    together = Together(served)
    first = asyncio.create_task(together.ask(1))
    await served.began.wait()
    assert await asyncio.gather(together.ask(2), together.ask(3), first) == [4, 6, 2]
    assert served.groups == [[1], [2, 3]]


async def test_an_error_is_its_own_asker_s_alone(served: Served) -> None:
    told = await asyncio.gather(*map(Together(served).ask, (1, -1, 3)), return_exceptions=True)
    assert (told[0], type(told[1]), told[2]) == (2, NotFound, 6)


async def test_one_that_breaks_the_group_does_not_take_others_with_it(served: Served) -> None:
    told = await asyncio.gather(*map(Together(served).ask, (1, 13, 3)), return_exceptions=True)
    assert (told[0], type(told[1]), told[2]) == (2, ValueError, 6)
    assert served.groups == [[1, 13, 3], [1], [13], [3]]


async def test_a_full_disk_is_told_to_all_and_the_next_are_served(served: Served) -> None:
    together = Together(served)
    served.storage_full = True
    told = await asyncio.gather(*map(together.ask, (1, 2)), return_exceptions=True)
    assert [type(one) for one in told] == [StorageFull, StorageFull]
    assert served.groups == [[1, 2]]
    served.storage_full = False
    assert await together.ask(3) == 6


async def test_who_goes_away_takes_nobody_with_them(served: Served) -> None:
    together = Together(served)
    gone, stays = (asyncio.create_task(together.ask(number)) for number in (1, 2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 4
    assert gone.cancelled() or await asyncio.wait([gone])
