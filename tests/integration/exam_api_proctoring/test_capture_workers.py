"""Two capture workers: one is killed, one hangs; the other's sitting notices nothing."""

import asyncio
import os
import signal
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from capture.chain import verify_folder
from capture.prepared import prepare
from exam_api.cli.capacity_people import LoadStudent
from exam_api.cli.capacity_report import metric
from exam_api.cli.demo_run import seed
from exam_api.cli.replay_people import Proctor
from exam_api.services.seeding import DEMO_PASSWORD
from exam_api.settings import Settings
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


def workers_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def recorder_of(server, sitting_id: str) -> int:
    """Which worker has the sitting's growing segment open."""
    for pid in workers_of(server.process.pid):
        links = Path(f"/proc/{pid}/fd").iterdir()
        if any(f"/{sitting_id}/" in str(link.readlink()) for link in links):
            return pid
    pytest.fail("nobody records this sitting")


def cores_of(pid: int) -> set[int]:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return set().union(*(os.sched_getaffinity(int(one.name)) for one in threads))


async def wait_for(what):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := await what():
            return found
        await asyncio.sleep(0.05)
    pytest.fail("it did not come about in time")


@dataclass
class Office:
    """Who sees every recording, and the server's figures."""

    testing: Proctor

    async def recording(self, student: LoadStudent):
        return (await self.testing.review(student.sitting_id))["recording"]

    async def live(self, student: LoadStudent) -> bool:
        return (await self.recording(student))["live"]

    async def lost(self, student: LoadStudent) -> bool:
        return not await self.live(student)

    async def absent(self, student: LoadStudent) -> bool:
        flags = (await self.testing.review(student.sitting_id))["flags"]
        return any(flag["kind"] == "absence" and flag["end_ms"] is None for flag in flags)

    async def not_absent(self, student: LoadStudent) -> bool:
        return not await self.absent(student)

    async def figure(self, name: str) -> float | None:
        return metric((await self.testing.http.get("/metrics")).text, name)

    async def both_live(self) -> bool:
        return await self.figure("baqylau_sittings_live") == 2

    async def both_workers(self) -> bool:
        return await self.figure("baqylau_workers") == 2


async def test_a_dead_and_a_hung_worker_cost_only_their_own_sittings_a_gap(server):
    await seed(Settings(data_dir=server.data))
    server.settings["workers"] = 2
    await asyncio.to_thread(server.start)
    async with AsyncExitStack() as stack:

        async def browser() -> httpx.AsyncClient:
            client = httpx.AsyncClient(base_url=server.address, timeout=PATIENCE_S, trust_env=False)
            return await stack.enter_async_context(client)

        media = await asyncio.to_thread(prepare, 14)
        struck, spared = [LoadStudent(await browser(), media, number) for number in range(2)]
        for number, student in enumerate((struck, spared), start=1):
            await student.arrive(f"student{number}", DEMO_PASSWORD)
            stack.push_async_callback(student.leave)
        office = Office(Proctor(await browser()))
        await office.testing.log_in("testing")
        await strike(server, office, struck, spared)

    children = workers_of(server.process.pid)
    assert len(children) == 2
    server.stop()
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    for student in (struck, spared):
        assert verify_folder(server.data / "recordings" / student.sitting_id / "camera") == []
    assert "Traceback" not in server.log()


async def strike(server, office: Office, struck: LoadStudent, spared: LoadStudent) -> None:
    killed = recorder_of(server, struck.sitting_id)
    assert killed != recorder_of(server, spared.sitting_id)
    # Each stays on a core of its own, all of its threads.
    ours = os.sched_getaffinity(0)
    pinned = [cores_of(pid) for pid in workers_of(server.process.pid)]
    assert all(len(cores) == 1 for cores in pinned)
    assert len(set().union(*pinned)) == min(2, len(ours))
    await wait_for(lambda: office.absent(struck))  # its worker will not close that flag any more

    os.kill(killed, signal.SIGKILL)
    await wait_for(lambda: office.lost(struck))
    await wait_for(lambda: office.not_absent(struck))
    assert await office.live(spared)
    assert verify_folder(server.data / "recordings" / struck.sitting_id / "camera") == []
    await wait_for(office.both_workers)
    await wait_for(lambda: comes_back(struck))
    assert await office.live(struck)

    hung = recorder_of(server, struck.sitting_id)
    os.kill(hung, signal.SIGSTOP)
    await wait_for(lambda: office.lost(struck))
    assert not Path(f"/proc/{hung}").exists()
    await wait_for(lambda: comes_back(struck))

    causes = [gap["cause"] for gap in (await office.recording(struck))["gaps"]]
    assert causes == ["server_restart", "server_restart"]
    assert (await office.recording(spared))["gaps"] == []
    assert await office.live(spared)
    await wait_for(office.both_live)
    await wait_for(office.both_workers)
    assert await office.figure("baqylau_worker_restarts_total") == 2


async def comes_back(student: LoadStudent) -> bool:
    """As the page does: again, until it is let in."""
    student.noticed.reconnect_s = None
    await student.reconnect()
    return student.noticed.reconnect_s is not None


async def test_workers_outlive_a_killed_server_only_to_close_their_recordings(server):
    await seed(Settings(data_dir=server.data))
    server.settings["workers"] = 2
    await asyncio.to_thread(server.start)
    media = await asyncio.to_thread(prepare, 4)
    async with httpx.AsyncClient(
        base_url=server.address, timeout=PATIENCE_S, trust_env=False
    ) as http:
        student = LoadStudent(http, media, 0)
        await student.arrive("student1", DEMO_PASSWORD)
        workers = workers_of(server.process.pid)
        assert recorder_of(server, student.sitting_id) in workers
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
        assert verify_folder(server.data / "recordings" / student.sitting_id / "camera") == []
        await wait_for(lambda: comes_back(student))
        await student.leave()
    server.stop()
