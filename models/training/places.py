"""Where faces and hands are in the pictures, by MediaPipe: there the things are pasted.

    python -m models.training.places SHARED_FOLDER places.json

Runs once, in the project's own environment; the recipe reads the file.
"""

import argparse
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
import mediapipe

from models.training.contracts import Image
from models.training.scenes import place_key
from models.training.sources import found

LEAST_FACE = 0.04  # of the picture's width: smaller ones give no place for a thing


class Finder:
    """Boxes are shares of the picture's width and height."""

    def __init__(self, open_with: ExitStack) -> None:
        solutions: Any = mediapipe.solutions
        self._faces = open_with.enter_context(
            solutions.face_detection.FaceDetection(model_selection=1, min_detection_confidence=0.5)
        )
        self._hands = open_with.enter_context(
            solutions.hands.Hands(static_image_mode=True, max_num_hands=2)
        )

    def __call__(self, image: Image) -> dict[str, list[tuple[float, ...]]]:
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        faces = [box for box in self._face_boxes(rgb) if box[2] - box[0] >= LEAST_FACE]
        return {"face": faces, "hand": list(self._hand_boxes(rgb))} if faces else {}

    def _face_boxes(self, rgb: Any) -> Iterator[tuple[float, ...]]:
        for one in self._faces.process(rgb).detections or ():
            box = one.location_data.relative_bounding_box
            yield box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height

    def _hand_boxes(self, rgb: Any) -> Iterator[tuple[float, ...]]:
        for hand in self._hands.process(rgb).multi_hand_landmarks or ():
            xs = [point.x for point in hand.landmark]
            ys = [point.y for point in hand.landmark]
            yield min(xs), min(ys), max(xs), max(ys)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    with ExitStack() as stack:
        finder = Finder(stack)
        seen = ((place_key(one), finder(one.read())) for one in found(options.shared))
        places = {key: boxes for key, boxes in seen if boxes}
    options.out.write_text(json.dumps(places))


if __name__ == "__main__":
    main()
