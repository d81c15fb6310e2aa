"""The two people of a replay, over HTTP as their browsers would: a student and a proctor."""

import asyncio
import base64
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from analysis.contracts import Severity
from capture.publisher import Publisher
from exam_api.cli.terminal import Failure
from exam_api.services.seeding import DEMO_PASSWORD

CLIENT_ID: Final = "replay"
LIVE_WITHIN_S: Final = 30.0
_LOOK_S: Final = 0.1
_ANSWERS: Final = 5
_COMMENT: Final = "baqylau replay"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a student shows and is heard saying. ``photo``: a JPEG of the face, taken before."""

    video: Path
    sound: Path | None = None
    photo: bytes | None = None


class Person:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def log_in(self, login: str, password: str = DEMO_PASSWORD) -> Json:
        """Who that is."""
        found: Json = await self.post("/api/v1/session", login=login, password=password)
        return found

    async def get(self, path: str) -> Any:
        return _checked(await self.http.get(path)).json()

    async def post(self, path: str, **body: object) -> Any:
        return _checked(await self.http.post(path, json=body)).json()

    async def download(self, path: str, target: Path) -> None:
        async with self.http.stream("GET", path) as answer:
            if answer.is_error:
                await answer.aread()
            _checked(answer)
            with target.open("wb") as file:
                async for piece in answer.aiter_bytes():
                    file.write(piece)


class Student(Person):
    """Claims the sitting, publishes the file, and sits the test while it plays."""

    async def enter(self, exam_id: str) -> str:
        """The sitting's id; it is this client's from now on."""
        self.http.headers["X-Client-Id"] = CLIENT_ID
        sitting_id = str((await self.post(f"/api/v1/exams/{exam_id}/sittings"))["id"])
        await self.post(f"/api/v1/sittings/{sitting_id}/claim", client_id=CLIENT_ID)
        rules = await self.get("/api/v1/rules")
        agreed = {"rules": rules["number"], "language": "kk"}
        _checked(await self.http.post(f"/api/v1/sittings/{sitting_id}/consent", json=agreed))
        return sitting_id

    async def photograph(self, sitting_id: str, jpeg: bytes) -> None:
        """The photo that the face at the camera is compared with."""
        taken = {"jpeg": base64.b64encode(jpeg).decode()}
        path = f"/api/v1/sittings/{sitting_id}/identity/face"
        _checked(await self.http.put(path, json=taken))

    async def sit(self, exam_id: str, shown: Shown, watch: Callable[[str], Awaitable[None]]) -> str:
        """The sitting's id. ``watch`` is called again and again while the file plays."""
        sitting_id = await self.enter(exam_id)
        path = f"/api/v1/sittings/{sitting_id}"
        if shown.photo is not None:
            await self.photograph(sitting_id, shown.photo)
        token = await self.post(f"{path}/publish-token")
        publisher = Publisher()
        playing = asyncio.create_task(
            publisher.publish(
                shown.video, token["whip_url"], token["token"], http=self.http, sound=shown.sound
            )
        )
        try:
            await self._begin(path, playing)
            await self._answer(path)
            while not playing.done():
                await watch(sitting_id)
                await asyncio.wait([playing], timeout=_LOOK_S)
        finally:
            publisher.stop()
            await playing
        await self.post(f"{path}/finish")
        return sitting_id

    async def _begin(self, path: str, playing: "asyncio.Task[None]") -> None:
        """S-10: the test begins once the recording is live."""
        for _ in range(round(LIVE_WITHIN_S / _LOOK_S)):
            if await self.is_live(path):
                await self.post(f"{path}/begin")
                return
            if playing.done():
                break
            await asyncio.sleep(_LOOK_S)
        if playing.done():
            playing.result()
        raise Failure("replay.stuck", seconds=round(LIVE_WITHIN_S))

    async def is_live(self, path: str) -> bool:
        return bool((await self.get(path))["recording"]["live"])

    async def questions(self, path: str) -> Sequence[Json]:
        found: Sequence[Json] = (await self.get(f"{path}/questions?lang=kk"))["questions"]
        return found

    async def answer(self, path: str, question: Json, seq: int) -> None:
        response = {"kind": "single", "choice": question["choices"][0]["id"]}
        answer = {"response": response, "client_seq": seq}
        _checked(await self.http.put(f"{path}/answers/{question['id']}", json=answer))

    async def _answer(self, path: str) -> None:
        questions = await self.questions(path)
        for seq, question in enumerate(itertools.islice(questions, _ANSWERS), start=1):
            await self.answer(path, question, seq)


class Proctor(Person):
    """Confirms what lasted, as somebody who looked at each would, and takes the documents."""

    async def confirm_all(self, sitting_id: str) -> str | None:
        """The act's id; None where nothing was flagged, or first signs alone."""
        flags = (await self.review(sitting_id))["flags"]
        flag_ids = [flag["id"] for flag in flags if flag["severity"] != Severity.SIGN]
        if not flag_ids:
            return None
        reviewed = await self.post(
            f"/api/v1/sittings/{sitting_id}/decisions",
            flag_ids=flag_ids,
            verdict="confirmed",
            comment=_COMMENT,
        )
        return str(reviewed["acts"][0]["id"])

    async def review(self, sitting_id: str) -> Json:
        found: Json = await self.get(f"/api/v1/sittings/{sitting_id}/flags")
        return found

    async def evidence(self, flag_id: str) -> bytes:
        return _checked(await self.http.get(f"/api/v1/flags/{flag_id}/evidence.jpg")).content

    async def before(self, flag_id: str, at_ms: int) -> bytes:
        path = f"/api/v1/flags/{flag_id}/before/{at_ms}.jpg"
        return _checked(await self.http.get(path)).content


def _checked(answer: httpx.Response) -> httpx.Response:
    if not answer.is_error:
        return answer
    try:
        code = answer.json()["code"]
    except (ValueError, KeyError, TypeError):
        code = answer.status_code
    raise Failure("replay.refused", path=answer.request.url.path, code=code)
