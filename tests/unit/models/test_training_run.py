"""The training loop itself; only where torch is installed, which the project does not need."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is no dependency: models/training/README.md")
pytest.importorskip("onnx", reason="onnx is no dependency: models/training/README.md")

from models.training.contracts import LABELS, LOOKALIKE, PHONE, Labelled, Scene  # noqa: E402
from models.training.export import exported  # noqa: E402
from models.training.light import Light  # noqa: E402
from models.training.losses import box_loss, corners_of, hint_losses  # noqa: E402
from models.training.network import Forcing, Network  # noqa: E402
from models.training.rounds import Batch, Taught, shuffled, spreads_of  # noqa: E402
from models.training.run import (  # noqa: E402
    CHECKPOINT,
    Learner,
    Recipe,
    _in_others,
    _in_this_process,
    trained,
)
from models.training.scenes import Scenes  # noqa: E402
from models.training.sources import Source  # noqa: E402
from models.training.targets import Targets  # noqa: E402
from models.training.teacher import CHANNELS, HINTS, DeviceTeacher, OnnxTeacher  # noqa: E402
from models.training.validate import Exported  # noqa: E402

if TYPE_CHECKING:
    from models.training.losses import Wanted

SIDE = 64
TINY = Recipe(side=SIDE, batch=2, fresh=4, passes=2, steps=12, warm=2)


def scene(number: int) -> Scene:
    draw = np.random.default_rng(number)
    image = draw.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    label = PHONE if number % 2 else LOOKALIKE
    return Scene(image, (Labelled(label, (10, 12, 40, 52)),))


def made(numbers: Sequence[int]) -> list[Scene]:
    return [scene(number) for number in numbers]


def teacher(pictures: "torch.Tensor") -> tuple[dict[str, "torch.Tensor"], ...]:
    """Some function of the picture in the teacher's shapes."""
    hints = {}
    for name in HINTS:
        stride = {"c2": 4, "c3": 8, "c4": 16, "c5": 32}.get(name) or int(name.strip("stemclabox"))
        small = torch.nn.functional.avg_pool2d(pictures / 255, stride).mean(1, keepdim=True)
        hints[name] = small * torch.linspace(-1, 1, CHANNELS[name])[None, :, None, None]
    cells = len(Targets(SIDE).corners)
    scores = torch.zeros(len(pictures), cells, len(LABELS))
    scores[..., PHONE] = 0.3
    return hints, scores, torch.zeros(len(pictures), cells, 4)  # type: ignore[return-value]


def taught() -> Taught:
    pictures = torch.from_numpy(np.stack([scene(n).image.transpose(2, 0, 1) for n in range(4)]))
    return Taught(teacher, Targets(SIDE), spreads_of(teacher, pictures), "cpu")


