"""Which things are the student's: in reach of the hands, or on the head. The rest is the room's.

Many sit before a bookshelf or a television: these stand behind them, at the height of the head and
above. What lies on the desk or is held is below the chin and not far to the side.
"""

from collections.abc import Callable, Mapping, Sequence

from analysis.contracts import Box

ASIDE = 3.5  # face widths that an arm reaches to each side
ABOVE_CHIN = 0.2  # of the face's height: a sheet held up begins there
ON_HEAD = 1.0  # face widths from its middle
THINGS = ("notes", "screen", "headphones")
# Where a badge hangs, in face widths and heights from the chin, and no larger than a face. Boxes
# of 0.15 and more on the ten clips (badges, mouths, patterns of shirts) lie within 0.6 of the
# middle and from the chin to 3.6 below; a phone in a hand is nearer to the camera and larger.
WORN_ASIDE = 0.7
WORN_BELOW = (-0.3, 3.8)
WORN_WIDE, WORN_TALL = 0.9, 1.1
WORN_COUNTS = 0.5


def in_reach(boxes: Sequence[Box], measures: Mapping[str, float]) -> Mapping[str, float]:
    """``notes_near``, ``screen_near``, ``headphones_near``: the best score of those in reach.

    Nothing without a face to measure from, nor of what was not looked for.
    """
    face = largest_face(boxes)
    if face is None:
        return {}
    near = {f"{name}_near": 0.0 for name in THINGS if name in measures}
    for box in boxes:
        name = f"{box.label}_near"
        if name in near and _is_near(box, face):
            near[name] = max(near[name], box.score)
    return near


def phone_held(boxes: Sequence[Box], counts: Callable[[Box], float]) -> Mapping[str, float]:
    """``phone``: the best score, of which half counts for what may be worn, as a badge is.

    Anybody in the picture may wear it: beside the nearest face a badge hangs as from another's.
    Without a face to measure from everything may be worn. Nothing where there is no phone.
    ``counts``: how much of a phone's score does, 0..1, as far as it can be told otherwise.
    """
    phones = sorted((box for box in boxes if box.label == "phone"), key=lambda box: -box.score)
    if not phones:
        return {}
    faces = [box for box in boxes if box.label == "face"]
    best = 0.0
    for box in phones:
        if box.score <= best:
            break
        worn = not faces or any(_may_be_worn(box, face) for face in faces)
        best = max(best, box.score * counts(box) * (WORN_COUNTS if worn else 1.0))
    return {"phone": best}


def _may_be_worn(box: Box, face: Box) -> bool:
    width, height = face.x1 - face.x0, face.y1 - face.y0
    aside = abs(box.x0 + box.x1 - face.x0 - face.x1) / 2
    below = (box.y0 + box.y1) / 2 - face.y1
    small = box.x1 - box.x0 < WORN_WIDE * width and box.y1 - box.y0 < WORN_TALL * height
    hangs = WORN_BELOW[0] * height < below < WORN_BELOW[1] * height
    return small and hangs and aside < WORN_ASIDE * width


def largest_face(boxes: Sequence[Box]) -> Box | None:
    faces = (box for box in boxes if box.label == "face")
    return max(faces, key=lambda box: box.x1 - box.x0, default=None)


def _is_near(box: Box, face: Box) -> bool:
    width, height = face.x1 - face.x0, face.y1 - face.y0
    aside = abs(box.x0 + box.x1 - face.x0 - face.x1) / 2
    middle = (box.y0 + box.y1) / 2
    if box.label == "headphones":
        return aside < ON_HEAD * width and face.y0 - height < middle < face.y1 + height / 2
    return aside < ASIDE * width and middle > face.y1 - ABOVE_CHIN * height
