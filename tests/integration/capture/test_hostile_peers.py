"""What cannot be answered is refused with a stable code, and costs nobody else anything."""

import asyncio
import gc
import resource
import threading
from pathlib import Path

import pytest

from capture.settings import CaptureSettings

pytestmark = pytest.mark.integration
PAGE = resource.getpagesize()
SDP = {"Authorization": "Bearer s1", "Content-Type": "application/sdp"}


@pytest.fixture
def many_at_once():
    return 10


@pytest.fixture
def quick_settings(many_at_once):
    return CaptureSettings(max_sittings=many_at_once)


@pytest.fixture
async def good_offer(open_peer, vp8, opus):
    return (await open_peer(vp8, opus))[1]


async def post(server, content, **headers):
    return await server.http.post(server.whip, content=content, headers={**SDP, **headers})


async def test_a_good_offer_is_created_and_deleted_once(capture_server, good_offer):
    reply = await post(capture_server, good_offer)
    assert reply.status_code == 201
    assert reply.headers["content-type"] == "application/sdp"
    assert reply.headers["etag"].startswith('"')
    resource = capture_server.url + reply.headers["location"]
    other = {"Authorization": "Bearer s2"}
    assert (await capture_server.http.delete(resource, headers=other)).status_code == 401
    assert (await capture_server.http.delete(resource, headers=SDP)).status_code == 200
    assert (await capture_server.http.delete(resource, headers=SDP)).status_code == 404


# What passes our own checks but breaks aiortc's parser.
HOSTILE = {
    "fmtp of an unknown format": lambda sdp: sdp + "a=fmtp:55 x=1\r\n",
    "a broken ssrc": lambda sdp: sdp.replace("a=ssrc:", "a=ssrc:z"),
    "an unknown setup": lambda sdp: sdp.replace("a=setup:actpass", "a=setup:holdconn"),
    "a broken header extension": lambda sdp: sdp.replace("a=extmap:", "a=extmap:x"),
}


async def test_hostile_offers_are_refused_and_the_next_good_one_served(capture_server, good_offer):
    for name, damage in HOSTILE.items():
        offer = damage(good_offer)
        assert offer != good_offer
        reply = await post(capture_server, offer)
        assert (reply.status_code, reply.json()["code"]) == (400, "sdp_refused"), name
    assert (await post(capture_server, "x" * 200_000)).status_code == 400
    assert (await post(capture_server, good_offer)).status_code == 201


async def test_refused_offers_leak_no_sockets_and_no_tasks(capture_server, good_offer):
    def held():
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir())), len(asyncio.all_tasks())

    bad = HOSTILE["a broken ssrc"](good_offer)
    for _ in range(3):
        await post(capture_server, bad)
    await asyncio.sleep(0.1)
    descriptors, tasks = held()
    for _ in range(15):
        assert (await post(capture_server, bad)).status_code == 400
    await asyncio.sleep(0.1)
    after = held()
    assert after[0] <= descriptors + 1
    assert after[1] <= tasks + 1


async def test_100_connections_that_come_and_go_leave_nothing_behind(
    capture_server, vp8, many_at_once
):
    async def come_and_go(sitting):
        peer = await capture_server.publish(sitting, vp8)
        capture_server.peers.remove(peer)
        headers = {**SDP, "Authorization": f"Bearer {sitting}"}
        await capture_server.http.delete(peer.resource, headers=headers)
        await peer.close()

    async def come_and_go_together():
        await asyncio.gather(*(come_and_go(f"s{n}") for n in range(many_at_once)))

    def held():
        gc.collect()
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        return descriptors, len(asyncio.all_tasks()), threading.active_count()

    def memory_mb():
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20

    for _ in range(2):
        await come_and_go_together()
    await asyncio.sleep(0.2)
    before, memory = held(), memory_mb()
    for _ in range(100 // many_at_once):
        await come_and_go_together()
    await asyncio.sleep(0.5)
    after = held()
    assert all(b <= a + 1 for a, b in zip(before, after, strict=True)), (before, after)
    assert memory_mb() - memory < 15  # peers of both sides; one alone is half a megabyte
    assert len(capture_server.service._locks) == 0


async def test_more_publishers_than_the_server_takes_wait_their_turn(
    capture_server, good_offer, many_at_once
):
    for sitting in "abcdefghij"[:many_at_once]:
        reply = await post(capture_server, good_offer, Authorization=f"Bearer {sitting}")
        assert reply.status_code == 201
    full = await post(capture_server, good_offer, Authorization="Bearer late")
    assert (full.status_code, full.json()["code"]) == (503, "capacity_full")
    again = await post(capture_server, good_offer, Authorization="Bearer a")
    assert again.status_code == 201  # a reconnect needs no new place


async def test_a_sitting_cannot_name_a_folder_elsewhere(capture_server, good_offer):
    reply = await post(capture_server, good_offer, Authorization="Bearer ../../etc")
    assert reply.json()["code"] == "sitting_invalid"
