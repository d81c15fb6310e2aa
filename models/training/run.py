"""The training loop: rounds of samples, checkpoints between them, resumable and seeded.

    python -m models.training.run SHARED_FOLDER --out RUN_FOLDER [--resume] [--device cuda]

Stops by itself after ``--steps``; a signal (TERM, INT) lets it finish the round and save. README.md
beside this file says what it needs.
"""

import argparse
import copy
import json
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from models.training import sources
from models.training.contracts import Scene
from models.training.light import Light
from models.training.losses import losses
from models.training.network import Forcing, Network
from models.training.rounds import Batch, Spreads, Taught, Teacher, shuffled, spreads_of, stacked
from models.training.scenes import Scenes, cutouts
from models.training.targets import Targets
from models.training.teacher import DeviceTeacher, OnnxTeacher

CHECKPOINT = "state.pt"
SAMPLES_OF_SPREADS = 64
MOST_GRADIENT = 10.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """``side``: of a sample. ``fresh``: new samples a round, each learnt from ``passes`` times."""

    seed: int = 1
    side: int = 192
    batch: int = 8
    fresh: int = 256
    passes: int = 3
    steps: int = 20000
    rate: float = 4e-3
    warm: int = 60
    decay_from: float = 0.7  # of the steps; linear to a fiftieth
    forced: float = 0.75  # share of borders that see the teacher's features, at the start
    forced_until: float = 0.6  # of the steps, falling linearly; then the scenes' labels count
    lit: float = 0.3  # share of samples whose light, sharpness and noise are changed

    def rate_at(self, step: int) -> float:
        warming = min(1.0, (step + 1) / self.warm)
        left = (self.steps - step) / max(1.0, self.steps * (1 - self.decay_from))
        return self.rate * warming * min(1.0, max(0.02, left))

    def forced_at(self, step: int) -> float:
        return self.forced * max(0.0, 1 - step / max(1.0, self.steps * self.forced_until))


