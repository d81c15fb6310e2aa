"""A model is loaded only if its bytes are those of the manifest."""

import hashlib
from pathlib import Path

import pytest

import models
from models import Registry
from models.errors import ModelAbsent, ModelDigestMismatch, ModelUnknown
from models.manifest import ModelEntry

CONTENT = b"the weights"


def entry(name: str = "small", content: bytes = CONTENT) -> ModelEntry:
    return ModelEntry(
        name=name,
        version="1",
        task="objects",
        source="url",
        sha256=hashlib.sha256(content).hexdigest(),
        licence="Apache-2.0",
        origin="https://example.org",
        runtime="onnx",
        input=(1, 3, 416, 416),
        labels=("phone",),
        decoder="yolox",
        file=f"{name}.onnx",
    )


def known(*folders: Path) -> Registry:
    return Registry(folders, {"small": entry()})


def test_the_right_file_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "small.onnx").write_bytes(CONTENT)
    loaded = known(tmp_path).load("small")
    assert loaded.content == CONTENT
    assert loaded.entry.name == "small"
    assert [one.name for one in known(tmp_path).available()] == ["small"]


def test_an_altered_file_is_refused_and_named(tmp_path: Path) -> None:
    (tmp_path / "small.onnx").write_bytes(CONTENT + b"!")
    with pytest.raises(ModelDigestMismatch) as raised:
        known(tmp_path).load("small")
    assert raised.value.code == "model_digest_mismatch"
    assert "small.onnx" in str(raised.value)
    assert known(tmp_path).available() == ()
    assert known(tmp_path).verify()[0].code == "model_digest_mismatch"


def test_a_wrong_file_in_one_folder_does_not_hide_a_right_one(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder, content in ((first, b"wrong"), (second, CONTENT)):
        folder.mkdir()
        (folder / "small.onnx").write_bytes(content)
    assert known(first, second).load("small").content == CONTENT
    (state,) = known(first, second).verify()
    assert (state.path, state.code) == (second / "small.onnx", None)


def test_an_absent_or_unknown_model_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ModelAbsent) as absent:
        known(tmp_path).load("small")
    with pytest.raises(ModelUnknown) as unknown:
        known(tmp_path).load("large")
    assert (absent.value.code, unknown.value.code) == ("model_absent", "model_unknown")


def test_a_digest_finds_its_entry() -> None:
    assert known().by_digest(entry().sha256.upper()).name == "small"
    with pytest.raises(ModelUnknown):
        known().by_digest("f" * 64)


def test_the_face_models_lie_in_their_package_and_are_right() -> None:
    names = {one.name for one in Registry().available()}
    assert {"face_full_range", "face_short_range", "face_mesh"} <= names


def test_the_environment_names_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAQYLAU_MODELS_DIR", str(tmp_path / "named"))
    found = models.registry(tmp_path / "data", tmp_path / "given")
    assert found.folders == (tmp_path / "given", tmp_path / "named", tmp_path / "data" / "models")


def test_without_the_environment_only_given_folders_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BAQYLAU_MODELS_DIR", raising=False)
    assert models.registry().folders == ()


def test_the_shared_object_model_is_the_pinned_one(require: object) -> None:
    assert callable(require)
    folder = require("shared") / "models"
    assert models.load("yolox_nano", models_dir=folder).entry.bytes == 3660092
