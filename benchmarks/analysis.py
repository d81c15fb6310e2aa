"""What a frame costs, how many sittings a core watches, and how soon a flag opens.

    uv run python -m benchmarks.analysis --json [--quick]

One thread; CPU time of that thread, medians, so that a busy machine matters little. The clip is
the demo scene, composed at run time. Without the object model its step is null.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av

from analysis.analyzer import SittingAnalyzer
from analysis.contracts import FlagPhase
from analysis.detectors.faces import FaceNets
from analysis.detectors.feed import FeedDetector, feed_ref
from analysis.detectors.objects import ObjectDetector, ObjectNets
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY
from analysis.worker import THUMBNAIL_QUALITY, THUMBNAIL_SIDE
from capture.contracts import Frame
from capture.demo_scene import DEMO_EVENTS, FPS, render_demo_scene
from capture.probe import read_frames
from models import Registry, registry
from models.errors import ModelError

SAMPLED_FPS = 2
THUMBNAILS_A_SECOND = 0.5
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
    yield Step("thumbnail", lambda picture: picture.jpeg(THUMBNAIL_SIDE, THUMBNAIL_QUALITY))
    try:
        objects = ObjectDetector(ObjectNets.load(known))
    except ModelError:
        return
    yield Step("objects", objects.look)


def _meshes(nets: FaceNets, picture: Picture) -> list[float]:
    return [nets.mesh.presence(picture.lit, face) for face in nets.full.find(picture.lit)[:1]]


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
    found, mesh = medians["face_full_range"], medians["face_mesh"]
    assert found is not None
    assert mesh is not None
    medians["face_mesh"] = mesh - found
    return medians


def whole(models: ModelSet, frames: Sequence[Frame]) -> Milliseconds:
    """Everything that is done for one sampled frame."""
    analyzer = SittingAnalyzer(models, DEFAULT_POLICY, "bench")
    analyzer.feed(frames[0])
    return statistics.median(
        cpu_ms(lambda frame=frame: analyzer.feed(frame))  # type: ignore[misc]
        for frame in frames[1:]
    )


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


def measure(clip: Path, *, quick: bool) -> dict[str, object]:
    known = registry()
    models = ModelSet.from_registry(known)
    frames = list(read_frames(clip, FPS))
    sampled = frames[:: FPS // SAMPLED_FPS][: 30 if quick else 90]
    medians = by_step(known, [Picture.of(frame) for frame in sampled])
    medians["decode"] = decode = decoding(clip)
    medians["whole"] = looked = whole(models, sampled)
    watching = SAMPLED_FPS * looked + THUMBNAILS_A_SECOND * (medians["thumbnail"] or 0.0)
    found = latencies(models, frames, phases=2 if quick else FPS // SAMPLED_FPS)
    every = [value for values in found.values() for value in values]
    return {
        "clip": "demo scene, 640x480 at 15 fps, VP8",
        "models": [ref.id for ref in models.models],
        "ms_per_frame": {name: ms and round(ms, 3) for name, ms in medians.items()},
        "sittings_per_core_2fps": round(1000 / (watching + FPS * decode), 1),
        "sittings_per_core_2fps_without_decoding": round(1000 / watching, 1),
        "flag_latency_p50_s": round(statistics.median(every), 2),
        "flag_latency_p95_s": round(p95(every), 2),
        "flag_latency_beyond_entry_p95_s": round(p95(beyond_entry(found)), 2),
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
