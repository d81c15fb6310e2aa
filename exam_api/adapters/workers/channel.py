"""A pair of connected sockets between two processes: length-prefixed messages, either way.

The socket is inherited, so nobody else can speak on it. Values are pickled, and the reader takes
plain data and our own value classes only: what arrives can name no function to be run.
"""

import asyncio
import io
import pickle
import socket
import struct
from dataclasses import is_dataclass
from enum import Enum
from typing import Any, Final

from exam_api.adapters.workers.messages import Message

_LENGTH: Final = struct.Struct("!I")
_MOST: Final = 64 * 2**20
_OURS: Final = frozenset(
    {
        "analysis.contracts",
        "analysis.policy",
        "capture.contracts",
        "capture.endpoint",
        "capture.errors",
        "capture.ice",
        "capture.settings",
        "capture.signing",
        "capture.supplied",
        "exam_api.adapters.workers.messages",
    }
)
_PLAIN: Final = frozenset(
    {
        ("datetime", "datetime"),
        ("datetime", "timedelta"),
        ("datetime", "timezone"),
        ("pathlib", "PosixPath"),
    }
)


class ForeignMessage(Exception):
    """Bytes that are none of our messages."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        found = super().find_class(module, name) if module in _OURS and "." not in name else None
        if isinstance(found, type) and found.__module__ == module and _is_value(found):
            return found
        raise ForeignMessage(f"{module}.{name}")


def _is_value(found: type) -> bool:
    values = (Enum, Exception, tuple)
    return is_dataclass(found) or issubclass(found, values)


def encode(message: Message) -> bytes:
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(data)) + data


def decode(data: bytes) -> Message:
    """Raises ForeignMessage."""
    try:
        found = _Reader(io.BytesIO(data)).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, TypeError) as error:
        raise ForeignMessage(str(error)) from error
    if not isinstance(found, Message):
        raise ForeignMessage(type(found).__name__)
    return found


class Channel:
    """One end. ``send`` is for the loop's thread."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._finished = False

    @classmethod
    async def over(cls, end: socket.socket) -> "Channel":
        return cls(*await asyncio.open_unix_connection(sock=end))

    def send(self, message: Message) -> None:
        """Into a dead channel: nothing happens; the reading side tells of the death."""
        if not self._finished and not self._writer.is_closing():
            self._writer.write(encode(message))

    async def receive(self) -> Message | None:
        """None once the other process is gone. Raises ForeignMessage."""
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            if length > _MOST:
                raise ForeignMessage(f"{length} bytes")
            return decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    def finish(self) -> None:
        """Nothing more will be sent; what the other end still sends is received."""
        if self._writer.can_write_eof() and not self._writer.is_closing():
            self._writer.write_eof()
        self._finished = True

    async def close(self) -> None:
        """Everything sent so far is handed over first."""
        try:
            await self._writer.drain()
            self._writer.close()
            await self._writer.wait_closed()
        except ConnectionError:
            return
