"""Who sits there: people who change places, and the same people in other light and with glasses.

Composed of press photographs: the person of one is seated at a webcam and sways a little. The
photograph that the sitting knows is always another one of that person where there is one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.contracts import FlagKind, Subject
from analysis.detectors.faces import FaceNets
from analysis.models_set import ModelSet
from analysis.policy import DEFAULT_POLICY, AnalysisPolicy
from benchmarks.quality_measures import Event, tallied
from benchmarks.quality_props import dressed, found
from benchmarks.quality_watch import Given, Json, Outcome, outcomes_json, watched
from capture.contracts import Frame

Image = NDArray[np.uint8]
Parts = Sequence[tuple[Image | None, float]]

KIND: Final = FlagKind.IDENTITY_MISMATCH
STEP_MS: Final = 500
WIDTH, HEIGHT = 640, 480
FACE_PX: Final = 130  # as of somebody at 0.7 m
LONGEST_PX: Final = 960
SENSOR_NOISE: Final = 3
EMPTY_LUMA: Final = 150
BEFORE_S, AWAY_S, AFTER_S = 40.0, 5.0, 45.0
LIT_S, BETWEEN_S = 4.0, 1.0

# A photograph that the sitting knows, and others of that person. One man wears glasses in one of
# his three and none in the others.
PEOPLE: Final[Mapping[str, tuple[str, ...]]] = {
    "obama": ("obama_1", "obama_0", "obama_2"),
    "biden": ("biden_2", "biden_1", "biden_0"),
    "harington": ("kit_harington_0", "kit_harington_1"),
    "leslie": ("rose_leslie_1", "rose_leslie_1"),
    "lacamoire": ("alex_lacamoire_0", "alex_lacamoire_1", "alex_lacamoire_2"),
}
GLASSES_IN_LIFE: Final = "lacamoire"
LIGHTS: Final[Sequence[Mapping[str, float]]] = (
    {},
    {"gain": 0.5},
    {"gain": 0.25},
    {"gain": 1.5},
    {"gamma": 1.8},
    {"aside": 0.7},
    {"warm": 0.4},
)
# A photograph is a frozen feed, and a loop, which other kinds are there to find.
ONLY_IDENTITY: Final[AnalysisPolicy] = replace(
    DEFAULT_POLICY, kinds={KIND: DEFAULT_POLICY.kinds[KIND]}
)


def seated(nets: FaceNets, photograph: Path) -> Image | None:
    """The photograph's person at a webcam; None where it does not show exactly one."""
    image = cv2.imread(str(photograph))
    if image is None:
        return None
    scale = LONGEST_PX / max(image.shape[:2])
    shown = np.asarray(
        cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )
    faces = nets.full.find(shown) or nets.short.find(shown)
    if len(faces) != 1:
        return None
    x0, y0, x1, y1 = (float(edge) for edge in faces[0].box)
    grow = FACE_PX / (x1 - x0)
    turn = np.array(
        [
            [grow, 0, WIDTH / 2 - (x0 + x1) / 2 * grow],
            [0, grow, HEIGHT / 2 - 20 - (y0 + y1) / 2 * grow],
        ]
    )
    return np.asarray(
        cv2.warpAffine(shown, turn, (WIDTH, HEIGHT), borderValue=(170, 180, 190)), np.uint8
    )


def relit(
    image: Image, *, gain: float = 1.0, gamma: float = 1.0, aside: float = 0.0, warm: float = 0.0
) -> Image:
    """Dimmed, dazzled, from one side, by a lamp."""
    light = np.linspace(1 - aside, 1 + aside, image.shape[1])[None, :, None]
    tint = np.array([1 - warm, 1 - warm / 4, 1 + warm / 4])
    shone = (image / 255.0) ** gamma * gain * light * tint * 255
    return np.asarray(np.clip(shone, 0, 255), np.uint8)


