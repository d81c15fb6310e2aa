"""How well the analyzer sees: incidents met, missed, false and late, with 95 % intervals.

    uv run python -m benchmarks.detection_quality --json [--quick] [--folder DIR ...] [--docs FILE]
        [--only sound,identity]

Measured are (1) sessions composed at run time (``quality_sessions``): somebody leaves, is joined,
covers the camera, shows a phone or a wallet, looks aside, or does nothing at all, under light,
line, size, distance, glasses and headwear; (2) labelled clips; (3) single pictures of objects, and
those pictures in a row (``quality_pictures``); (4) faces by luminance and tone (``quality_skin``);
(5) voices and noises laid under sessions (``quality_sound``, with espeak-ng); (6) people who change
places, and the same ones in other light and with glasses (``quality_identity``).
Sources are ../shared/media, ../shared/data and ../shared/faces where they exist, and any
``--folder`` with labels; without any of them there is nothing to measure, which is said.
``--docs`` writes the tables between the marks of a document (docs/quality.md). ``--only`` measures
the named parts (sessions, aside, clips, pictures, faces, sound, identity) and writes their tables
alone, those of the others stay.

Labels of clips: ``NAME.json`` beside ``NAME.mp4`` (or .webm, .mkv):
``{"events": [{"kind": "absence", "start_s": 14.0, "end_s": 23.0}]}``; an empty list says that
nothing happens in the clip; a clip without a file is not judged.
Labels of pictures: COCO's ``annotations.json`` beside ``images/`` with categories ``phone``,
``wallet``, ``earbuds_case``; pictures of ``webcam_*.mp4`` serve as those without any object.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from analysis.detectors.faces import FaceNets
from analysis.detectors.objects import ObjectNets
from analysis.errors import AnalysisError
from analysis.models_set import ModelSet
from analysis.offline import MOST_FPS
from benchmarks.quality_gaze import gaze_sessions
from benchmarks.quality_held import held
from benchmarks.quality_identity import identity_json
from benchmarks.quality_measures import Event, tallied
from benchmarks.quality_pictures import in_a_row_json, phones_json, rules_hit
from benchmarks.quality_sessions import (
    CONDITIONS,
    PHONES,
    SEAT,
    Condition,
    Session,
    calm,
    scripted,
)
from benchmarks.quality_skin import skin_json
from benchmarks.quality_sound import sound_json
from benchmarks.quality_tables import PARTS, write_tables
from benchmarks.quality_watch import (
    Json,
    Outcome,
    curves_json,
    outcomes_json,
    phone_frames_json,
    played,
    watched,
)
from capture.probe import read_frames
from models import registry
from models.errors import ModelError

SHARED = Path(__file__).resolve().parents[2] / "shared"
OBJECTS = SHARED / "data" / "webcam_objects"
PHOTOGRAPHS = SHARED / "faces" / "face_recognition"
VIDEOS = (".mp4", ".webm", ".mkv")
QUICK_CONDITIONS = ("quarter_light",)
PHONE_CONDITIONS = ("full_light", "quarter_light", "256_kbit_s", "128_kbit_s")
CONDITIONS_A_CLIP = 4  # of more, each clip is played under every third one
CALM_S, QUICK_CALM_S = 600.0, 30.0


def all_sessions(clips: Sequence[Path], nets: FaceNets, *, quick: bool) -> list[Session]:
    """Each clip plays the seat's script under some conditions, shows phones, and does nothing."""
    conditions = [one for one in CONDITIONS if not quick or one.name in QUICK_CONDITIONS]
    props = held(OBJECTS, nets) if (OBJECTS / "annotations.json").is_file() else {}
    made: list[Session] = []
    for number, clip in enumerate(clips):
        for place, condition in enumerate(_in_turn(conditions, number)):
            made.append(scripted(clip, condition, 100 * number + place, SEAT))
        shown = [one for one in CONDITIONS if one.name in PHONE_CONDITIONS]
        condition = shown[number % len(shown)]
        if props:
            phones = scripted(clip, condition, 50 + number, PHONES)
            made.append(replace(phones, props=props, near=True))
        condition = conditions[number % len(conditions)]
        made.append(calm(clip, condition, number, QUICK_CALM_S if quick else CALM_S))
    return made


def _in_turn(conditions: Sequence[Condition], number: int) -> Sequence[Condition]:
    if len(conditions) <= CONDITIONS_A_CLIP:
        return conditions
    return conditions[number % 3 :: 3]


