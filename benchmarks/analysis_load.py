"""Many sittings on one core, in virtual time: what a flag's way takes while all are watched.

The worker's own rounds and budget serve the sittings. Their clock runs with the CPU time that the
thread really spends, and stands still while the machine does something else; decoding takes its
share of the core by running that clock faster. So the figures are those of a core that does nothing
but this, whatever else runs meanwhile.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.contracts import FlagKind, FlagPhase, FlagUpdate, Hint, Subject
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY
from analysis.rounds import Receivers, Rounds, Watched
from capture.contracts import SOUND_RATE, AudioChunk, Frame
from capture.demo_scene import DEMO_EVENTS, DURATION_S

LOUD = 0.02  # of full scale
HELD_FPS = 5  # frames of the scene that are held ready: what a suspicion asks for
REST_S = 0.02  # as a lane rests when nobody had a frame


@dataclass(frozen=True, slots=True)
class Load:
    """``decoding``: the share of the core that decoding takes from the sittings' analysis.

    The first ``warm_s`` are not counted: all begin at once, and are compared with their photos.
    """

    sittings: int
    seconds: float
    decoding: float
    warm_s: float = 8.0


class Microphone:
    """A room that is not quiet, so that the voice network has work for every second."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until_ms = round(now() * 1000)
        noise = np.random.default_rng(1).normal(0, LOUD, SOUND_RATE * 2)
        self._noise = noise.astype(np.float32)

    def take(self) -> Sequence[AudioChunk]:
        now_ms = round(self._now() * 1000)
        began, self._until_ms = min(self._until_ms, now_ms), now_ms
        wanted = min(self._noise.size, (now_ms - began) * SOUND_RATE // 1000)
        return (AudioChunk("s", began, self._noise[:wanted]),) if wanted else ()


def expected(scene: Sequence[Frame]) -> Subject:
    """Whoever the scene begins with, as on an enrolled photo."""
    return Subject(faces=(Picture.of(scene[0]).jpeg(640, 90),))


class CoreClock:
    """Seconds on a core of one's own."""

    def __init__(self, decoding: float) -> None:
        self._rate = 1 / (1 - decoding)
        self._began = time.thread_time()
        self.idle_s = 0.0

    @property
    def busy_s(self) -> float:
        return (time.thread_time() - self._began) * self._rate

    def __call__(self) -> float:
        return self.busy_s + self.idle_s

    def restart(self) -> None:
        self._began, self.idle_s = time.thread_time(), 0.0


class Camera:
    """Shows the scene from ``phase_s`` on; a frame is there at the rate that is asked for."""

    def __init__(self, name: str, clock: CoreClock, scene: Sequence[Frame], phase_s: float) -> None:
        self._name, self._clock, self._scene, self.phase_s = name, clock, scene, phase_s
        self._due = phase_s % 0.5
        self.rate = DEFAULT_POLICY.schedule.calm_fps

    def now(self) -> float:
        """The sitting's own time, seconds."""
        return self.phase_s + self._clock()

    def take(self, timeout_s: float) -> Frame | None:  # noqa: ARG002 - a tap's signature
        if self._clock() < self._due:
            return None
        self._due = max(self._due + 1 / self.rate, self._clock())
        held = int(self.now() * HELD_FPS)
        shown = self._scene[held % len(self._scene)]
        return replace(shown, sitting_id=self._name, at_ms=held * 1000 // HELD_FPS)


def watched(models: ModelSet, scene: Sequence[Frame], load: Load) -> Mapping[str, object]:
    """``scene``: the demo's, ``HELD_FPS`` frames a second."""
    clock = CoreClock(load.decoding)
    cameras: dict[str, Camera] = {}
    delays: list[tuple[FlagKind, float]] = []
    signs = Signs()

    def hear(update: FlagUpdate) -> None:
        delay = delay_s(update, cameras[update.sitting_id])
        if delay is not None and clock() >= load.warm_s:
            delays.append((update.flag.kind, delay))
            signs.flagged(update, delay, cameras[update.sitting_id].now())

    def hint(hint: Hint) -> None:
        signs.hinted(hint, cameras[hint.sitting_id].now())

    receivers = Receivers(hear, lambda *_: None, on_hint=hint)
    rounds, longest_s = Rounds(models, receivers, clock), 0.0
    subject = expected(scene)
    policy = DEFAULT_POLICY.without(FlagKind.FEED_LOOPED)  # a scene over and over is a loop
    for number in range(load.sittings):
        name = f"s{number}"
        cameras[name] = camera = Camera(name, clock, scene, number * DURATION_S / load.sittings)
        sound = Microphone(camera.now)
        rounds.attach(name, Watched(camera, policy, subject, sound))
    clock.restart()
    warm_idle_s = 0.0
    while (began := clock()) < load.warm_s + load.seconds:
        if not rounds.round():
            clock.idle_s += REST_S
        if began < load.warm_s:
            warm_idle_s = clock.idle_s
        else:
            longest_s = max(longest_s, clock() - began)
    done = [attached.done for attached in rounds.sittings.values()]
    return {
        "sittings": load.sittings,
        "seconds": load.seconds,
        "core_busy": round(1 - (clock.idle_s - warm_idle_s) / (clock() - load.warm_s), 3),
        "of_it_decoding": round(load.decoding, 3),
        "frames_a_second_of_a_sitting": round(statistics.mean(one.fps for one in done), 2),
        "longest_round_s": round(longest_s, 2),
        **_delays_json(delays),
        "sign_latency_p50_s": _at(sorted(signs.delays), 0.5),
        "sign_latency_p95_s": _at(sorted(signs.delays), 0.95),
    }


class Signs:
    """How long before a flag its hint was shown; a flag without one is its own first sign."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, FlagKind], float] = {}
        self.delays: list[float] = []

    def hinted(self, hint: Hint, now_s: float) -> None:
        for kind in FlagKind:
            if kind in hint.kinds:
                self._since.setdefault((hint.sitting_id, kind), now_s)
            else:
                self._since.pop((hint.sitting_id, kind), None)

    def flagged(self, update: FlagUpdate, delay: float, now_s: float) -> None:
        since_s = self._since.get((update.sitting_id, update.flag.kind), now_s)
        self.delays.append(max(0.0, delay - (now_s - since_s)))


def delay_s(update: FlagUpdate, camera: Camera) -> float | None:
    """From the event in the picture to now, of a flag that opens on one of the scene's events."""
    if update.phase is not FlagPhase.OPENED:
        return None
    start_s = update.flag.start_ms / 1000
    loop_s = start_s // DURATION_S * DURATION_S
    for kind, begins, ends in DEMO_EVENTS:
        meant = kind == update.flag.kind and begins - 1 <= start_s - loop_s <= ends
        if meant and loop_s + begins > camera.phase_s:  # else it was there when the sitting began
            return camera.now() - loop_s - begins
    return None


def _delays_json(delays: Sequence[tuple[FlagKind, float]]) -> Mapping[str, object]:
    found = sorted(delay for _, delay in delays)
    beyond = sorted(
        delay - DEFAULT_POLICY.kinds[kind].rule.timing.enter_ms / 1000 for kind, delay in delays
    )
    return {
        "flags": len(found),
        "flag_latency_p50_s": _at(found, 0.5),
        "flag_latency_p95_s": _at(found, 0.95),
        "flag_latency_beyond_entry_p95_s": _at(beyond, 0.95),
    }


def _at(ordered: Sequence[float], share: float) -> float | None:
    return round(ordered[round(share * (len(ordered) - 1))], 2) if ordered else None
