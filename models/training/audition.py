"""Which drawn phones the teacher takes for phones: their seeds, for ``scenes`` to draw from.

    python -m models.training.audition SHARED_FOLDER phones.json [--tries 900]

Of phones drawn at random the teacher recognises one in six: the others teach our network little
that is true of real ones.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from models.training.contracts import PHONE, Image
from models.training.drawings import drawn
from models.training.pasting import Place, pasted
from models.training.sources import Source, found
from models.training.targets import Targets
from models.training.teacher import OnnxTeacher

SIDE = 192
WEBCAM = (416, 312)  # width and height at which the teacher sees a webcam's frame
SHOWINGS = 2
RECOGNISED = 0.25  # mean of the showings


class Stage:
    """Shows a drawing in webcam frames and asks the teacher."""

    def __init__(self, teacher: OnnxTeacher, frames: Sequence[Source]) -> None:
        self._teacher, self._frames = teacher, frames
        targets = Targets(SIDE)
        self._middles = (targets.corners + 0.5) * targets.strides

    def score(self, seed: int) -> float:
        """The mean of the best phone scores inside the drawing's box."""
        draw = np.random.default_rng([seed, 1])
        thing = drawn(np.random.default_rng(seed), "phone", None)
        return float(np.mean([self._shown(draw, thing) for _ in range(SHOWINGS)]))

    def _shown(self, draw: np.random.Generator, thing: Image) -> float:
        turn = float(draw.choice([0, 0, 90]) + draw.normal(0, 15))
        size = float(np.exp(draw.uniform(np.log(40), np.log(110))))
        x, y = (float(value) for value in SIDE / 2 + draw.normal(0, 20, 2))
        place = Place(x, y, size, turn, bool(draw.random() < 0.7))
        put = pasted(draw, self._background(draw), thing, place)
        if put is None:
            return 0.0
        image, box = put
        picture = torch.from_numpy(image.transpose(2, 0, 1)[None].astype(np.float32))
        scores = self._teacher(picture)[1][0, :, PHONE].numpy()
        low, high = np.array(box[:2]), np.array(box[2:])
        inside = ((self._middles > low) & (self._middles < high)).all(1)
        return float(scores[inside].max(initial=0.0))

    def _background(self, draw: np.random.Generator) -> Image:
        frame = self._frames[int(draw.integers(len(self._frames)))].read()
        small = np.asarray(cv2.resize(frame, WEBCAM, interpolation=cv2.INTER_AREA), np.uint8)
        x, y = (int(draw.integers(0, side - SIDE)) for side in WEBCAM)
        return np.ascontiguousarray(small[y : y + SIDE, x : x + SIDE])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tries", type=int, default=900)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    frames = [one for one in found(options.shared) if one.frame is not None]
    stage = Stage(OnnxTeacher(options.shared / "models" / "yolox_nano.onnx"), frames)
    liked = [seed for seed in range(options.tries) if stage.score(seed) >= RECOGNISED]
    options.out.write_text(json.dumps(liked))


if __name__ == "__main__":
    main()
