"""Single pictures of phones and of what looks like one, and sessions made of them in a row."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.contracts import FlagKind
from analysis.detectors.objects import ObjectNets
from analysis.models_set import ModelSet
from analysis.policy import DEFAULT_POLICY
from analysis.rules import SequentialRule
from benchmarks.quality_measures import Event, share_json, threshold_at
from benchmarks.quality_watch import FALSE_FRAMES, Json, watched
from capture.contracts import Frame
from capture.probe import read_frames

Image = NDArray[np.uint8]

CURVE: Final = tuple(round(0.05 * step, 2) for step in range(2, 19))
SHOWN_S: Final = 4.0
CALM_S: Final = 12.0
SHOWN_FPS: Final = 5
CALM_THING: Final = "earbuds_case"


def pictures_by_object(folder: Path) -> dict[str, list[Path]]:
    """COCO labels → pictures of each category; a picture with two stands under both."""
    coco = json.loads((folder / "annotations.json").read_text())
    names = {one["id"]: one["name"] for one in coco["categories"]}
    files = {one["id"]: folder / "images" / one["file_name"] for one in coco["images"]}
    found: dict[str, set[Path]] = defaultdict(set)
    for one in coco["annotations"]:
        found[names[one["category_id"]]].add(files[one["image_id"]])
    return {name: sorted(paths) for name, paths in found.items()}


def best_phone(nets: ObjectNets, bgr: Image) -> float:
    found = nets.net.find(bgr)
    return max((thing.score for thing in found if thing.label == "phone"), default=0.0)


def rules_hit() -> float:
    """The vote from which on the policy's rule counts a frame."""
    rule = DEFAULT_POLICY.kinds[FlagKind.PHONE].rule
    assert isinstance(rule, SequentialRule)
    return rule.hit


def phones_json(nets: ObjectNets, folder: Path, without: Sequence[Path], *, quick: bool) -> Json:
    """Thresholds are set on pictures without any object; look-alikes stand apart."""
    step, fps = (6, 2.0) if quick else (1, 15.0)
    clear = [best_phone(nets, frame.bgr()) for clip in without for frame in read_frames(clip, fps)]
    scores = {
        name: [best_phone(nets, image) for image in _read(paths[::step])]
        for name, paths in pictures_by_object(folder).items()
    }
    points = {f"at_{share:.0%}_false": threshold_at(clear, share) for share in FALSE_FRAMES}
    points["at_the_rules_hit"] = rules_hit()
    return {
        "models": [ref.id for ref in nets.refs],
        "pictures_without": len(clear),
        **{point: _at(limit, clear, scores) for point, limit in points.items()},
        "curve": {str(limit): _taken(limit, clear, scores) for limit in CURVE},
    }


def _read(paths: Sequence[Path]) -> Iterator[Image]:
    for path in paths:
        image = cv2.imread(str(path))
        if image is not None:
            yield np.asarray(image, np.uint8)


def _at(limit: float, clear: Sequence[float], scores: Mapping[str, Sequence[float]]) -> Json:
    reached: Json = {
        name: share_json(sum(score >= limit for score in found), len(found))
        for name, found in scores.items()
    }
    wrong = share_json(sum(score >= limit for score in clear), len(clear))
    return {"threshold": round(limit, 3), "taken_for_a_phone": reached, "false_frames": wrong}


def _taken(limit: float, clear: Sequence[float], scores: Mapping[str, Sequence[float]]) -> Json:
    every = {**scores, "no object": clear}
    return {
        name: round(sum(score >= limit for score in found) / len(found), 4)
        for name, found in every.items()
        if found
    }


# --- the pictures in a row -------------------------------------------------------------------


def in_a_row_json(models: ModelSet, folder: Path, *, quick: bool) -> Json:
    """Sessions of these pictures alone: a case is held, then for four seconds a phone or wallet.

    Nothing is composed, so the detector meets what a camera saw; and one man in one room is all.
    """
    by_object = pictures_by_object(folder)
    return {
        thing: _flagged(models, by_object[thing], by_object[CALM_THING], quick=quick)
        for thing in ("phone", "wallet")
        if thing in by_object and CALM_THING in by_object
    }


def _flagged(models: ModelSet, things: list[Path], calm: list[Path], *, quick: bool) -> Json:
    a_time = round(SHOWN_S * SHOWN_FPS)
    starts = list(range(0, max(1, len(things) - a_time + 1), a_time))[: 2 if quick else None]
    plan = [things[start : start + a_time] for start in starts]
    found, others = 0, 0
    for index, shown in enumerate(plan):
        event = Event("phone", CALM_S, CALM_S + SHOWN_S)
        claims = watched(models, _frames(shown, calm[index::7]), lambda _seen: None)
        near = [one for one in claims if one.kind == "phone" and one.told_s >= event.start_s]
        found += bool(near)
        others += len([one for one in claims if one.kind == "phone"]) - len(near)
    return {
        "flagged": share_json(found, len(plan)),
        "phone_flags_while_a_case_is_held": others,
        "hours": round(len(plan) * (2 * CALM_S + SHOWN_S) / 3600, 3),
    }


def _frames(shown: Sequence[Path], calm: Sequence[Path]) -> Iterator[Frame]:
    """Calm, the thing, calm; ``SHOWN_FPS`` pictures a second."""
    before = [calm[index % len(calm)] for index in range(round(CALM_S * SHOWN_FPS))]
    for index, image in enumerate(_read([*before, *shown, *before])):
        i420 = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8)
        yield Frame("s", round(index * 1000 / SHOWN_FPS), i420)
