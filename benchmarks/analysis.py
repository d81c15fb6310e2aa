"""What a frame costs, how many sittings a core watches, and how soon a flag opens.

    uv run python -m benchmarks.analysis --json [--quick]

One thread; CPU time of that thread, medians, so that a busy machine matters little. The clip is
the demo scene, composed at run time; what is decoded is that scene as the room page sends it.
``every_frame`` is the same analyzer with every detector looking at every frame, in the same run.
``at_load``: as many sittings as a core shall carry, served together on one core's time
(``analysis_load``). Without the object model its step is null.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

from analysis.analyzer import SittingAnalyzer
from analysis.contracts import FlagPhase
from analysis.detectors.faces import FaceNets
from analysis.detectors.feed import FeedDetector, feed_ref
from analysis.detectors.identity import IdentityNets
from analysis.detectors.mesh import Fitted
from analysis.detectors.objects import ObjectDetector, ObjectNets
from analysis.detectors.speech import CONTEXT, FRESH, WINDOW, VoiceNet
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY
from analysis.rounds import THUMBNAIL_QUALITY, THUMBNAIL_SIDE
from analysis.schedule import EVERY_FRAME, Schedule
from benchmarks.analysis_load import HELD_FPS, LOUD, Load, Microphone, expected, watched
from capture.contracts import SOUND_RATE, Frame
from capture.demo_scene import AWAY, DEMO_EVENTS, DURATION_S, FPS, WALK_S, render_demo_scene
from capture.probe import read_frames
from models import Registry, registry
from models.errors import ModelError

SAMPLED_FPS = 2
THUMBNAILS_A_SECOND = 0.5
UPLINK_KBIT_S = 230  # what the room page asks the browser for
CALM_UNTIL_S = AWAY[0] - WALK_S  # until then nothing happens in the scene
A_SECOND = SOUND_RATE // WINDOW  # windows of the voice network
SITTINGS = 25  # that a core shall carry
# What is known of others, to read the figures by; none was run here.
PEERS = {
    "itmoproctor_sittings_a_core_recording_alone": 3.3,
    "vibe_phone_shown_to_flag_on_the_students_computer_s": 1.6,
}
LEAD_S = 7.0  # seconds before and after an event's start that the latency runs watch

Milliseconds = float


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    run: Callable[[Picture], object]


def cpu_ms(work: Callable[[], object]) -> Milliseconds:
    start = time.thread_time()
    work()
    return (time.thread_time() - start) * 1000


def fresh(picture: Picture) -> Picture:
    """The same picture with nothing converted yet."""
    return Picture(picture.at_ms, picture.i420)


def steps(known: Registry) -> Iterator[Step]:
    nets, feed = FaceNets.load(known), FeedDetector(feed_ref())
    yield Step("to_bgr", lambda picture: fresh(picture).bgr)
    yield Step("feed_checks", lambda picture: feed.look(fresh(picture)))
    yield Step("face_full_range", lambda picture: nets.full.find(picture.lit))
    yield Step("face_short_range", lambda picture: nets.short.find(picture.lit))
    yield Step("face_mesh", lambda picture: _meshes(nets, picture))
    yield Step("iris", lambda picture: _irises(nets, picture))
    yield Step("thumbnail", lambda picture: picture.jpeg(THUMBNAIL_SIDE, THUMBNAIL_QUALITY))
    try:
        yield Step("objects", ObjectDetector(ObjectNets.load(known)).look)
        identity = IdentityNets.load(known)
        yield Step("identity", identity.print_nearest)
        voice = VoiceNet(known.load("voice"))
        windows = np.random.default_rng(1).normal(0, LOUD, (A_SECOND, WINDOW + CONTEXT))
        heard = windows.astype(np.float32)
        yield Step("voice_a_second", lambda _picture: voice.voices(heard, FRESH))
    except ModelError:
        return


def _meshes(nets: FaceNets, picture: Picture) -> list[Fitted | None]:
    return [nets.mesh.fit(picture.lit, face) for face in nets.full.find(picture.lit)[:1]]


def _irises(nets: FaceNets, picture: Picture) -> list[float]:
    meshes = (mesh for mesh in _meshes(nets, picture) if mesh is not None)
    return [nets.iris.aside(picture.lit, mesh.points) for mesh in meshes]


def by_step(known: Registry, pictures: Sequence[Picture]) -> dict[str, Milliseconds | None]:
    medians: dict[str, Milliseconds | None] = {"objects": None}
    for picture in pictures:
        _ = picture.lit  # conversion is a step of its own
    for step in steps(known):
        step.run(pictures[0])
        medians[step.name] = statistics.median(
            cpu_ms(lambda picture=picture, step=step: step.run(picture))  # type: ignore[misc]
            for picture in pictures
        )
    # Each of these steps was measured with those before it.
    found, mesh, iris = (medians[name] for name in ("face_full_range", "face_mesh", "iris"))
    assert found is not None
    assert mesh is not None
    assert iris is not None
    medians["face_mesh"], medians["iris"] = mesh - found, iris - mesh
    return medians


def a_second(models: ModelSet, frames: Sequence[Frame], schedule: Schedule) -> Milliseconds:
    """CPU time for one second of a sitting whose frames these are (2 a second)."""
    policy = replace(DEFAULT_POLICY, schedule=schedule)
    analyzer = SittingAnalyzer(models, policy, "bench", expected(frames))
    spent, at_s = 0.0, 0.0
    microphone = Microphone(lambda: at_s)
    for frame in frames:
        at_s = frame.at_ms / 1000
        heard = microphone.take()
        spent += cpu_ms(lambda frame=frame, heard=heard: analyzer.feed(frame, heard))  # type: ignore[misc]
    return spent * SAMPLED_FPS / len(frames)


def watching(
    models: ModelSet, frames: Sequence[Frame], runs: int
) -> dict[str, dict[str, Milliseconds]]:
    """Scene -> schedule -> CPU time a second; medians of runs in turn, so that load is shared."""
    scenes = {"whole_scene": frames, "calm": [f for f in frames if f.at_ms < CALM_UNTIL_S * 1000]}
    schedules = {"every_frame": EVERY_FRAME, "scheduled": Schedule()}
    found: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in scenes}
    for _ in range(runs):
        for scene, shown in scenes.items():
            for name, schedule in schedules.items():
                found[scene][name].append(a_second(models, shown, schedule))
    return {
        scene: {name: statistics.median(values) for name, values in by.items()}
        for scene, by in found.items()
    }


def as_sent(frames: Sequence[Frame], target: Path) -> Path:
    """The scene as the room page sends it: VP8 in real time at the default uplink."""
    with av.open(target, "w") as sent:
        stream = sent.add_stream("libvpx", rate=FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        stream.bit_rate = UPLINK_KBIT_S * 1000
        stream.codec_context.gop_size = 2 * FPS
        stream.codec_context.options = {"deadline": "realtime", "cpu-used": "8"}
        for index, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame.i420, format="yuv420p")
            picture.pts, picture.time_base = index, Fraction(1, FPS)
            sent.mux(stream.encode(picture))
        sent.mux(stream.encode(None))
    return target


def decoding(path: Path) -> Milliseconds:
    """One decoded frame of the stream (all are decoded, two a second are looked at)."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        start, count = time.thread_time(), 0
        for _ in container.decode(stream):
            count += 1
        return (time.thread_time() - start) * 1000 / count


