"""Sockets that are read together: nothing is lost, times are the kernel's, ends are clean."""

import asyncio
import socket
import time
from pathlib import Path

import pytest

from capture.sockets import EVERY_S, BatchedTransport, _readers, can_be_read_together
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration


class Owner(asyncio.DatagramProtocol):
    def __init__(self):
        self.came, self.errors, self.lost = [], [], asyncio.Event()
        self.some = asyncio.Event()

    def receive(self, data, address, arrival_s):
        self.came.append((data, address, arrival_s, time.monotonic()))
        self.some.set()

    def error_received(self, exc):
        self.errors.append(exc)

    def connection_lost(self, exc):
        self.lost.set()


@pytest.fixture
def sender():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.bind(("127.0.0.1", 0))
        yield sending


async def _open():
    loop = asyncio.get_running_loop()
    taken, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    assert can_be_read_together(taken)
    owner = Owner()
    return owner, BatchedTransport(taken, owner, owner.receive)


async def _until(condition):
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is read sets no event of its own
            await asyncio.sleep(0.005)


def _descriptors():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_a_burst_of_many_sockets_comes_whole_in_order_with_its_times(sender):
    pairs = [await _open() for _ in range(5)]
    await asyncio.sleep(0.1)  # the kernel begins to note times a moment after it was asked to
    sent_at = time.monotonic()
    for number in range(150):
        for _, transport in pairs:
            sender.sendto(number.to_bytes(2, "big"), transport.get_extra_info("sockname"))
    sent_by = time.monotonic()
    time.sleep(0.1)  # noqa: ASYNC251 - the loop is held up: the times must not be
    for owner, _ in pairs:
        await _until(lambda owner=owner: len(owner.came) == 150)
        assert [data for data, *_ in owner.came] == [n.to_bytes(2, "big") for n in range(150)]
        assert {address for _, address, *_ in owner.came} == {sender.getsockname()}
        arrivals = [arrival for _, _, arrival, _ in owner.came]
        assert arrivals == sorted(arrivals)
        assert sent_at - 0.02 < arrivals[0] <= arrivals[-1] < sent_by + 0.02
    for _, transport in pairs:
        transport.close()


async def test_the_first_after_a_silence_does_not_wait(sender):
    owner, transport = await _open()
    waits = []
    for _ in range(7):
        await asyncio.sleep(3 * EVERY_S)
        owner.some.clear()
        sender.sendto(b"x", transport.get_extra_info("sockname"))
        async with asyncio.timeout(PATIENCE_S):
            await owner.some.wait()
        waits.append(owner.came[-1][3] - owner.came[-1][2])
    assert sorted(waits)[3] < EVERY_S / 2
    transport.close()


async def test_what_is_sent_arrives_and_a_refused_one_is_told(sender):
    owner, transport = await _open()
    transport.sendto(b"hello", sender.getsockname())
    sender.settimeout(PATIENCE_S)
    assert await asyncio.to_thread(sender.recv, 10) == b"hello"
    transport.sendto(b"to nowhere", ("256.0.0.1", 1))
    assert [type(error) for error in owner.errors] == [socket.gaierror]
    transport.close()
    transport.sendto(b"late", sender.getsockname())


async def test_the_last_socket_takes_the_reader_with_it(sender):
    open_before = _descriptors()
    for _ in range(20):
        owner, transport = await _open()
        sender.sendto(b"x", transport.get_extra_info("sockname"))
        await _until(lambda owner=owner: owner.came)
        transport.close()
        transport.abort()
        async with asyncio.timeout(PATIENCE_S):
            await owner.lost.wait()
        assert transport.is_closing()
    assert asyncio.get_running_loop() not in _readers
    await asyncio.sleep(0)
    assert _descriptors() <= open_before


async def test_a_receiver_may_close_others_while_they_are_read(sender):
    one, first = await _open()
    two, second = await _open()

    def close_both(*_):
        first.close()
        second.close()

    first._receive = second._receive = close_both
    for transport in (first, second):
        sender.sendto(b"x", transport.get_extra_info("sockname"))
        sender.sendto(b"y", transport.get_extra_info("sockname"))
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(one.lost.wait(), two.lost.wait())
    assert (one.errors, two.errors) == ([], [])


async def test_one_that_fails_at_every_datagram_starves_no_other(sender):
    told = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    pairs = [await _open() for _ in range(3)]
    failing = pairs[0][1]

    def fail(*_):
        raise RuntimeError("of the protocol")

    failing._receive = fail
    for number in range(50):
        for _, transport in pairs:
            sender.sendto(bytes([number]), transport.get_extra_info("sockname"))
    for owner, _ in pairs[1:]:
        await _until(lambda owner=owner: len(owner.came) == 50)
    await _until(lambda: len(told) == 50)
    assert {str(context["exception"]) for context in told} == {"of the protocol"}
    assert not failing.is_closing()
    for _, transport in pairs:
        transport.close()
