"""Whether two photos show one person, told to somebody who then looks for themselves."""

from typing import Final

from analysis.detectors.identity import IdentityNets, photo_of

# Press photographs: pairs of one person at most 0.55 apart, of two people at least 0.65. Pictures
# on documents are older and smaller, so there is room for doubt between.
SAME_UNTIL: Final = 0.6
OTHER_FROM: Final = 0.7


def same_person(nets: IdentityNets, face: bytes, document: bytes) -> bool | None:
    """None where it cannot be told: no clear face on one of them, or neither near nor far."""
    pictures = photo_of(face), photo_of(document)
    if pictures[0] is None or pictures[1] is None:
        return None
    shown = nets.print_nearest(pictures[0]), nets.print_on_paper(pictures[1])
    if shown[0] is None or shown[1] is None:
        return None
    distance = shown[0].distance(shown[1])
    return None if SAME_UNTIL < distance < OTHER_FROM else distance <= SAME_UNTIL