def session(parts: Iterable[tuple[Image | None, float]], seed: int = 1) -> Iterator[Frame]:
    """Each part's picture (None: nobody) for its seconds, swaying, with a sensor's noise."""
    draw, at_ms = np.random.default_rng(seed), 0
    noises = [draw.normal(0, SENSOR_NOISE, (HEIGHT, WIDTH, 3)).astype(np.int16) for _ in range(3)]
    for image, seconds in parts:
        shown = np.full((HEIGHT, WIDTH, 3), EMPTY_LUMA, np.uint8) if image is None else image
        for _ in range(round(seconds * 1000 / STEP_MS)):
            sway = np.array([[1, 0, draw.uniform(-5, 5)], [0, 1, draw.uniform(-3, 3)]])
            moved = cv2.warpAffine(shown, sway, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
            noisy = np.clip(moved + noises[at_ms // STEP_MS % 3], 0, 255).astype(np.uint8)
            i420 = np.asarray(cv2.cvtColor(noisy, cv2.COLOR_BGR2YUV_I420), np.uint8)
            yield Frame("s", at_ms, i420)
            at_ms += STEP_MS


@dataclass(frozen=True, slots=True)
class Sitter:
    """``known``: the photograph's file; ``shown``: seated, from other photographs."""

    known: bytes
    shown: tuple[Image, ...]


@dataclass(frozen=True, slots=True)
class Sitting:
    """``stranger_from_s``: when somebody else sits there, until the end; None = never."""

    what: str
    subject: Subject
    parts: Parts
    stranger_from_s: float | None

    @property
    def events(self) -> tuple[Event, ...]:
        if self.stranger_from_s is None:
            return ()
        return (Event(KIND.value, self.stranger_from_s, self.lasts_s),)

    @property
    def lasts_s(self) -> float:
        return sum(seconds for _, seconds in self.parts)


def sitters(folder: Path, nets: FaceNets) -> dict[str, Sitter]:
    """Of whom the photographs are there and show them alone."""
    made = {}
    for name, (known, *others) in PEOPLE.items():
        shown = [seated(nets, folder / f"{other}.jpg") for other in others]
        alone = tuple(one for one in shown if one is not None)
        path = folder / f"{known}.jpg"
        if alone and path.is_file():
            made[name] = Sitter(path.read_bytes(), alone)
    return made


def swapped(people: Mapping[str, Sitter]) -> list[Sitting]:
    """Each with the next two in turn: behind an empty seat, by a cut, or from the start."""
    names, made = list(people), []
    for place, name in enumerate(names):
        own = people[name]
        subject = Subject(faces=(own.known,))
        before = (own.shown[0], BEFORE_S)
        for step in (1, 2):
            other = people[names[(place + step) % len(names)]]
            if other is own:
                continue
            after = (other.shown[0], AFTER_S)
            made.append(
                Sitting(
                    "swap_behind_an_empty_seat",
                    subject,
                    (before, (None, AWAY_S), after),
                    BEFORE_S + AWAY_S,
                )
            )
            if step == 1:
                made.append(Sitting("swap_by_a_cut", subject, (before, after), BEFORE_S))
                made.append(Sitting("stranger_from_the_start", subject, (after,), 0.0))
    return made


def same_people(people: Mapping[str, Sitter], nets: FaceNets) -> list[Sitting]:
    """In seven lights, away and back; then once with drawn glasses and once without in each."""
    made = []
    for name, own in people.items():
        subject = Subject(faces=(own.known,))
        in_life = name == GLASSES_IN_LIFE
        what = "same_with_and_without_glasses_of_life" if in_life else "same_re_lit"
        made.append(Sitting(what, subject, _lit(own.shown), None))
        if not in_life:
            drawn = dressed(found(nets, own.shown[0]), "glasses").image
            parts = _lit((own.shown[0], drawn))
            made.append(Sitting("same_with_and_without_drawn_glasses", subject, parts, None))
    return made


def _lit(shown: Sequence[Image]) -> Parts:
    parts: list[tuple[Image | None, float]] = []
    for light in LIGHTS:
        parts += [(relit(image, **light), LIT_S) for image in shown]
        parts.append((None, BETWEEN_S))
    return parts


def only_identity(models: ModelSet) -> ModelSet:
    """Only what is looked at here: a tenth of the time."""
    return replace(models, makers={name: models.makers[name] for name in ("faces", "identity")})


def identity_json(models: ModelSet, nets: FaceNets, folder: Path, *, quick: bool) -> Json | None:
    """None without the photographs, or without the networks that compare faces."""
    people = sitters(folder, nets)
    if len(people) < 2 or "identity" not in models.makers:
        return None
    sittings = [*swapped(people), *same_people(people, nets)]
    if quick:
        sittings = list({one.what: one for one in sittings}.values())[:2]
    by_what: dict[str, list[Outcome]] = {}
    for number, one in enumerate(sittings):
        by_what.setdefault(one.what, []).append(_played(only_identity(models), one, number))
    every = [outcome for outcomes in by_what.values() for outcome in outcomes]
    return {
        **outcomes_json(every),
        "people": len(people),
        "by_what": {
            what: {"sittings": len(outcomes), **outcomes_json(outcomes)}
            for what, outcomes in by_what.items()
        },
    }


def _played(models: ModelSet, sitting: Sitting, seed: int) -> Outcome:
    given = Given(policy=ONLY_IDENTITY, subject=sitting.subject)
    claims = watched(models, session(sitting.parts, seed), lambda _seen: None, given)
    return Outcome(tallied(sitting.events, claims), sitting.lasts_s / 3600)
