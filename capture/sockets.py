"""Many UDP sockets of one event loop, read together: one wake-up serves all that came meanwhile.

A packet's own wake-up of the loop costs as much as recording it. Packets lose nothing by waiting:
the kernel notes when each came. The first after a silence is read at once.
"""

import asyncio
import contextlib
import os
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary

EVERY_S: Final = 0.03
_AT_ONCE: Final = 256  # of one socket: a flood neither stops the others nor drowns its aim
_LARGEST: Final = 2048  # bytes; longer datagrams are no WebRTC, and arrive cut
_STAMPED: Final = 35  # SO_TIMESTAMPNS, which Python does not name (socket(7))
_STAMP = struct.Struct("@qq")
_STAMP_SPACE = socket.CMSG_SPACE(_STAMP.size) if hasattr(socket, "CMSG_SPACE") else 0
_LONGEST_WAIT_S: Final = 1.0  # an arrival further back is a clock that was set meanwhile

Address = tuple[Any, ...]
Receive = Callable[[bytes, Address, float], None]
"""(datagram, its sender, when it came by time.monotonic)"""


class SocketOwner(Protocol):
    """Who hears how a socket fares: the part of asyncio.DatagramProtocol that is called."""

    def error_received(self, exc: Exception) -> None: ...
    def connection_lost(self, exc: Exception | None) -> None: ...


class _Reader:
    """The sockets of one loop. It watches one descriptor, and only while nothing comes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._poll = select.epoll()
        self._sockets: dict[int, Callable[[float, float], None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._watch()

    def add(self, descriptor: int, read: Callable[[float, float], None]) -> None:
        self._sockets[descriptor] = read
        self._poll.register(descriptor, select.EPOLLIN)

    def remove(self, descriptor: int) -> None:
        del self._sockets[descriptor]
        self._poll.unregister(descriptor)
        if self._sockets:
            return
        if self._timer is None:
            self._loop.remove_reader(self._poll.fileno())
        else:
            self._timer.cancel()
        self._poll.close()
        del _readers[self._loop]

    def _watch(self) -> None:
        self._timer = None
        self._loop.add_reader(self._poll.fileno(), self._begin)

    def _begin(self) -> None:
        self._loop.remove_reader(self._poll.fileno())
        self._read_all()

    def _read_all(self) -> None:
        self._timer = self._loop.call_later(EVERY_S, self._read_all)
        ready = self._poll.poll(0)
        if not ready:
            self._timer.cancel()
            self._watch()
            return
        now = time.monotonic()
        clocks_apart = time.time() - now
        # One of each, then one of each that has more: asking which is cheaper than being refused.
        for _ in range(_AT_ONCE):
            for descriptor, _events in ready:
                read = self._sockets.get(descriptor)  # one may close another
                if read is not None:
                    read(now, clocks_apart)
            if self._timer.cancelled() or not (ready := self._poll.poll(0)):
                return


_readers: WeakKeyDictionary[asyncio.AbstractEventLoop, _Reader] = WeakKeyDictionary()


def _reader_of(loop: asyncio.AbstractEventLoop) -> _Reader:
    if loop not in _readers:
        _readers[loop] = _Reader(loop)
    return _readers[loop]


class BatchedTransport(asyncio.DatagramTransport):
    """Takes over a UDP transport's socket: ``receive`` gets datagrams, ``protocol`` the rest."""

    def __init__(
        self, taken: asyncio.DatagramTransport, protocol: SocketOwner, receive: Receive
    ) -> None:
        super().__init__()
        self._protocol, self._receive = protocol, receive
        self._socket = socket.socket(fileno=os.dup(taken.get_extra_info("socket").fileno()))
        self._socket.setblocking(False)
        with contextlib.suppress(OSError):  # without it, arrival is when it is read
            self._socket.setsockopt(socket.SOL_SOCKET, _STAMPED, 1)
        taken.set_protocol(asyncio.DatagramProtocol())  # whose end is nobody's end
        taken.close()
        self._loop = asyncio.get_running_loop()
        self._reader = _reader_of(self._loop)
        self._reader.add(self._socket.fileno(), self._read)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "socket":
            return self._socket
        return self._socket.getsockname() if name == "sockname" else default

    def sendto(self, data: Any, addr: Any = None) -> None:
        if self.is_closing():
            return
        try:
            self._socket.sendto(data, addr)
        except BlockingIOError:
            pass  # the queue is full: the network would have dropped it
        except OSError as error:
            self._protocol.error_received(error)

    def is_closing(self) -> bool:
        return self._socket.fileno() < 0

    def close(self) -> None:
        if self.is_closing():
            return
        self._reader.remove(self._socket.fileno())
        self._socket.close()
        self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def _read(self, now: float, clocks_apart: float) -> None:
        try:
            data, notes, _, address = self._socket.recvmsg(_LARGEST, _STAMP_SPACE)
        except BlockingIOError:
            return
        except OSError as error:  # closed meanwhile, or an ICMP message about what was sent
            if not self.is_closing():
                self._protocol.error_received(error)
            return
        try:
            self._receive(data, address, _came(notes, now, clocks_apart))
        except Exception as error:  # noqa: BLE001 - of one datagram: others are still to be read
            message = "a datagram could not be handled"
            self._loop.call_exception_handler({"message": message, "exception": error})


def _came(notes: list[tuple[int, int, bytes]], now: float, clocks_apart: float) -> float:
    """When the kernel took the datagram in, by the monotonic clock.

    While a machine's first socket of this kind is new, the kernel gives the time of reading.
    """
    for level, kind, value in notes:
        if level == socket.SOL_SOCKET and kind == _STAMPED and len(value) == _STAMP.size:
            seconds, nanoseconds = _STAMP.unpack(value)
            came = seconds + nanoseconds * 1e-9 - clocks_apart
            return came if now - _LONGEST_WAIT_S < came < now else now
    return now


def can_be_read_together(transport: object) -> bool:
    """A UDP socket of this machine's own, on a system that has what it takes (Linux)."""
    socket_of: Any = getattr(transport, "get_extra_info", None)
    return (
        hasattr(select, "epoll")
        and hasattr(transport, "set_protocol")  # uvloop's are no asyncio.DatagramTransport
        and socket_of is not None
        and socket_of("socket") is not None
    )
