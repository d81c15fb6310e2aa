"""A server with one place: newcomers wait in order, and who was let in is never kept out."""

import asyncio

import httpx
import pytest

from capture.prepared import prepare
from exam_api.cli.capacity_people import LoadStudent
from exam_api.cli.demo_run import seed
from exam_api.cli.replay_people import Person
from exam_api.cli.terminal import Failure
from exam_api.services.seeding import DEMO_PASSWORD
from exam_api.settings import Settings
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_full_server_tells_the_turn_and_keeps_whom_it_has(server, workers):
    await seed(Settings(data_dir=server.data))
    server.settings |= {"max_sittings": 1, "workers": workers}
    await asyncio.to_thread(server.start)
    media = await asyncio.to_thread(prepare, 4)
    refusals: list[httpx.Response] = []

    async def noted(answer: httpx.Response) -> None:
        if answer.request.url.path == "/whip" and answer.status_code != 201:
            await answer.aread()
            refusals.append(answer)

    def browser() -> httpx.AsyncClient:
        hooks = {"response": [noted]}
        return httpx.AsyncClient(
            base_url=server.address, timeout=PATIENCE_S, trust_env=False, event_hooks=hooks
        )

    async def turn(student: LoadStudent) -> int:
        with pytest.raises(Failure, match=r"capacity\.refused"):
            await student.begin()
        told = refusals[-1]
        assert (told.status_code, told.headers["Retry-After"]) == (503, "5")
        problem = told.json()
        assert (problem["code"], problem["retryable"]) == ("capacity_full", True)
        return int(problem["position"])

    async with browser() as one, browser() as two, browser() as three, browser() as watching:
        first, second, third = (
            LoadStudent(http, media, number) for number, http in enumerate((one, two, three))
        )
        for number, student in enumerate((first, second, third), start=1):
            await student.enter(f"student{number}", DEMO_PASSWORD)
        await first.begin()
        assert await turn(second) == 1
        assert await turn(third) == 2
        await first.reconnect()
        assert first.noticed.reconnect_s is not None

        proctor = Person(watching)
        await proctor.log_in("testing")
        exam_id = (await proctor.get(f"/api/v1/sittings/{first.sitting_id}"))["exam"]["id"]
        load = await proctor.get(f"/api/v1/exams/{exam_id}/load")
        assert (load["relief"], load["waiting"]) == ("nothing", 2)

        if workers == 1:  # a restart forgets the queue, never who has begun
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            await second.begin()
            await first.reconnect()
            assert first.noticed.failures == 0
            await second.leave()
            assert await turn(third) == 1
            await first.leave()
            await third.begin()
            await third.leave()
        else:
            await first.leave()
            assert await turn(third) == 1  # the place is the second one's
            await second.begin()
            await second.leave()
    server.stop()
    assert "Traceback" not in server.log()
