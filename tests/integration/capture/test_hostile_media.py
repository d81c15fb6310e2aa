"""Whatever a peer or a stranger sends costs at most its own session; the others record on."""

import asyncio
import contextlib
import os
import re
import socket
import struct
import time

import pytest
from aioice.stun import TransactionError
from aiortc.rtp import RtpPacket
from pylibsrtp import Error as SrtpError

from capture.contracts import MediaLost, PublisherEnded
from capture.floods import FIRST_S
from capture.settings import CaptureSettings

pytestmark = pytest.mark.integration


@pytest.fixture
def quick_settings():
    return CaptureSettings(segment_s=1.5, key_frame_every_s=1.0, max_packets_per_s=1000)


def address_of(peer):
    """Where the server listens for this peer: the first candidate of its answer."""
    answer = peer.connection.remoteDescription.sdp
    host, port = re.search(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", answer).groups()
    return host, int(port)


def sender_of(peer):
    return peer.connection.getSenders()[0]


async def records_on(server, *sittings):
    """All of them gain recording, and never were lost meanwhile."""
    service = server.service
    wanted = {name: service.recorded_until(name) + 1500 for name in sittings}
    await server.until(lambda: all(service.recorded_until(name) >= wanted[name] for name in wanted))
    assert all(service.status(name).live for name in sittings)
    lost = {event.sitting_id for event in server.seen(MediaLost)}
    assert lost.isdisjoint(sittings)


async def live(server, *sittings):
    await server.until(lambda: all(server.service.status(name).live for name in sittings))


GARBAGE = {
    "rtp": lambda: b"\x80\x60" + os.urandom(60),
    "rtcp": lambda: b"\x80\xc8" + os.urandom(60),
    "stun": lambda: b"\x00\x01\x00\x10\x21\x12\xa4\x42" + os.urandom(28),
    "stun, a number cut short": lambda: (
        b"\x00\x01\x00\x08\x21\x12\xa4\x42" + os.urandom(12) + b"\x00\x24\x00\x03abc\0"
    ),
    "dtls": lambda: b"\x16\xfe\xfd" + os.urandom(60),
    "noise": lambda: os.urandom(1200),
    "empty": lambda: b"",
}


async def test_a_strangers_garbage_changes_nothing(capture_server, vp8, opus):
    told = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    peer = await capture_server.publish("s1", vp8, opus, loop=True)
    await live(capture_server, "s1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for _ in range(40):
            for make in GARBAGE.values():
                for _ in range(5):
                    stranger.sendto(make(), address_of(peer))
            await asyncio.sleep(0.01)
    await records_on(capture_server, "s1")
    assert told == []  # a stranger cannot fill the log either


async def test_a_strangers_flood_does_not_end_the_peers_consent(capture_server, vp8):
    """3,000 a second at a known port: the peer's own checks are answered all the same."""
    peer = await capture_server.publish("s1", vp8, loop=True)
    await live(capture_server, "s1")
    connection = sender_of(peer).transport.transport._connection
    (pair,) = connection._nominated.values()
    answered = 0
    family = socket.AF_INET6 if ":" in pair.remote_addr[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as stranger:
        for _ in range(20):
            for _ in range(300):
                stranger.sendto(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12), pair.remote_addr)
            request = connection.build_request(pair, nominate=False)
            key = connection.remote_password.encode()
            with contextlib.suppress(TransactionError):
                await pair.protocol.request(request, pair.remote_addr, key, retransmissions=0)
                answered += 1
            await asyncio.sleep(0.1)
    assert answered >= 18
    await records_on(capture_server, "s1")


def hostile_packets(number):
    """What a peer with valid keys may send that is no decent media; ``number`` is the sequence."""

    def rtp(payload, ssrc, payload_type=97):
        packet = RtpPacket(payload_type=payload_type, sequence_number=number, payload=payload)
        packet.ssrc = ssrc
        return packet.serialize()

    yield rtp(b"\x10" + b"x" * 50, 1)  # another source
    yield rtp(b"\x90\x80", 2)
    yield rtp(b"", 3, payload_type=33)  # a payload type that nobody negotiated
    yield struct.pack("!BBHII", 0x9F, 97, number, 1, 4)  # claims what it does not have
    yield struct.pack("!BBHIIHH", 0x90, 97, number, 1, 5, 0xBEDE, 5000)
    yield struct.pack("!BBHII", 0xA0, 97, number, 1, 6) + b"\xff"
    yield struct.pack("!BBHI", 0x80, 200, 1, 7)  # a report of the wrong length
    yield struct.pack("!BBHI", 0x81, 203, 9000, 8) + os.urandom(12)
    yield struct.pack("!BBHI", 0x8F, 205, 3, 9) + os.urandom(8)


async def test_a_peer_that_sends_nonsense_between_its_media_is_recorded_on(capture_server, vp8):
    peer = await capture_server.publish("s1", vp8, loop=True)
    await live(capture_server, "s1")
    transport, sent, refused = sender_of(peer).transport, 0, 0
    for number in range(30):
        for data in hostile_packets(number):
            try:
                await transport._send_rtp(data)
                sent += 1
            except SrtpError:  # libsrtp itself protects nothing that is so broken
                refused += 1
        await asyncio.sleep(0.02)
    assert sent > 2 * refused
    await records_on(capture_server, "s1")


async def test_a_flood_ends_its_own_session_only(capture_server, open_peer, vp8):
    flooder = await capture_server.publish("flood", vp8, loop=True)
    await capture_server.publish("calm", vp8, loop=True)
    await live(capture_server, "flood", "calm")
    sender = sender_of(flooder)
    tiny = RtpPacket(payload_type=97, sequence_number=1, timestamp=1, payload=b"\x10")
    tiny.ssrc = 99

    async def flood():
        while True:
            for _ in range(100):  # 10,000 a second
                tiny.sequence_number = (tiny.sequence_number + 1) & 0xFFFF
                await sender.transport._send_rtp(tiny.serialize())
            await asyncio.sleep(0.01)

    flooding = asyncio.create_task(flood())
    try:
        await capture_server.until(
            lambda: "flood" in {e.sitting_id for e in capture_server.seen(PublisherEnded)}
        )
    finally:
        flooding.cancel()
    await records_on(capture_server, "calm")
    _, offer = await open_peer(vp8)
    again = {"Authorization": "Bearer flood", "Content-Type": "application/sdp"}
    answer = await capture_server.http.post(capture_server.whip, content=offer, headers=again)
    assert (answer.status_code, answer.json()["code"]) == (429, "publisher_flooded")
    await capture_server.publish("next", vp8, loop=True)  # from the same address
    await live(capture_server, "next")
    capture_server.service._floods.now = lambda: time.monotonic() + FIRST_S  # later
    await capture_server.publish("flood", vp8, loop=True)  # as a camera it is welcome again
    await live(capture_server, "flood")
