"""What the parts of the recipe hand to each other. Boxes are (x0, y0, x1, y1) in pixels."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (height, width, 3), BGR
Cutout = NDArray[np.uint8]  # (height, width, 4), BGR and opacity

LABELS = ("person", "phone", "notes", "screen", "headphones", "lookalike")
PHONE, LOOKALIKE = LABELS.index("phone"), LABELS.index("lookalike")
HEADPHONES = LABELS.index("headphones")
STRIDES = (8, 16, 32)
# What the teacher's classes (COCO's 80) mean to us; the rest of them mean nothing.
TEACHER_CLASSES = {
    "person": (0,),
    "phone": (67,),
    "notes": (73,),
    "screen": (62, 63),
    "lookalike": (41, 64, 65, 66),  # cup, mouse, remote, keyboard
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """``score``: how sure the label is; 1 where a person drew it or our code pasted the thing."""

    label: int
    box: tuple[float, float, float, float]
    score: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """``told``: labels of which it is known that every thing in the picture carries its box."""

    image: Image
    things: tuple[Labelled, ...] = ()
    told: frozenset[int] = field(default_factory=frozenset)
