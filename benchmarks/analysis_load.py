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

from analysis.contracts import JUDGED, FlagKind, FlagPhase, FlagUpdate, Subject
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY
from analysis.rounds import Receivers, Rounds, Watched
from capture.contracts import SOUND_RATE, AudioChunk, Frame
from capture.demo_scene import DEMO_EVENTS, DURATION_S

Name = tuple[str, FlagKind, int]  # of a flag: its sitting, kind and start

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
    opened: dict[Name, float] = {}
    alerts: dict[Name, float] = {}

    def hear(update: FlagUpdate) -> None:
        camera, flag = cameras[update.sitting_id], update.flag
        began_s = event_s(update, camera)
        if began_s is None:
            return
        name, delay = (update.sitting_id, flag.kind, flag.start_ms), camera.now() - began_s
        if update.phase is FlagPhase.OPENED and clock() >= load.warm_s:
            opened[name] = delay
        if name in opened and flag.severity in JUDGED:
            alerts.setdefault(name, delay)

    rounds, longest_s = Rounds(models, Receivers(hear, lambda *_: None), clock), 0.0
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
        **_delays_json([(kind, delay) for (_, kind, _), delay in opened.items()]),
        "alert_latency_p50_s": _at(sorted(alerts.values()), 0.5),
        "alert_latency_p95_s": _at(sorted(alerts.values()), 0.95),
    }


def event_s(update: FlagUpdate, camera: Camera) -> float | None:
    """When the scene's event began that a flag is about; the sitting's own time.

    None: about none, or about one that was going on when the sitting began.
    """
    start_s = update.flag.start_ms / 1000
    loop_s = start_s // DURATION_S * DURATION_S
    for kind, begins, ends in DEMO_EVENTS:
        meant = kind == update.flag.kind and begins - 1 <= start_s - loop_s <= ends
        if meant and loop_s + begins > camera.phase_s:
            return loop_s + begins
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
