"""A bad network between two WebRTC peers: media and feedback are lost and come late, as told.

A relay of UDP datagrams on this machine. The offer loses its candidates and the answer's become the
relay's address, so all traffic has to pass it, in both directions. ICE and DTLS pass untouched:
what is measured is how media survives, not how long connecting takes.
"""

import asyncio
import random
import re
from dataclasses import dataclass

Address = tuple[str, int]
_CANDIDATES = re.compile(r"a=(?:candidate:.*|end-of-candidates)\r\n")
_FIRST_CANDIDATE = re.compile(r"a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host")
# What a busy machine kept from being sent in time comes to the link at once, where a camera's
# pictures would have been spread: a shorter queue would lose what no line loses.
_QUEUE_S = 2.0


@dataclass(slots=True)
class Weather:
    """Shares and seconds; ``rate_bps`` limits the way to the server, behind a queue."""

    loss: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    rate_bps: float | None = None
    audio_delay_s: float = 0.0  # for the payload types in ``audio``


class _Leg(asyncio.DatagramProtocol):
    def __init__(self, link: "LossyLink", *, from_peer: bool) -> None:
        self._link, self._from_peer = link, from_peer

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._link.pass_on(data, addr, from_peer=self._from_peer)


class LossyLink:
    """One peer's way to the server: give the server ``offer``, the peer ``answer``."""

    def __init__(self, weather: Weather, seed: int = 1) -> None:
        self.weather = weather
        self.dropped = self.passed = 0  # media packets on their way to the server
        self.audio: frozenset[int] = frozenset()
        self._chance = random.Random(seed)
        self._peer: Address | None = None
        self._server: Address | None = None
        self._free_at = 0.0
        self._near: asyncio.DatagramTransport | None = None
        self._far: asyncio.DatagramTransport | None = None

    def close(self) -> None:
        for transport in (self._near, self._far):
            if transport is not None:
                transport.close()

    @staticmethod
    def offer(sdp: str) -> str:
        """For the server: it learns of the peer only through the link."""
        return _CANDIDATES.sub("", sdp)

    async def answer(self, sdp: str) -> str:
        """For the peer: the link, open from here on, is all it sees of the server."""
        found = _FIRST_CANDIDATE.search(sdp)
        if found is None:
            raise ValueError("no IPv4 host candidate in the answer")
        self._server = (found[1], int(found[2]))
        self._near, self._far = [await self._leg(found[1], side) for side in (True, False)]
        opus = re.search(r"a=rtpmap:(\d+) opus/", sdp)
        self.audio = frozenset({int(opus[1])}) if opus else frozenset()
        host, port = self._near.get_extra_info("sockname")[:2]
        line = f"a=candidate:1 1 udp 2130706431 {host} {port} typ host\r\n"
        head, *sections = _CANDIDATES.sub("", sdp).split("m=")
        return head + "".join(f"m={section}{line}" for section in sections)

    def pass_on(self, data: bytes, addr: Address, *, from_peer: bool) -> None:
        if from_peer:
            self._peer = addr
        if not 128 <= data[0] < 192:  # RFC 7983: RTP or RTCP
            self._send(data, from_peer)
            return
        media = from_peer and not 192 <= data[1] < 224
        if self._chance.random() < self.weather.loss:
            self.dropped += media
            return
        wait = self._wait(data, from_peer)
        if wait is None:
            self.dropped += media
            return
        self.passed += media
        asyncio.get_running_loop().call_later(wait, self._send, data, from_peer)

    async def _leg(self, host: str, from_peer: bool) -> asyncio.DatagramTransport:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Leg(self, from_peer=from_peer), local_addr=(host, 0)
        )
        return transport

    def _wait(self, data: bytes, from_peer: bool) -> float | None:
        """Seconds on the way; None if the queue before a narrow link is full."""
        weather = self.weather
        wait = weather.delay_s + weather.jitter_s * self._chance.random()
        if not from_peer:
            return wait
        if data[1] & 0x7F in self.audio:
            wait += weather.audio_delay_s
        if weather.rate_bps is not None:
            now = asyncio.get_running_loop().time()
            begins = max(self._free_at, now)
            if begins - now > _QUEUE_S:
                return None
            self._free_at = begins + len(data) * 8 / weather.rate_bps
            wait += self._free_at - now
        return wait

    def _send(self, data: bytes, from_peer: bool) -> None:
        transport, to = (self._far, self._server) if from_peer else (self._near, self._peer)
        if transport is not None and to is not None and not transport.is_closing():
            transport.sendto(data, to)
