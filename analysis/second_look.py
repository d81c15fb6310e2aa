"""A second, slower look over a whole recording: each picture in every way, objects in tiles too.

``python -m analysis.second_look VIDEO`` prints one JSON object: the flags that it finds, and how
much of the recording and which kinds it could look at (where it saw nothing it doubts nothing). A
process of its own, as it takes a good part of the recording's length and must stand back: the
server starts it with the lowest priority and stops it while the machine is needed.
"""

import argparse
import base64
import ctypes
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from analysis.contracts import (
    Box,
    Evidence,
    Flag,
    FlagKind,
    ModelRef,
    Observation,
    Severity,
    Sight,
    Still,
)
from analysis.detectors.objects import ObjectDetector, ObjectNet, ObjectNets
from analysis.detectors.yolox import Thing, suppressed
from analysis.models_set import ModelSet
from analysis.offline import analyze_file
from analysis.picture import Image
from analysis.policy import DEFAULT_POLICY, SEEN_AGAIN, AnalysisPolicy
from analysis.schedule import Schedule
from models import registry
from models.errors import ModelError

CLOSELY = Schedule(calm_ms=0)
HOLE_MS = 3000  # pictures further apart leave something unseen, as for the rules
LOWEST_PRIORITY = 19
PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
TILE = 0.6  # of each side: two by two of them overlap
# An ID badge on a lanyard, enlarged, was a phone to yolox_nano (0.56; 0.13 in the whole picture).
NOT_ENLARGED = frozenset({"person", "phone"})
TRUSTED = 0.8  # a tile shows less around a thing, and errs more


class _Covered:
    """What has been looked at so far."""

    def __init__(self) -> None:
        self.stretches: list[tuple[int, int]] = []
        self.kinds: set[FlagKind] = set()

    def note(self, seen: Observation) -> None:
        if not seen.scores:
            return
        self.kinds.update(kind for kind, score in seen.scores.items() if score is not None)
        if self.stretches and seen.at_ms - self.stretches[-1][1] <= HOLE_MS:
            self.stretches[-1] = self.stretches[-1][0], seen.at_ms
        else:
            self.stretches.append((seen.at_ms, seen.at_ms))


class Tiled:
    """The whole picture as in the exam, and four enlarged parts for what is small in it."""

    def __init__(self, net: ObjectNet) -> None:
        self._net = net

    def find(self, bgr: Image) -> list[Thing]:
        height, width = bgr.shape[:2]
        tall, wide = round(height * TILE), round(width * TILE)
        found = self._net.find(bgr)
        for top in (0, height - tall):
            for left in (0, width - wide):
                shift = np.array([left, top] * 2, np.float32)
                part = np.ascontiguousarray(bgr[top : top + tall, left : left + wide])
                found += [
                    replace(thing, box=thing.box + shift, score=thing.score * TRUSTED)
                    for thing in self._net.find(part)
                    if thing.label not in NOT_ENLARGED
                ]
        return [thing for label in {one.label for one in found} for thing in _once(found, label)]


def _once(found: Sequence[Thing], label: str) -> list[Thing]:
    own = [thing for thing in found if thing.label == label]
    kept = suppressed(np.stack([one.box for one in own]), np.array([one.score for one in own]))
    return [own[index] for index in kept]


def look_again(
    video: Path,
    policy: AnalysisPolicy = DEFAULT_POLICY,
    *,
    models_dir: Path | None = None,
    data_dir: Path | None = None,
) -> Sight:
    """Raises NotAVideo, ModelError."""
    known = registry(data_dir, models_dir)
    models = ModelSet.from_registry(known)
    try:
        nets = ObjectNets.load(known)
    except ModelError:
        pass
    else:
        tiled = ObjectNets(Tiled(nets.net), nets.refs, nets.words)
        objects = {"objects": lambda: ObjectDetector(tiled, nets.net)}
        models = replace(models, makers={**models.makers, **objects})
    unseen = [kind for kind in FlagKind if kind not in SEEN_AGAIN]
    closely = replace(policy.without(*unseen), schedule=CLOSELY)
    covered = _Covered()
    report = analyze_file(video, policy=closely, model_set=models, on_observation=covered.note)
    kinds = covered.kinds & closely.kinds.keys()
    return Sight(report.flags, tuple(covered.stretches), frozenset(kinds))


def written(sight: Sight) -> str:
    return json.dumps(
        {
            "flags": [_json(flag) for flag in sight.flags],
            "stretches": sight.stretches,
            "kinds": sorted(sight.kinds),
        }
    )


def read(text: str) -> Sight:
    """What ``written`` wrote."""
    row = json.loads(text)
    return Sight(
        tuple(_flag(flag) for flag in row["flags"]),
        tuple((int(start), int(end)) for start, end in row["stretches"]),
        frozenset(FlagKind(kind) for kind in row["kinds"]),
    )


def _json(flag: Flag) -> dict[str, Any]:
    row = asdict(flag)
    pictures = [*row["before"], *([row["evidence"]] if flag.evidence is not None else [])]
    for picture in pictures:
        picture["jpeg"] = base64.b64encode(picture["jpeg"]).decode()
    return row


def _flag(row: dict[str, Any]) -> Flag:
    evidence = row["evidence"]
    if evidence is not None:
        boxes = tuple(Box(**box) for box in evidence["boxes"])
        evidence = Evidence(evidence["at_ms"], base64.b64decode(evidence["jpeg"]), boxes)
    return Flag(
        kind=FlagKind(row["kind"]),
        severity=Severity(row["severity"]),
        start_ms=row["start_ms"],
        end_ms=row["end_ms"],
        confidence=row["confidence"],
        models=tuple(ModelRef(**model) for model in row["models"]),
        thresholds=row["thresholds"],
        scores=tuple((at_ms, score) for at_ms, score in row["scores"]),
        evidence=evidence,
        before=tuple(Still(one["at_ms"], base64.b64decode(one["jpeg"])) for one in row["before"]),
    )


def end_with_the_parent() -> None:
    """Stopped while exams need the machine, it would else outlive a server that is killed.

    Linux alone (``prctl(2)``); elsewhere it goes on and its answer is heard by nobody.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("video", type=Path)
    parser.add_argument("--models-dir", type=Path)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--without", nargs="*", default=[])
    given = parser.parse_args()
    os.nice(LOWEST_PRIORITY)
    end_with_the_parent()
    excused = [FlagKind(kind) for kind in given.without]
    sight = look_again(
        given.video,
        DEFAULT_POLICY.without(*excused),
        models_dir=given.models_dir,
        data_dir=given.data_dir,
    )
    sys.stdout.write(written(sight))


if __name__ == "__main__":
    main()