def same(one: dict[str, "torch.Tensor"], other: dict[str, "torch.Tensor"]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def test_a_stopped_and_resumed_run_is_the_uninterrupted_one(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    through, stopped = tmp_path / "through", tmp_path / "stopped"
    for folder in (through, stopped):
        folder.mkdir()
    whole = Learner(TINY, "cpu")
    trained(whole, made, taught(), through)
    assert whole.step == TINY.steps

    first = Learner(TINY, "cpu")
    stop: list[int] = []

    def stopping(numbers: Sequence[int]) -> list[Scene]:
        if first.round == 1:
            stop.append(15)
        return made(numbers)

    trained(first, stopping, taught(), stopped, stop)
    assert first.round == 2
    assert first.step < TINY.steps

    resumed = Learner(TINY, "cpu")
    state = torch.load(stopped / CHECKPOINT, weights_only=True)
    resumed.restore(state)
    trained(resumed, made, Taught(teacher, Targets(SIDE), state["spreads"], "cpu"), stopped)
    assert same(whole.network.state_dict(), resumed.network.state_dict())
    assert same(whole.average.state_dict(), resumed.average.state_dict())


def test_other_processes_make_the_same_scenes(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "room.png"), np.full((240, 320, 3), 120, np.uint8))
    scenes = Scenes([Source(tmp_path / "room.png", 1.0)], {}, {}, side=SIDE, seed=3)
    here, there = _in_this_process(scenes)(range(6)), _in_others(scenes, 1)(range(6))
    assert [one.things for one in here] == [one.things for one in there]
    assert all((a.image == b.image).all() for a, b in zip(here, there, strict=True))


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    recipe = replace(TINY, steps=4)
    one, other = Learner(recipe, "cpu"), Learner(replace(recipe, seed=2), "cpu")
    for learner in (one, other):
        trained(learner, made, taught(), tmp_path)
    assert not same(one.network.state_dict(), other.network.state_dict())


def test_the_loss_falls_on_what_it_learns_from() -> None:
    learner = Learner(replace(TINY, steps=1000, rate=2e-3, forced=0.0), "cpu")
    batch = taught().batch(made(range(4)))
    told = [learner.learn(batch) for _ in range(25)]
    assert told[-1]["hints"] < 0.7 * told[0]["hints"]
    assert told[-1]["scores"] < told[0]["scores"]


def test_a_known_wallet_overrules_the_teacher() -> None:
    wallet, phone = (taught().batch([scene(number)]) for number in (0, 1))
    middle = Targets(SIDE)
    centre = (middle.corners + 0.5) * middle.strides
    inside = ((centre > (10, 12)) & (centre < (40, 52))).all(1)
    assert float(wallet.wanted.scores[0, inside, PHONE].max()) == 0
    assert float(phone.wanted.scores[0, inside, PHONE].max()) > 0.9
    assert float(wallet.wanted.scores[0, ~inside, PHONE].min()) == pytest.approx(0.3)


def test_while_features_are_given_the_teachers_word_is_enough() -> None:
    batch = taught().batch([scene(1)], corrected=False)
    assert float(batch.wanted.scores[..., PHONE].min()) == pytest.approx(0.3)
    assert float(batch.wanted.scores[..., PHONE].max()) == pytest.approx(0.3)


def test_mirrored_twice_is_as_before_and_once_moves_the_box() -> None:
    batch = taught().batch([scene(1)])
    mirrored = batch.mirrored(SIDE)
    again = mirrored.mirrored(SIDE)
    assert torch.equal(again.pictures, batch.pictures)
    torch.testing.assert_close(again.wanted.boxes, batch.wanted.boxes)
    targets = Targets(SIDE)
    corners = corners_of(
        mirrored.wanted.boxes, torch.from_numpy(targets.corners), torch.from_numpy(targets.strides)
    )
    held = mirrored.wanted.scores[..., PHONE] > 0.9
    x0, y0, x1, y1 = corners[held][0].tolist()
    assert (x0, y0, x1, y1) == pytest.approx((SIDE - 40, 12, SIDE - 10, 52), abs=1e-3)


def test_every_sample_of_a_round_comes_once_a_pass() -> None:
    batches = [taught().batch(made(range(n, n + 2))) for n in (0, 2)]
    given: list[Batch] = list(shuffled(batches, 3, 2, SIDE, np.random.default_rng(1)))
    assert sum(len(one.pictures) for one in given) == 3 * 4
    first = torch.cat([one.pictures for one in given[:2]])
    assert len({tuple(one.flatten().tolist()[:50]) for one in first}) == 4


def test_a_forced_border_shields_what_lies_before_it() -> None:
    network = Network()
    pictures = torch.rand(2, 3, SIDE, SIDE) * 255
    hints = teacher(pictures)[0]
    forcing = Forcing(hints, 1.0, torch.Generator().manual_seed(1))
    odds, raw, own = network(pictures, forcing)
    (odds.sum() + raw.sum()).backward()
    assert float(network.c5[0].steps[0][0].weight.grad.abs().max()) == 0
    assert float(network.heads[0].box.weight.grad.abs().max()) > 0
    assert set(own) == set(HINTS)
    assert all(own[name].shape == hints[name].shape for name in HINTS)


def test_what_equals_the_teacher_costs_nothing() -> None:
    wanted: Wanted = taught().batch(made([1])).wanted
    own = {name: hint.float() for name, hint in wanted.hints.items()}
    assert all(float(value) == 0 for value in hint_losses(own, wanted, SIDE).values())
    box = torch.tensor([[1.0, 2.0, 30.0, 40.0]])
    assert float(box_loss(box, box)) == pytest.approx(0, abs=1e-5)
    assert float(box_loss(box, box + 100)) > 1


def test_light_stays_in_range_and_follows_its_generator() -> None:
    light = Light("cpu")
    pictures = torch.rand(24, 3, SIDE, SIDE) * 255
    before = pictures.clone()
    once = light(pictures, 1.0, torch.Generator().manual_seed(5))
    again = light(pictures, 1.0, torch.Generator().manual_seed(5))
    assert torch.equal(once, again)
    assert torch.equal(pictures, before)
    assert float(once.min()) >= 0
    assert float(once.max()) <= 255
    assert not torch.equal(once, light(pictures, 1.0, torch.Generator().manual_seed(6)))
    assert torch.equal(light(pictures, 0.0, torch.Generator().manual_seed(5)), pictures)


def test_the_exported_file_answers_as_the_network(tmp_path: Path) -> None:
    network = Network().eval()
    out = tmp_path / "own.onnx"
    exported(copy.deepcopy(network), SIDE, out)
    assert out.stat().st_size <= 6_000_000
    image = scene(3).image
    best = Exported(out)(image)
    with torch.no_grad():
        odds, _, _ = network(torch.from_numpy(image.transpose(2, 0, 1)[None].astype(np.float32)))
    np.testing.assert_allclose(best, odds.sigmoid()[0].amax(0).numpy(), atol=1e-4)


def test_both_teachers_say_the_same(require: object) -> None:
    assert callable(require)
    path = require("shared") / "models" / "yolox_nano.onnx"
    pictures = torch.rand(2, 3, SIDE, SIDE) * 255
    hints, scores, boxes = OnnxTeacher(path)(pictures)
    others = DeviceTeacher(path, "cpu")(pictures)
    for name in HINTS:
        torch.testing.assert_close(hints[name], others[0][name], atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(scores, others[1], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(boxes, others[2], atol=1e-3, rtol=1e-3)
