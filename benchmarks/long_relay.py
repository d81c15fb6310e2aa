"""A UDP relay between the browser and the server: the network that can be cut."""

import asyncio
from typing import Any


class Relay:
    """One port a server's candidate. While ``cut`` nothing passes, in neither direction."""

    def __init__(self) -> None:
        self.cut = False
        self.passed = 0
        self._ports: dict[tuple[str, int], int] = {}
        self._transports: list[asyncio.BaseTransport] = []

    async def port_for(self, host: str, port: int) -> int:
        """The port that leads to the server's (host, port)."""
        if (host, port) not in self._ports:
            loop = asyncio.get_running_loop()
            link = _Link(self)
            near, _ = await loop.create_datagram_endpoint(
                lambda: _Side(link.from_browser), local_addr=("127.0.0.1", 0)
            )
            far, _ = await loop.create_datagram_endpoint(
                lambda: _Side(link.from_server), remote_addr=(host, port)
            )
            link.near, link.far = near, far
            self._transports += [near, far]
            self._ports[host, port] = near.get_extra_info("sockname")[1]
        return self._ports[host, port]

    def close(self) -> None:
        for transport in self._transports:
            transport.close()


class _Link:
    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._browser: Any = None
        self.near: asyncio.DatagramTransport | None = None
        self.far: asyncio.DatagramTransport | None = None

    def from_browser(self, data: bytes, address: Any) -> None:
        self._browser = address
        if self.far is not None and not self._relay.cut:
            self._relay.passed += 1
            self.far.sendto(data)

    def from_server(self, data: bytes, _address: Any) -> None:
        if self.near is not None and self._browser is not None and not self._relay.cut:
            self.near.sendto(data, self._browser)


class _Side(asyncio.DatagramProtocol):
    def __init__(self, receive: Any) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._receive(data, addr)

    def error_received(self, exc: Exception) -> None:
        """The server closed this port: the browser notices by silence."""