def sessions_json(models: ModelSet, nets: FaceNets, sessions: Sequence[Session]) -> Json:
    outcomes = [played(models, session, nets) for session in sessions]
    by_condition: dict[str, list[Outcome]] = defaultdict(list)
    for session, outcome in zip(sessions, outcomes, strict=True):
        by_condition[session.condition.name].append(outcome)
    quiet = [o for s, o in zip(sessions, outcomes, strict=True) if not s.doings]
    people = len({session.clip for session in sessions})
    return {
        **outcomes_json(outcomes),
        "conditions": {name: outcomes_json(found) for name, found in by_condition.items()},
        "calm_sessions": outcomes_json(quiet),
        "frame_curves": curves_json(outcomes),
        "phone_frames": phone_frames_json(outcomes, rules_hit()),
        "people": f"{people} clips of a few people, {len(sessions)} sessions",
    }


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


# --- all of it -----------------------------------------------------------------------------------


def pictures_json(models: ModelSet, folders: Sequence[Path], *, quick: bool) -> Json:
    """Folders of labelled pictures; nothing without an object model, or without people."""
    people = [path for folder in folders for path in sorted(folder.glob("webcam_*.mp4"))]
    labelled_ones = [f for f in (OBJECTS, *folders) if (f / "annotations.json").is_file()]
    if not people or "objects" in models.unavailable:
        return {}
    nets = ObjectNets.load(registry())
    return {
        folder.name: {
            **phones_json(nets, folder, people, quick=quick),
            "in_a_row": in_a_row_json(models, folder, quick=quick),
        }
        for folder in labelled_ones
    }


def measure(folders: Sequence[Path], *, quick: bool, only: Collection[str] = PARTS) -> Json:
    """``only``: names of ``PARTS``."""
    begun = time.monotonic()
    models, nets = ModelSet.load(), FaceNets.load(registry())
    every = sorted(path for folder in folders for path in folder.glob("webcam_*.mp4"))
    people = every[:1] if quick else every
    faces = sorted((SHARED / "faces").glob("*/*.jpg"))
    report: Json = {
        "models": [ref.id for ref in models.models],
        "unavailable": dict(models.unavailable),
    }
    parts: Mapping[str, Callable[[], Json]] = {
        "sessions": lambda: (
            sessions_json(models, nets, all_sessions(people, nets, quick=quick)) if people else {}
        ),
        "aside": lambda: {
            "looking_aside": outcomes_json(gaze_sessions(models, folders, quick=quick))
        },
        "clips": lambda: {"clips": {f.name: clips_json(models, f) for f in folders if labelled(f)}},
        "pictures": lambda: {"pictures": pictures_json(models, folders, quick=quick)},
        "faces": lambda: {
            "faces": skin_json(nets, faces[::8] if quick else faces) if faces else None
        },
        "sound": lambda: {"sound": sound_json(models, nets, people, quick=quick)},
        "identity": lambda: {"identity": identity_json(models, nets, PHOTOGRAPHS, quick=quick)},
    }
    took: Json = {}
    for name in (name for name in PARTS if name in only):
        began = time.monotonic()
        report.update(parts[name]())
        took[name] = round(time.monotonic() - began, 1)
    report["took_s_of"] = took
    report["took_s"] = round(time.monotonic() - begun, 1)
    return report


def _parts(text: str) -> frozenset[str]:
    """Raises argparse.ArgumentTypeError where one is none."""
    named = frozenset(text.split(","))
    if named <= set(PARTS):
        return named
    raise argparse.ArgumentTypeError(f"parts are {', '.join(PARTS)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object (the default)")
    parser.add_argument("--quick", action="store_true", help="about a minute on two cores")
    parser.add_argument("--folder", type=Path, action="append", help="labelled clips or pictures")
    parser.add_argument("--docs", type=Path, help="document whose tables are written anew")
    parser.add_argument("--only", type=_parts, default=frozenset(PARTS), metavar="PART,...")
    options = parser.parse_args()
    folders = [folder for folder in options.folder or [SHARED / "media"] if folder.is_dir()]
    if not folders:
        print(json.dumps({"skipped": "no folder of clips is here"}))
        return
    try:
        report = measure(folders, quick=options.quick, only=options.only)
    except (AnalysisError, ModelError) as error:
        sys.exit(f"{error} ({error.code})")
    print(json.dumps(report, indent=1))
    if options.docs is not None:
        write_tables(options.docs, report)


if __name__ == "__main__":
    main()
