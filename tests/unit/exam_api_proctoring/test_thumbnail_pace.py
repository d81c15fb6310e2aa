"""Each exam's console pictures come at its own pace, in virtual time."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest

from analysis.contracts import NOBODY_KNOWN, ModelRef, Subject
from analysis.models_set import ModelSet
from analysis.policy import AnalysisPolicy
from analysis.rounds import Analysed, FrameSource, Receivers, Rounds, SoundSource, Watched
from capture.contracts import Frame
from exam_api.adapters.workers.channel import decode, encode
from exam_api.adapters.workers.child import Worker
from exam_api.adapters.workers.messages import Call
from exam_api.adapters.workers.remote import RemoteAnalysis
from exam_api.services.live_media import TappedAnalysis

SERVER_S = 2.0


class VirtualClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Tap:
    """A frame whenever it is asked."""

    rate = 2.0

    def __init__(self, sitting_id: str, clock: VirtualClock) -> None:
        self._sitting_id, self._clock = sitting_id, clock

    def take(self, timeout_s: float) -> Frame:
        i420 = np.full((96, 64), 90, np.uint8)
        return Frame(self._sitting_id, round(self._clock.now * 1000), i420)


class Stage:
    """Taps, and a thread's work without the thread."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.shown: dict[str, list[int]] = {}
        receivers = Receivers(lambda _update: None, self._show)
        models = ModelSet({}, (ModelRef("none", "1", "0" * 64),), {})
        self._rounds = Rounds(models, receivers, self.clock)
        capture = SimpleNamespace(
            tap=lambda sitting_id: Tap(sitting_id, self.clock),
            audio_tap=lambda _sitting_id: SimpleNamespace(take=tuple),
        )
        self.analysis = TappedAnalysis(capture, self, SERVER_S)
        self._worker = Worker(capture, None, self.analysis)

    async def ask(self, _sitting_id: str, name: str, *arguments: object) -> object:
        """As a worker process would be asked: through the channel's bytes."""
        call = decode(encode(Call(1, name, arguments))[4:])
        return await self._worker.do(call)

    def attach(
        self,
        sitting_id: str,
        tap: FrameSource,
        policy: AnalysisPolicy,
        subject: Subject,
        sound: SoundSource,
    ) -> None:
        self._rounds.attach(sitting_id, Watched(tap, policy, subject, sound))

    def detach(self, sitting_id: str) -> Analysed:
        return self._rounds.detach(sitting_id)

    def play(self, seconds: float) -> None:
        until = self.clock.now + seconds
        while self.clock.now < until:
            self._rounds.round()
            self.clock.now += 0.5

    def _show(self, sitting_id: str, at_ms: int, _jpeg: bytes) -> None:
        self.shown.setdefault(sitting_id, []).append(at_ms)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_two_sittings_are_shown_each_at_its_exams_pace(stage) -> None:
    for sitting_id, thumbnail_s in (("often", 1), ("seldom", 5), ("server", 0)):
        stage.analysis.attach(sitting_id, (), NOBODY_KNOWN, thumbnail_s)
    stage.play(20)
    paces = {"often": 1000, "seldom": 5000, "server": 2000}
    assert stage.shown == {name: list(range(0, 20_000, pace)) for name, pace in paces.items()}


async def test_a_worker_process_is_told_the_pace(stage) -> None:
    remote = RemoteAnalysis(stage, asyncio.get_running_loop())
    for sitting_id, thumbnail_s in (("often", 1), ("server", 0)):
        await asyncio.to_thread(remote.attach, sitting_id, ["phone"], NOBODY_KNOWN, thumbnail_s)
    stage.play(4)
    assert stage.shown == {"often": [0, 1000, 2000, 3000], "server": [0, 2000]}


def test_a_watch_that_starts_anew_takes_the_new_pace(stage) -> None:
    stage.analysis.attach("a", ("phone",), NOBODY_KNOWN, 4)
    stage.play(9)
    stage.shown.clear()
    stage.analysis.attach("a", ("phone",), NOBODY_KNOWN, 10)
    stage.play(20)
    assert stage.shown["a"] == [9_000, 19_000]
