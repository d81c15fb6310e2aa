"""From what detectors measured in one picture to a vote per kind: pure functions.

A vote is 0..1, or None where the picture says nothing about the kind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from analysis.contracts import FlagKind

Measures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SightLimits:
    """Where a measure starts to mean something. Measured values: docs of the feed checks.

    A covered lens has std < 1; light at a tenth luma ≈ 24; a smeared lens sharpness 1.8 against
    7–30 in clear pictures; a frozen feed a change of 0.00 against ≥ 0.4 of a living one. People
    at a webcam turn up to 13 degrees off their own middle while they sign with their hands, and
    their eyes rest within 0.02 eye widths of it. Faces of one person lie up to 0.6 apart, those of
    two people 0.62 and more (analysis/detectors/face_print.py): half-way the vote is 0.5.
    The object model gives a person whose head is behind a sheet of paper 0.41 and more (nine of
    ten people; the tenth 0), an empty room 0. What a loop, a photograph and another room measure:
    detectors/recurrence.py, detectors/stiffness.py, seat.py.
    """

    dark_luma: float = 30.0
    flat_std: float = 6.0
    blurred_sharpness: float = 3.0
    frozen_change: float = 0.05
    loop_difference: float = 1.5
    loop_share: float = 0.4
    loop_motion_share: float = 0.3
    sheet_moves: float = 28.0
    sheet_stray: float = 0.28
    sheet_share: float = 0.85
    face_verified: float = 0.5
    face_likely: float = 0.7
    person: float = 0.4
    notes: float = 0.5
    screen: float = 0.5
    headphones: float = 0.5
    turned_deg: float = 20.0
    eyes_aside: float = 0.1
    same_face: float = 0.5
    other_face: float = 0.7
    other_view: float = 0.3
    unclear_s: float = 240.0


def _seen(measures: Measures, limits: SightLimits) -> bool:
    return measures.get("face", 0.0) >= limits.face_verified


def blocked(measures: Measures, limits: SightLimits) -> float | None:
    """Covered, dark or smeared. A picture that shows a face is dim, not blocked."""
    if "std" not in measures:
        return None
    covered = measures["std"] < limits.flat_std
    dark = measures["luma"] < limits.dark_luma
    smeared = measures["sharpness"] < limits.blurred_sharpness
    return float((covered or dark or smeared) and not _seen(measures, limits))


def frozen(measures: Measures, limits: SightLimits) -> float | None:
    """Told only of a picture with a face: a compressed empty room does not change either.

    A photograph held up before the camera is as lifeless, however it is moved.
    """
    if "change" not in measures or not _seen(measures, limits):
        return None
    still = measures["change"] < limits.frozen_change
    return float(still or _photograph(measures, limits))


def _photograph(measures: Measures, limits: SightLimits) -> bool:
    return (
        measures.get("sheet_moves", 0.0) >= limits.sheet_moves
        and measures["sheet_stray"] <= limits.sheet_stray
        and measures["sheet_share"] >= limits.sheet_share
    )


def looped(measures: Measures, limits: SightLimits) -> float | None:
    """The last ten seconds were here before, though much else was, and they hold motion.

    Told only of a picture with a face: a loop is shown so that somebody seems to be there.
    """
    if "loop_best" not in measures or not _seen(measures, limits):
        return None
    best = measures["loop_best"]
    return float(
        best < limits.loop_difference
        and best < limits.loop_share * measures["loop_usual"]
        and best < limits.loop_motion_share * measures["loop_near"]
    )


def absence(measures: Measures, limits: SightLimits) -> float | None:
    """Nobody in front of the camera. A hidden face of a person who is there is no absence."""
    if "face" not in measures:
        return None
    weak = measures.get("weak_face", 0.0)
    if _seen(measures, limits) or weak >= limits.face_likely:
        return 0.0
    if weak > 0 or measures.get("person", 0.0) >= limits.person or "objects_rested" in measures:
        return None
    return 1.0


def face_hidden(measures: Measures, limits: SightLimits) -> bool | None:
    """A person is there whose face does not show: bowed over paper (T-4.6), turned, covered.

    None where nobody knows. It accuses nobody; it is what absence is told apart from.
    """
    if "face" not in measures or "person" not in measures:
        return None
    return measures["person"] >= limits.person and not _seen(measures, limits)


def extra_face(measures: Measures, _limits: SightLimits) -> float | None:
    return measures.get("second_face")


def phone(measures: Measures, _limits: SightLimits) -> float | None:
    return measures.get("phone")


def notes(measures: Measures, limits: SightLimits) -> float | None:
    """A book or a written sheet. Blank paper is none of the things that the models know (T-4.6)."""
    return _thing(measures, "notes_near", limits.notes)


def second_screen(measures: Measures, limits: SightLimits) -> float | None:
    """A laptop, tablet or screen: the student's own is behind the camera."""
    return _thing(measures, "screen_near", limits.screen)


