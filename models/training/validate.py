"""How many phones an exported model finds at a fixed share of false frames.

    python -m models.training.validate MODEL.onnx SHARED_FOLDER [--step 2]

Judged on pictures that nothing was learnt from: ``data/webcam_objects`` for phones and what
resembles them, the clips of ``sources.HELD_OUT`` for frames without either. Prints one JSON object.
"""

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models.training.contracts import PHONE, Image
from models.training.sources import HELD_OUT

PAD = 114
FALSE_SHARES = (0.01, 0.05)
FIRST_SCORE = 5  # of a row: x, y, width, height, objectness, then the labels


class Exported:
    """The best score of every label in a picture; of any model whose rows are as YOLOX's."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        tensor = self._session.get_inputs()[0]
        self._name, self._side = tensor.name, int(tensor.shape[2])

    def __call__(self, image: Image) -> NDArray[np.float32]:
        scale = self._side / max(image.shape[:2])
        size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
        canvas = np.full((self._side, self._side, 3), PAD, np.float32)
        canvas[: size[1], : size[0]] = cv2.resize(image, size)
        feed = {self._name: np.ascontiguousarray(canvas.transpose(2, 0, 1)[None])}
        rows = self._session.run(None, feed)[0][0]
        best: NDArray[np.float32] = (rows[:, 4:5] * rows[:, FIRST_SCORE:]).max(0)
        return best


def held_out_frames(media: Path, step: int) -> Iterator[Image]:
    for name in HELD_OUT:
        clip, number = cv2.VideoCapture(str(media / f"{name}.mp4")), 0
        while (shown := clip.read())[0]:
            if number % step == 0:
                yield np.asarray(shown[1], np.uint8)
            number += 1


def held_pictures(folder: Path, step: int) -> dict[str, list[Path]]:
    """Pictures by what is held in them."""
    told = json.loads((folder / "annotations.json").read_text())
    names = {one["id"]: one["name"] for one in told["categories"]}
    files = {one["id"]: folder / "images" / one["file_name"] for one in told["images"]}
    found: dict[str, list[Path]] = defaultdict(list)
    for one in told["annotations"]:
        found[names[one["category_id"]]].append(files[one["image_id"]])
    return {name: sorted(paths)[::step] for name, paths in found.items()}


def threshold_at(scores: Sequence[float], share: float) -> float:
    """The lowest score that at most this share of them exceeds."""
    ordered = sorted(scores, reverse=True)
    return math.nextafter(ordered[math.floor(share * len(ordered))], 1.0)


def judged(model: Exported, shared: Path, step: int, phone: int) -> dict[str, object]:
    held = {
        name: [float(model(np.asarray(cv2.imread(str(path)), np.uint8))[phone]) for path in paths]
        for name, paths in held_pictures(shared / "data" / "webcam_objects", step).items()
    }
    without = [float(model(frame)[phone]) for frame in held_out_frames(shared / "media", step)]
    at = {}
    for share in FALSE_SHARES:
        limit = threshold_at(without, share)
        at[f"{share:.0%}"] = {
            "threshold": round(limit, 4),
            **{name: round(float(np.mean(np.array(v) >= limit)), 3) for name, v in held.items()},
        }
    return {
        "pictures": {name: len(scores) for name, scores in held.items()},
        "frames_without": len(without),
        "taken_for_a_phone_at_false_frames": at,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--step", type=int, default=1, help="only every n-th picture and frame")
    parser.add_argument("--phone", type=int, default=PHONE, help="its column (67 of COCO's)")
    options = parser.parse_args()
    told = judged(Exported(options.model), options.shared, options.step, options.phone)
    print(json.dumps(told, indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
