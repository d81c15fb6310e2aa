"""Calls that wait at the same time are served together: one transaction, one commit for all."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from exam_api.domain.errors import ExamError, StorageError

Ask = TypeVar("Ask")
Told = TypeVar("Told")
Serve = Callable[[Sequence[Ask]], Awaitable[Sequence[Told | ExamError]]]


@dataclass(frozen=True)
class _Waiting(Generic[Ask, Told]):
    ask: Ask
    told: "asyncio.Future[Told]"


class Together(Generic[Ask, Told]):
    """``serve`` answers each ask in order, with a result or with the error that is its own.

    While one group is served the next one gathers, so that alone nobody waits and many wait for
    at most two commits. Nobody hears anything before the group's commit.
    """

    def __init__(self, serve: Serve[Ask, Told], *, most: int = 64) -> None:
        self._serve = serve
        self._most = most
        self._line: deque[_Waiting[Ask, Told]] = deque()
        self._serving: asyncio.Task[None] | None = None

    async def ask(self, ask: Ask) -> Told:
        told: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._line.append(_Waiting(ask, told))
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve_all(), name="served together")
        return await told

    async def _serve_all(self) -> None:
        while self._line:
            group = [self._line.popleft() for _ in range(min(self._most, len(self._line)))]
            try:
                await self._serve_group(group)
            finally:
                # Only a task that is cancelled leaves somebody without an answer.
                for waiting in group:
                    waiting.told.cancel()

    async def _serve_group(self, group: Sequence[_Waiting[Ask, Told]]) -> None:
        try:
            told = await self._serve([waiting.ask for waiting in group])
        except StorageError as error:
            _tell(group, [error] * len(group))
        except Exception as error:  # noqa: BLE001 - one that fails must not take others with it
            if len(group) == 1:
                _tell(group, [error])
                return
            for waiting in group:
                await self._serve_group([waiting])
        else:
            _tell(group, told)


def _tell(group: Sequence[_Waiting[Ask, Told]], told: Sequence[Told | Exception]) -> None:
    for waiting, result in zip(group, told, strict=True):
        with suppress(asyncio.InvalidStateError):  # who asked has gone away
            if isinstance(result, Exception):
                waiting.told.set_exception(result)
            else:
                waiting.told.set_result(result)
