"""Which object models watch, and an operator's own manifest."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from models import Registry
from models.choice import choose_objects
from models.errors import ManifestBroken, ModelAbsent, ModelUnknown
from models.folder import Folder
from models.manifest import ModelEntry

WEAK = ModelEntry(
    name="weak",
    version="1",
    task="objects",
    source="url",
    sha256=hashlib.sha256(b"weak").hexdigest(),
    licence="Apache-2.0",
    origin="https://example.org",
    runtime="onnx",
    input=(1, 3, 416, 416),
    labels=("cell phone", 'a "quoted" label', "ұялы телефон"),
    decoder="yolox",
    file="weak.onnx",
    phone_recall=0.3,
)
GOOD = replace(
    WEAK,
    name="good",
    sha256=hashlib.sha256(b"good").hexdigest(),
    file="good.onnx",
    phone_recall=0.6,
)
UNMEASURED = replace(
    WEAK, name="own", sha256=hashlib.sha256(b"own").hexdigest(), file="own.onnx", phone_recall=None
)
KNOWN = {"weak": WEAK, "good": GOOD}


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / f"{name}.onnx").write_bytes(name.encode())


def chosen(folder: Path) -> tuple[list[str], str | None]:
    choice = choose_objects(Registry((folder,), KNOWN))
    return [one.name for one in choice.watching], choice.better.name if choice.better else None


def test_of_two_that_are_here_the_better_one_watches(tmp_path: Path) -> None:
    put(tmp_path, "weak", "good")
    assert chosen(tmp_path) == (["good"], None)


def test_the_weaker_one_watches_alone_and_the_better_one_is_named(tmp_path: Path) -> None:
    put(tmp_path, "weak")
    assert chosen(tmp_path) == (["weak"], "good")
    assert choose_objects(Registry((tmp_path,), KNOWN)).recall == 0.3


def test_without_any_the_best_known_is_named(tmp_path: Path) -> None:
    (tmp_path / "weak.onnx").write_bytes(b"altered")
    assert chosen(tmp_path) == ([], "good")


@pytest.mark.parametrize("recall", [None, 0.1])
def test_a_model_that_sees_little_or_was_not_measured_never_watches_by_itself(
    tmp_path: Path, recall: float | None
) -> None:
    Folder().plus(replace(UNMEASURED, phone_recall=recall)).write(tmp_path)
    put(tmp_path, "own")
    assert chosen(tmp_path) == ([], "good")
    put(tmp_path, "weak")
    assert chosen(tmp_path) == (["weak"], "good")


def test_an_operators_wish_counts_more_than_what_was_measured(tmp_path: Path) -> None:
    Folder().plus(UNMEASURED).watched_by(("own", "weak")).write(tmp_path)
    put(tmp_path, "own", "weak", "good")
    assert chosen(tmp_path) == (["own", "weak"], None)
    assert choose_objects(Registry((tmp_path,), KNOWN)).recall is None
    (tmp_path / "own.onnx").unlink()
    assert chosen(tmp_path) == (["weak"], None)
    (tmp_path / "weak.onnx").unlink()
    with pytest.raises(ModelAbsent):
        chosen(tmp_path)


def test_a_wish_for_an_unknown_model_is_told(tmp_path: Path) -> None:
    Folder().watched_by(("own",)).write(tmp_path)
    with pytest.raises(ModelUnknown):
        chosen(tmp_path)


def test_an_own_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = Folder().plus(UNMEASURED).plus(WEAK).watched_by(("own", "weak"))
    written.write(tmp_path)
    assert Folder.read(tmp_path) == written
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.toml"]


def test_no_folder_passes_a_file_off_as_a_shipped_model(tmp_path: Path) -> None:
    Folder().plus(replace(UNMEASURED, name="good", file="good.onnx")).write(tmp_path)
    assert Registry((tmp_path,), KNOWN).entry("good") == GOOD


@pytest.mark.parametrize(
    "text", ["watch = 1", "[models.own]\nversion = 1", "models = 3", "[", "\x00"], ids=range(5)
)
def test_a_folder_whose_manifest_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.toml").write_text(text)
    with pytest.raises(ManifestBroken):
        Registry((tmp_path,), KNOWN)