class Learner:
    """Network, its slow average, optimiser and how far they are."""

    def __init__(self, recipe: Recipe, device: str) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.device = recipe, device
        self.network = Network().to(device=device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval()
        decayed = [one for one in self.network.parameters() if one.ndim > 1]
        others = [one for one in self.network.parameters() if one.ndim <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}]
        )
        self.light = Light(device)
        targets = Targets(recipe.side)
        self.grid = tuple(
            torch.from_numpy(one).to(device) for one in (targets.corners, targets.strides)
        )
        self.step = self.round = 0

    def learn(self, batch: Batch) -> dict[str, float]:
        generator = torch.Generator(self.device).manual_seed(
            self.recipe.seed * 1_000_003 + self.step
        )
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.rate_at(self.step)
        self.network.train()
        seen = self.light(batch.pictures.float(), self.recipe.lit, generator)
        seen = seen.contiguous(memory_format=torch.channels_last)
        share = self.recipe.forced_at(self.step)
        forcing = Forcing(batch.wanted.hints, share, generator) if share > 0 else None
        with torch.autocast("cuda", torch.bfloat16, enabled=self.device.startswith("cuda")):
            odds, raw, own = self.network(seen, forcing)
        answer = (odds.float(), raw.float(), {name: one.float() for name, one in own.items()})
        parts = losses(answer, batch.wanted, self.grid, self.recipe.side)
        self.optimiser.zero_grad(set_to_none=True)
        (parts["hints"] * 4 + parts["scores"] + 2 * parts["boxes"]).backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), MOST_GRADIENT)
        self.optimiser.step()
        self._follow()
        self.step += 1
        return {name: float(value.detach()) for name, value in parts.items()}

    def _follow(self) -> None:
        kept = min(0.998, (1 + self.step) / (12 + self.step))
        now = self.network.state_dict()  # detached, as the other's values are
        for name, value in self.average.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(now[name], 1 - kept)
            else:
                value.copy_(now[name])

    def save(self, path: Path, spreads: Spreads) -> None:
        """Whole or not at all."""
        state = {
            "recipe": asdict(self.recipe),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "round": self.round,
            "spreads": spreads,
        }
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.replace(path)

    def restore(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.round = state["step"], state["round"]


Maker = Callable[[Sequence[int]], list[Scene]]


def _in_this_process(scenes: Scenes) -> Maker:
    return lambda numbers: [scenes.sample(number) for number in numbers]


_of_this_worker: list[Scenes] = []  # handed over once a process, not once a sample


def _begin(scenes: Scenes) -> None:
    cv2.setNumThreads(1)
    _of_this_worker.append(scenes)


def _sample(number: int) -> Scene:
    return _of_this_worker[0].sample(number)


def _in_others(scenes: Scenes, workers: int) -> Maker:
    pool = ProcessPoolExecutor(workers, initializer=_begin, initargs=(scenes,))
    return lambda numbers: list(pool.map(_sample, numbers, chunksize=8))


def round_of(learner: Learner, make: Maker, taught: Taught) -> Iterator[Batch]:
    recipe = learner.recipe
    first = learner.round * recipe.fresh
    corrected = recipe.forced_at(learner.step) == 0
    batches = [
        taught.batch(
            make(range(start, min(start + recipe.batch, first + recipe.fresh))),
            corrected=corrected,
        )
        for start in range(first, first + recipe.fresh, recipe.batch)
    ]
    draw = np.random.default_rng([recipe.seed, 7, learner.round])
    yield from shuffled(batches, recipe.passes, recipe.batch, recipe.side, draw)


def trained(
    learner: Learner, make: Maker, taught: Taught, out: Path, stop: Sequence[int] = ()
) -> None:
    """Rounds until the steps are done or ``stop`` is no longer empty; a checkpoint after each."""
    while learner.step < learner.recipe.steps and not stop:
        begun, told = time.monotonic(), list[dict[str, float]]()
        for batch in round_of(learner, make, taught):
            told.append(learner.learn(batch))
        learner.round += 1
        learner.save(out / CHECKPOINT, taught.spreads)
        means = {name: round(sum(o[name] for o in told) / len(told), 4) for name in told[0]}
        line = {"step": learner.step, "took_s": round(time.monotonic() - begun, 1), **means}
        with (out / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")


def scenes_of(shared: Path, places: Path | None, phones: Path | None, recipe: Recipe) -> Scenes:
    where = json.loads(places.read_text()) if places else {}
    liked = json.loads(phones.read_text()) if phones else ()
    cut = cutouts(shared / "data" / "cutouts")
    found = sources.found(shared)
    return Scenes(found, cut, where, side=recipe.side, seed=recipe.seed, phones=liked)


def teacher_on(device: str, path: Path) -> Teacher:
    return OnnxTeacher(path) if device == "cpu" else DeviceTeacher(path, device)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path, help="folder with data/, media/ and models/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--places", type=Path, help="what models.training.places wrote")
    parser.add_argument("--phones", type=Path, help="what models.training.audition wrote")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=0, help="processes that make scenes")
    parser.add_argument("--resume", action="store_true")
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    recipe = Recipe(**{name: getattr(options, name) for name in asdict(Recipe())})
    cv2.setNumThreads(1)
    if options.device == "cpu":
        torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    scenes = scenes_of(options.shared, options.places, options.phones, recipe)
    make = _in_others(scenes, options.workers) if options.workers else _in_this_process(scenes)
    teacher = teacher_on(options.device, options.shared / "models" / "yolox_nano.onnx")
    learner = Learner(recipe, options.device)
    if options.resume:
        state = torch.load(options.out / CHECKPOINT, map_location=options.device, weights_only=True)
        learner.restore(state)
        spreads = state["spreads"]
    else:
        spreads = spreads_of(teacher, stacked(make(range(SAMPLES_OF_SPREADS)), options.device))
    stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: stop.append(got))
    taught = Taught(teacher, Targets(recipe.side), spreads, options.device)
    trained(learner, make, taught, options.out, stop)


if __name__ == "__main__":
    main()
