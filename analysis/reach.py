"""Which things are the student's: in reach of the hands, or on the head. The rest is the room's.

Many sit before a bookshelf or a television: these stand behind them, at the height of the head and
above. What lies on the desk or is held is below the chin and not far to the side.
"""

from collections.abc import Mapping, Sequence

from analysis.contracts import Box

ASIDE = 3.5  # face widths that an arm reaches to each side
ABOVE_CHIN = 0.2  # of the face's height: a sheet held up begins there
ON_HEAD = 1.0  # face widths from its middle
THINGS = ("notes", "screen", "headphones")


def in_reach(boxes: Sequence[Box], measures: Mapping[str, float]) -> Mapping[str, float]:
    """``notes_near``, ``screen_near``, ``headphones_near``: the best score of those in reach.

    Nothing without a face to measure from, nor of what was not looked for.
    """
    faces = [box for box in boxes if box.label == "face"]
    if not faces:
        return {}
    face = max(faces, key=lambda box: box.x1 - box.x0)
    near = {f"{name}_near": 0.0 for name in THINGS if name in measures}
    for box in boxes:
        name = f"{box.label}_near"
        if name in near and _is_near(box, face):
            near[name] = max(near[name], box.score)
    return near


def _is_near(box: Box, face: Box) -> bool:
    width, height = face.x1 - face.x0, face.y1 - face.y0
    aside = abs(box.x0 + box.x1 - face.x0 - face.x1) / 2
    middle = (box.y0 + box.y1) / 2
    if box.label == "headphones":
        return aside < ON_HEAD * width and face.y0 - height < middle < face.y1 + height / 2
    return aside < ASIDE * width and middle > face.y1 - ABOVE_CHIN * height
