"""The manifest names every model by origin, licence and digest; a loose entry is refused."""

from pathlib import Path

import pytest

from models.errors import ManifestBroken
from models.manifest import ModelEntry, parse_manifest, shipped_manifest

ROOT = Path(__file__).resolve().parents[3]
GOOD = """
[models.small]
version = "1"
task = "objects"
source = "url"
file = "small.onnx"
url = "https://example.org/abc123/small.onnx"
commit = "abc123"
sha256 = "{digest}"
licence = "Apache-2.0"
origin = "https://example.org"
runtime = "onnx"
input = [1, 3, 416, 416]
labels = ["phone"]
decoder = "yolox"
""".format(digest="0" * 64)


def test_the_object_model_is_pinned_as_published() -> None:
    entry = shipped_manifest()["yolox_nano"]
    assert entry.commit == "3d4f1119d0694200671c08069ecb847aa0d8495a"
    assert entry.url.endswith(f"/{entry.commit}/model/yolox_nano.onnx")
    assert entry.sha256 == "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14"
    assert len(entry.labels) == 80
    assert entry.labels[67] == "cell phone"


@pytest.mark.parametrize("entry", shipped_manifest().values(), ids=lambda entry: entry.name)
def test_every_shipped_entry_says_where_it_comes_from(entry: ModelEntry) -> None:
    assert entry.licence
    own = entry.package == "models"  # then the recipe lies beside it
    assert entry.origin.startswith("https://") or (own and (ROOT / entry.origin).is_dir())
    assert entry.labels
    assert len(entry.sha256) == 64


def test_a_good_entry_is_read() -> None:
    assert parse_manifest(GOOD)["small"].input == (1, 3, 416, 416)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('commit = "abc123"', 'commit = "def456"'),
        ('runtime = "onnx"', 'runtime = "pickle"'),
        ('source = "url"', 'source = "anywhere"'),
        ('file = "small.onnx"', ""),
        ('sha256 = "0000', 'sha256 = "00'),
        ('licence = "Apache-2.0"', ""),
        ('version = "1"', 'version = "1"\nunknown = 1'),
        ("[models.small]", "[models.small"),
        ("[models.small]", "[other.small]"),
    ],
)
def test_a_loose_entry_is_refused(old: str, new: str) -> None:
    with pytest.raises(ManifestBroken) as raised:
        parse_manifest(GOOD.replace(old, new))
    assert raised.value.code == "model_manifest_broken"
