"""The model that comes with the package: the file of the manifest, small, and what it claims."""

import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from models import Registry
from models.choice import LEAST_RECALL, choose_objects
from models.training.contracts import LABELS

NAME = "baqylau_objects"
MOST_BYTES = 6_000_000
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    content = Registry().load(NAME).content
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def test_it_is_there_without_any_folder_and_small() -> None:
    loaded = Registry().load(NAME)  # its digest is checked
    assert loaded.entry.labels == LABELS
    assert len(loaded.content) <= MOST_BYTES
    assert loaded.entry.phone_recall is not None


def test_the_file_says_itself_how_it_is_read(session: onnxruntime.InferenceSession) -> None:
    entry = Registry().entry(NAME)
    told = session.get_modelmeta().custom_metadata_map
    assert told["decoder"] == entry.decoder
    assert told["labels"] == ",".join(entry.labels)
    assert told["side"] == str(entry.input[2])
    assert tuple(session.get_inputs()[0].shape) == entry.input


def test_its_scores_are_shares_and_its_boxes_numbers(
    session: onnxruntime.InferenceSession,
) -> None:
    side = Registry().entry(NAME).input[2]
    noise = np.random.default_rng(1).uniform(0, 255, (1, 3, side, side)).astype(np.float32)
    for picture in (noise, np.zeros_like(noise)):
        rows = session.run(None, {"pictures": picture})[0][0]
        assert rows.shape == (sum((side // stride) ** 2 for stride in (8, 16, 32)), 5 + len(LABELS))
        assert np.isfinite(rows).all()
        assert (rows[:, 4] == 1).all()
        assert ((rows[:, 5:] >= 0) & (rows[:, 5:] <= 1)).all()


@pytest.mark.parametrize("name", ["yolox_nano", NAME])
def test_a_model_has_one_recall_in_manifest_card_and_table(name: str) -> None:
    """The act and the console tell what the manifest says."""
    recall = Registry().entry(name).phone_recall
    card = (ROOT / "models" / "cards" / f"{name}.md").read_text()
    (told,) = re.findall(r"Visible phones found at 1 % false frames: \*\*(\d+) %\*\*", card)
    quality = (ROOT / "docs" / "quality.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")] for line in quality.splitlines()]
    heads = next(row for row in rows if f"`{name}`" in row)
    column = heads.index(f"`{name}`")
    held = next(
        row for row in rows[rows.index(heads) :] if row[1:2] == ["phone held, 102 pictures"]
    )
    assert recall == int(told) / 100
    assert held[column].startswith(f"{told} %")


def test_alone_it_watches_only_if_it_finds_enough_phones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BAQYLAU_MODELS_DIR", raising=False)
    recall = Registry().entry(NAME).phone_recall
    assert recall is not None
    watching = [one.name for one in choose_objects(Registry()).watching]
    assert watching == ([NAME] if recall >= LEAST_RECALL else [])