def latency_s(models: ModelSet, frames: Sequence[Frame], event: tuple[str, float, float]) -> float:
    """From the event in the picture to the opened flag: video time plus the frame's analysis."""
    kind, start_s, _ = event
    analyzer = SittingAnalyzer(models, DEFAULT_POLICY, "bench")
    for frame in frames:
        begun = time.perf_counter()
        updates = analyzer.feed(frame)[1]
        took = time.perf_counter() - begun
        opened = {u.flag.kind.value for u in updates if u.phase is FlagPhase.OPENED}
        if kind in opened:
            return frame.at_ms / 1000 - start_s + took
    return float("inf")


def around(frames: Sequence[Frame], start_s: float, phase: int) -> list[Frame]:
    """Two frames a second near the event, beginning at the given frame of the full-rate clip."""
    step = FPS // SAMPLED_FPS
    near = [f for f in frames if abs(f.at_ms / 1000 - start_s) <= LEAD_S]
    return near[phase::step]


def latencies(models: ModelSet, frames: Sequence[Frame], phases: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for event in DEMO_EVENTS:
        runs = (around(frames, event[1], phase) for phase in range(phases))
        found[event[0]] = [latency_s(models, run, event) for run in runs]
    return found


def p95(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]


def beyond_entry(found: dict[str, list[float]]) -> list[float]:
    """What is left of each latency when the rule's own entry time is taken off."""
    entries = {
        kind.value: own.rule.timing.enter_ms / 1000 for kind, own in DEFAULT_POLICY.kinds.items()
    }
    return [value - entries[kind] for kind, values in found.items() for value in values]


def sittings(spent: Milliseconds) -> float:
    return round(1000 / spent, 1)


def measure(clip: Path, *, quick: bool) -> dict[str, object]:
    known = registry()
    models = ModelSet.from_registry(known)
    frames = list(read_frames(clip, FPS))
    sampled = frames[:: FPS // SAMPLED_FPS]
    medians = by_step(known, [Picture.of(frame) for frame in sampled[: 30 if quick else 90]])
    medians["decode"] = decode = decoding(as_sent(frames, clip.with_name("sent.webm")))
    medians["decode_of_the_scene_file"] = decoding(clip)
    thumbnails = THUMBNAILS_A_SECOND * (medians["thumbnail"] or 0.0)
    spent = watching(models, sampled, runs=1 if quick else 5)
    looked = {
        scene: {name: ms + thumbnails for name, ms in by.items()} for scene, by in spent.items()
    }
    found = latencies(models, frames, phases=2 if quick else FPS // SAMPLED_FPS)
    every = [value for values in found.values() for value in values]
    return {
        "clip": "demo scene, 640x480 at 15 fps, VP8; events in 41 % of its time",
        "models": [ref.id for ref in models.models],
        "ms_per_frame": {name: ms and round(ms, 3) for name, ms in medians.items()},
        "decoded": f"VP8 at {UPLINK_KBIT_S} kbit/s, all frames",
        "sittings_per_core_2fps": sittings(looked["whole_scene"]["scheduled"] + FPS * decode),
        "sittings_per_core_2fps_by_schedule": {
            scene: {name: sittings(ms + FPS * decode) for name, ms in by.items()}
            for scene, by in looked.items()
        },
        "sittings_per_core_2fps_without_decoding": sittings(looked["whole_scene"]["scheduled"]),
        "ms_per_second_of_a_sitting": {
            scene: {name: round(ms, 2) for name, ms in by.items()} for scene, by in looked.items()
        },
        "at_load": watched(
            models,
            frames[:: FPS // HELD_FPS],
            Load(SITTINGS, 16.0 if quick else 2.0 * DURATION_S, SITTINGS * FPS * decode / 1000),
        ),
        "flag_latency_p50_s": round(statistics.median(every), 2),
        "flag_latency_p95_s": round(p95(every), 2),
        "flag_latency_beyond_entry_p95_s": round(p95(beyond_entry(found)), 2),
        "peers": PEERS,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object (the default)")
    parser.add_argument("--quick", action="store_true", help="under a minute on two cores")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "scene.webm"
        render_demo_scene(clip)
        print(json.dumps(measure(clip, quick=options.quick), indent=1))


if __name__ == "__main__":
    main()
