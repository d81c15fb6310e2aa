"""One keep-alive connection to a server of this machine, as cheap as a client can be.

Three hundred of these in one process must not use up the core that the measured server needs: a
general client spends more time on a request than the server does on its answer.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Line:
    """Raises OSError or EOFError (IncompleteReadError) where the server went away."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.headers = f"Host: 127.0.0.1:{port}\r\n"
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    def always_send(self, name: str, value: str) -> None:
        self.headers += f"{name}: {value}\r\n"

    async def ask(self, method: str, path: str, content: object = None) -> Answer:
        body = b"" if content is None else json.dumps(content).encode()
        kind = "Content-Type: application/json\r\n" if body else ""
        length = f"Content-Length: {len(body)}\r\n\r\n"
        sent = f"{method} {path} HTTP/1.1\r\n{self.headers}{kind}{length}".encode() + body
        try:
            answer = await self._exchange(sent)
        except (EOFError, ConnectionResetError):
            # The server closes what is idle for five seconds; a browser opens it anew as well.
            self.close()
            answer = await self._exchange(sent)
        if (cookie := answer.headers.get("set-cookie")) is not None:
            self.always_send("Cookie", cookie.partition(";")[0])
        return answer

    async def _exchange(self, sent: bytes) -> Answer:
        if self._reader is None or self._writer is None or self._reader.at_eof():
            self.close()
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writer.write(sent)
        return await self._answer(self._reader)

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split(" ", 2)[1]), headers, body)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
