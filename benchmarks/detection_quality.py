"""How well the analyzer sees: incidents met, missed, false and late, with 95 % intervals.

    uv run python -m benchmarks.detection_quality --json [--quick] [--folder DIR ...]

Measured are (1) sessions composed at run time (``quality_sessions``), (2) labelled clips and
(3) single pictures of objects. Sources are ../shared/media and ../shared/data where they exist,
and any ``--folder`` with labels; without any of them there is nothing to measure, which is said.

Labels of clips: ``NAME.json`` beside ``NAME.mp4`` (or .webm, .mkv):
``{"events": [{"kind": "absence", "start_s": 14.0, "end_s": 23.0}]}``; an empty list says that
nothing happens in the clip; a clip without a file is not judged.
Labels of pictures: COCO's ``annotations.json`` beside ``images/`` with categories ``phone``,
``wallet``, ``earbuds_case``; pictures of ``webcam_*.mp4`` serve as those without any object.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.analyzer import SittingAnalyzer, closed
from analysis.contracts import FlagKind, FlagPhase, FlagUpdate, Observation
from analysis.detectors.objects import ObjectNets
from analysis.errors import AnalysisError
from analysis.models_set import ModelSet
from analysis.offline import DEFAULT_FPS, MOST_FPS, sampled
from analysis.policy import DEFAULT_POLICY
from analysis.rules import SequentialRule
from benchmarks.quality_measures import (
    Claim,
    Event,
    Tally,
    merged,
    most_likely_below,
    share_json,
    tallied,
    tally_json,
    threshold_at,
)
from benchmarks.quality_sessions import CONDITIONS, Condition, Session, frames, scripted
from capture.contracts import Frame
from capture.probe import read_frames
from models import registry
from models.errors import ModelError

SHARED = Path(__file__).resolve().parents[2] / "shared"
VIDEOS = (".mp4", ".webm", ".mkv")
QUICK_CONDITIONS = ("quarter_light", "128_kbit_s")
CONDITIONS_A_CLIP = 4  # of more, each clip is played under every other one
FALSE_FRAMES = (0.01, 0.05)
EDGE_S = 1.0  # around an event's ends a frame is neither calm nor eventful

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """``face_missed``, ``calm_frames``: of frames in which a person sits and nothing happens."""

    tallies: Mapping[str, Tally]
    hours: float
    face_missed: int = 0
    calm_frames: int = 0


def watched(
    models: ModelSet, shown: Iterable[Frame], on_observation: Callable[[Observation], None]
) -> list[Claim]:
    """The flags, each with the time of the frame that opened it."""
    analyzer = SittingAnalyzer(models, DEFAULT_POLICY, "quality")
    updates: list[FlagUpdate] = []
    opened: dict[tuple[str, int], float] = {}
    for frame in sampled(shown, lambda: max(DEFAULT_FPS, analyzer.wanted_fps)):
        observation, told = analyzer.feed(frame)
        on_observation(observation)
        updates += told
        for update in told:
            if update.phase is FlagPhase.OPENED:
                opened[update.flag.kind, update.flag.start_ms] = frame.at_ms / 1000
    flags = closed(updates + analyzer.finish())
    return [
        Claim(
            flag.kind.value,
            flag.start_ms / 1000,
            (flag.end_ms or flag.start_ms) / 1000,
            opened[flag.kind, flag.start_ms],
        )
        for flag in flags
    ]


def played(models: ModelSet, session: Session) -> Outcome:
    missed, calm = 0, 0

    def note(observation: Observation) -> None:
        nonlocal missed, calm
        at_s = observation.at_ms / 1000
        if any(start - EDGE_S <= at_s <= end + EDGE_S for _, start, end in session.doings):
            return
        calm += 1
        missed += (observation.measures or {}).get("face", 0.0) == 0.0

    with tempfile.TemporaryDirectory() as folder:
        claims = watched(models, frames(session, Path(folder)), note)
    return Outcome(tallied(session.events, claims), session.duration_s / 3600, missed, calm)


def outcomes_json(outcomes: Sequence[Outcome]) -> Json:
    tallies = merged(outcome.tallies for outcome in outcomes)
    hours = sum(outcome.hours for outcome in outcomes)
    false = sum(tally.false for tally in tallies.values())
    seen: Json = {
        "per_kind": {kind: tally_json(tally) for kind, tally in sorted(tallies.items())},
        "hours": round(hours, 3),
        "false_flags": false,
        "false_flags_per_hour": round(false / hours, 2) if hours else None,
        "false_flags_per_hour_below": round(most_likely_below(false) / hours, 1) if hours else None,
    }
    calm = sum(outcome.calm_frames for outcome in outcomes)
    if calm:
        seen["face_missed"] = share_json(sum(one.face_missed for one in outcomes), calm)
    return seen


def sessions(models: ModelSet, clips: Sequence[Path], conditions: Sequence[Condition]) -> Json:
    """Each clip plays the script under some conditions, and once nothing happens in it."""
    by_condition: dict[str, list[Outcome]] = defaultdict(list)
    calm: list[Outcome] = []
    for number, clip in enumerate(clips):
        for place, condition in enumerate(_in_turn(conditions, number)):
            seed = 100 * number + place
            by_condition[condition.name].append(played(models, scripted(clip, condition, seed)))
        condition = conditions[number % len(conditions)]
        calm.append(played(models, scripted(clip, condition, number, calm=True)))
    every = [one for outcomes in by_condition.values() for one in outcomes]
    return {
        **outcomes_json([*every, *calm]),
        "conditions": {name: outcomes_json(found) for name, found in by_condition.items()},
        "calm_sessions": outcomes_json(calm),
        "people": f"{len(clips)} clips of a few people, {len(every) + len(calm)} sessions",
    }


def _in_turn(conditions: Sequence[Condition], number: int) -> Sequence[Condition]:
    """Every other one, from the first or the second: half of the clips meet each condition."""
    return conditions if len(conditions) <= CONDITIONS_A_CLIP else conditions[number % 2 :: 2]


def labelled(folder: Path) -> list[tuple[Path, tuple[Event, ...]]]:
    """Clips with their labels. Raises SystemExit naming a file of labels that cannot be read."""
    found = []
    for clip in sorted(path for path in folder.iterdir() if path.suffix in VIDEOS):
        labels = clip.with_suffix(".json")
        if labels.is_file():
            found.append((clip, events_of(labels)))
    return found


def events_of(labels: Path) -> tuple[Event, ...]:
    try:
        told = json.loads(labels.read_text())["events"]
        return tuple(
            Event(str(one["kind"]), float(one["start_s"]), float(one["end_s"])) for one in told
        )
    except (ValueError, KeyError, TypeError) as error:
        raise SystemExit(f"{labels}: not labels of a clip ({type(error).__name__})") from error


def clips_json(models: ModelSet, folder: Path) -> Json:
    outcomes = []
    for clip, events in labelled(folder):
        times: list[int] = []
        shown = read_frames(clip, MOST_FPS)
        claims = watched(models, shown, lambda seen, times=times: times.append(seen.at_ms))  # type: ignore[misc]
        hours = times[-1] / 3_600_000 if times else 0.0
        outcomes.append(Outcome(tallied(events, claims), hours))
    return {"clips": len(outcomes), **outcomes_json(outcomes)}


# --- single pictures -----------------------------------------------------------------------------


def pictures_by_object(folder: Path) -> dict[str, list[Path]]:
    """COCO labels → pictures of each category; a picture with two stands under both."""
    coco = json.loads((folder / "annotations.json").read_text())
    names = {one["id"]: one["name"] for one in coco["categories"]}
    files = {one["id"]: folder / "images" / one["file_name"] for one in coco["images"]}
    found: dict[str, set[Path]] = defaultdict(set)
    for one in coco["annotations"]:
        found[names[one["category_id"]]].add(files[one["image_id"]])
    return {name: sorted(paths) for name, paths in found.items()}


def best_phone(nets: ObjectNets, bgr: NDArray[np.uint8]) -> float:
    found = nets.net.find(bgr)
    return max((thing.score for thing in found if thing.label == "cell phone"), default=0.0)


def phones_json(nets: ObjectNets, folder: Path, without: Sequence[Path], *, quick: bool) -> Json:
    """Thresholds are set on pictures without any object; look-alikes stand apart."""
    step, fps = (6, 2.0) if quick else (1, 15.0)
    clear = [best_phone(nets, frame.bgr()) for clip in without for frame in read_frames(clip, fps)]
    scores = {
        name: [
            best_phone(nets, np.asarray(image, np.uint8))
            for path in paths[::step]
            if (image := cv2.imread(str(path))) is not None
        ]
        for name, paths in pictures_by_object(folder).items()
    }
    points = {f"at_{share:.0%}_false": threshold_at(clear, share) for share in FALSE_FRAMES}
    rule = DEFAULT_POLICY.kinds[FlagKind.PHONE].rule
    assert isinstance(rule, SequentialRule)
    points["at_the_rules_hit"] = rule.hit
    return {
        "model": " + ".join(ref.id for ref in nets.refs),
        "pictures_without": len(clear),
        **{point: _at(limit, clear, scores) for point, limit in points.items()},
    }


def _at(limit: float, clear: Sequence[float], scores: Mapping[str, Sequence[float]]) -> Json:
    reached: Json = {
        name: share_json(sum(score >= limit for score in found), len(found))
        for name, found in scores.items()
    }
    wrong = share_json(sum(score >= limit for score in clear), len(clear))
    return {"threshold": round(limit, 3), "taken_for_a_phone": reached, "false_frames": wrong}


# --- all of it -----------------------------------------------------------------------------------


def measure(folders: Sequence[Path], *, quick: bool) -> Json:
    begun = time.monotonic()
    models = ModelSet.load()
    people = sorted(path for folder in folders for path in folder.glob("webcam_*.mp4"))
    conditions = [one for one in CONDITIONS if not quick or one.name in QUICK_CONDITIONS]
    report: Json = {
        "models": [ref.id for ref in models.models],
        "unavailable": dict(models.unavailable),
    }
    if people:
        report.update(sessions(models, people[:1] if quick else people, conditions))
    report["clips"] = {f.name: clips_json(models, f) for f in folders if labelled(f)}
    report["pictures"] = {}
    objects = [
        folder
        for folder in (SHARED / "data" / "webcam_objects", *folders)
        if (folder / "annotations.json").is_file()
    ]
    if objects and people and "objects" not in models.unavailable:
        nets = ObjectNets.load(registry())
        report["pictures"] = {
            folder.name: phones_json(nets, folder, people, quick=quick) for folder in objects
        }
    report["took_s"] = round(time.monotonic() - begun, 1)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object (the default)")
    parser.add_argument("--quick", action="store_true", help="under a minute on two cores")
    parser.add_argument("--folder", type=Path, action="append", help="labelled clips or pictures")
    options = parser.parse_args()
    folders = [folder for folder in options.folder or [SHARED / "media"] if folder.is_dir()]
    if not folders:
        print(json.dumps({"skipped": "no folder of clips is here"}))
        return
    try:
        print(json.dumps(measure(folders, quick=options.quick), indent=1))
    except (AnalysisError, ModelError) as error:
        sys.exit(f"{error} ({error.code})")


if __name__ == "__main__":
    main()
