"""The students of a capacity run, over HTTP and WebRTC, each with what it noticed."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

import httpx

from capture.errors import ServerRefusedPublisher
from capture.prepared import PreparedMedia, PreparedPublisher
from exam_api.cli.replay_people import Json, Student
from exam_api.cli.terminal import Failure

LIVE_WITHIN_S: Final = 30.0
ANSWER_EVERY_S: Final = 5.0
_LOOK_S: Final = 0.05


@dataclass(slots=True)
class Noticed:
    """Seconds each. ``failures``: answers that were not acknowledged."""

    saves: list[float] = field(default_factory=list)
    failures: int = 0
    first_live_s: float | None = None
    reconnect_s: float | None = None


class LoadStudent:
    """One student with one camera."""

    def __init__(self, http: httpx.AsyncClient, media: PreparedMedia, number: int) -> None:
        self.noticed = Noticed()
        self.sitting_id = ""
        self._student = Student(http)
        self._media, self._number = media, number
        self._publisher: PreparedPublisher | None = None
        self._token = ""
        self._questions: tuple[Json, ...] = ()
        self._seq = 0

    @property
    def _path(self) -> str:
        return f"/api/v1/sittings/{self.sitting_id}"

    async def arrive(self, login: str, password: str) -> None:
        """Log in, publish, begin the test. Raises Failure."""
        await self.enter(login, password)
        await self.begin()

    async def enter(self, login: str, password: str) -> None:
        await self._student.log_in(login, password)
        self.sitting_id = await self._student.enter(await self._open_exam())

    async def begin(self) -> None:
        self.noticed.first_live_s = await self._publish()
        await self._student.post(f"{self._path}/begin")
        self._questions = tuple(await self._student.questions(self._path))

    async def answer_until(self, end: float) -> None:
        """Answer one question after another until ``end`` (monotonic), each at its own beat."""
        await asyncio.sleep(self._number % 10 / 10 * ANSWER_EVERY_S)
        while time.monotonic() < end:
            await self._answer()
            await asyncio.sleep(max(0.0, min(ANSWER_EVERY_S, end - time.monotonic())))

    async def reconnect(self) -> None:
        """The line breaks without a good-bye, and the page comes back at once."""
        if self._publisher is not None:
            await self._publisher.close()
        try:
            self.noticed.reconnect_s = await self._publish()
        except Failure:
            self.noticed.failures += 1

    async def leave(self) -> None:
        """Finish the test; whatever the server says, the camera goes off."""
        try:
            if self._questions:
                await self._student.post(f"{self._path}/finish")
        except (Failure, httpx.HTTPError):
            self.noticed.failures += 1
        finally:
            if self._publisher is not None:
                await self._publisher.close()

    async def _open_exam(self) -> str:
        cards = await self._student.get("/api/v1/exams")
        open_now = [card["exam"] for card in cards if card["exam"]["phase"] in {"checking", "open"}]
        if not open_now:
            raise Failure("capacity.no_exam")
        return str(open_now[0]["id"])

    async def _publish(self) -> float:
        """Seconds until the server says that it records."""
        began = time.monotonic()
        token = await self._student.post(f"{self._path}/publish-token")
        self._token = token["token"]
        self._publisher = PreparedPublisher(self._media, self._number)
        try:
            await self._publisher.connect(self._student.http, token["whip_url"], self._token)
        except ServerRefusedPublisher as error:
            await self._publisher.close()
            raise Failure("capacity.refused", why=str(error)) from error
        while time.monotonic() - began < LIVE_WITHIN_S:
            if await self._student.is_live(self._path):
                return time.monotonic() - began
            await asyncio.sleep(_LOOK_S)
        raise Failure("replay.stuck", seconds=round(LIVE_WITHIN_S))

    async def _answer(self) -> None:
        question = self._questions[self._seq % len(self._questions)]
        self._seq += 1
        began = time.monotonic()
        try:
            await self._student.answer(self._path, question, self._seq)
        except (Failure, httpx.HTTPError):
            self.noticed.failures += 1
        else:
            self.noticed.saves.append(time.monotonic() - began)