def headphones(measures: Measures, limits: SightLimits) -> float | None:
    return _thing(measures, "headphones_near", limits.headphones)


def _thing(measures: Measures, name: str, limit: float) -> float | None:
    return float(measures[name] >= limit) if name in measures else None


def looking_away(measures: Measures, limits: SightLimits) -> float | None:
    """Sideways, off the student's own normal. Down is allowed: people write and type (T-4.6)."""
    if "turned_off_deg" not in measures:
        return None
    turned = measures["turned_off_deg"] >= limits.turned_deg
    return float(turned or measures.get("eyes_off", 0.0) >= limits.eyes_aside)


def identity_mismatch(measures: Measures, limits: SightLimits) -> float | None:
    """A face that is small, dark or turned away was not compared: no vote."""
    if "identity_distance" not in measures:
        return None
    share = (measures["identity_distance"] - limits.same_face) / (
        limits.other_face - limits.same_face
    )
    return min(1.0, max(0.0, share))


def identity_unclear(measures: Measures, limits: SightLimits) -> float | None:
    """For minutes it has looked at faces and could not say whose they are."""
    if "identity_unclear_s" in measures:
        return float(measures["identity_unclear_s"] >= limits.unclear_s)
    return 0.0 if "identity_distance" in measures else None


def seat_changed(measures: Measures, limits: SightLimits) -> float | None:
    """Another room than this sitting's, with somebody in it."""
    return float(measures["view_same"] < limits.other_view) if "view_same" in measures else None


def speech(measures: Measures) -> float | None:
    """Somebody speaks, whoever it is: heard, so a covered camera does not matter."""
    return measures.get("voice")


Vote = Callable[[Measures, SightLimits], float | None]

# What is seen says nothing while the camera is blocked; feed checks still do.
_OF_THE_SCENE: Mapping[FlagKind, Vote] = {
    FlagKind.ABSENCE: absence,
    FlagKind.EXTRA_FACE: extra_face,
    FlagKind.PHONE: phone,
    FlagKind.NOTES: notes,
    FlagKind.HEADPHONES: headphones,
    FlagKind.SECOND_SCREEN: second_screen,
    FlagKind.FEED_FROZEN: frozen,
    FlagKind.FEED_LOOPED: looped,
    FlagKind.LOOKING_AWAY: looking_away,
    FlagKind.IDENTITY_MISMATCH: identity_mismatch,
    FlagKind.IDENTITY_UNCLEAR: identity_unclear,
    FlagKind.SEAT_CHANGED: seat_changed,
}


def votes(measures: Measures, limits: SightLimits) -> dict[FlagKind, float | None]:
    """A vote of every kind that can be seen in a picture."""
    covered = blocked(measures, limits)
    cast = {FlagKind.CAMERA_BLOCKED: covered, FlagKind.SPEECH: speech(measures)}
    for kind, vote in _OF_THE_SCENE.items():
        cast[kind] = None if covered else vote(measures, limits)
    return cast
