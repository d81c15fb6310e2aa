"""``baqylau models`` as an operator uses it, with the real object model's file."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analysis.errors import ModelInputUnexpected
from analysis.models_set import ModelSet
from exam_api.cli import app as commands
from exam_api.cli import model_files
from exam_api.cli.models import app
from exam_api.cli.terminal import Failure
from exam_api.settings import Settings
from models import Registry
from models.errors import ModelDigestMismatch, ModelError
from models.manifest import shipped_manifest
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration
Run = Callable[..., Result]
YOLOX = shipped_manifest()["yolox_nano"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("BAQYLAU_MODELS_DIR", raising=False)
    monkeypatch.setenv("BAQYLAU_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "en")

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(app, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result

    return invoke


@pytest.fixture
def file(require: Callable[[str], Path]) -> str:
    return str(require("shared") / "models" / "yolox_nano.onnx")


def listed(run: Run) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in json.loads(run("list", "--json").stdout)}


def test_the_known_model_is_added_by_its_digest_and_watches(run: Run, file: str) -> None:
    assert listed(run)["yolox_nano"]["problem"] == "model_absent"
    run("add", file, "--sha256", YOLOX.sha256)
    row = listed(run)["yolox_nano"]
    assert (row["problem"], row["watches"]) == (None, True)
    assert "yolox_nano" in run("verify").stdout


def test_analyze_watches_with_what_was_added(
    run: Run, file: str, shared_media: Path, tmp_path: Path
) -> None:
    """As the server does: what lies in the data folder counts, without a setting."""

    def report() -> dict[str, dict[str, str]]:
        clip = str(shared_media / "two_faces.mp4")
        result = CliRunner().invoke(commands, ["analyze", clip, "--json"])
        assert result.exit_code == 0, result.output
        found: dict[str, dict[str, str]] = json.loads(result.stdout)
        return found

    assert report()["unavailable"]["objects"] == "model_absent"
    run("add", file, "--sha256", YOLOX.sha256)
    found = report()
    assert "objects" not in found["unavailable"]
    assert YOLOX.sha256 in [model["sha256"] for model in found["models"]]


def test_an_altered_file_is_told_by_verify(run: Run, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "yolox_nano.onnx").write_bytes(b"altered")
    with pytest.raises(Failure, match="model_digest_mismatch"):
        run("verify")


def test_own_models_are_added_and_watch_together(run: Run, file: str, tmp_path: Path) -> None:
    run("add", file, "--sha256", YOLOX.sha256)
    run("add", file, "--sha256", YOLOX.sha256.upper(), "--name", "mine", "--recall", "0.4")
    assert listed(run)["mine"]["phone_recall"] == 0.4
    assert "mine, yolox_nano" in run("use", "mine", "yolox_nano").stdout
    refs = [model.id for model in ModelSet.load(data_dir=tmp_path).models]
    assert {"mine", "yolox_nano"} <= set(refs)
    run("use", "auto")
    assert not listed(run)["mine"]["watches"]


def test_an_own_file_that_does_not_fit_leaves_nothing_behind(
    run: Run, file: str, tmp_path: Path
) -> None:
    known = ("add", file, "--sha256", YOLOX.sha256)
    with pytest.raises(ModelInputUnexpected, match=r"two inputs"):
        run(*known, "--name", "mine", "--decoder", "dfine")
    with pytest.raises(Failure, match=r"model\.decoder_unknown"):
        run(*known, "--name", "mine", "--decoder", "guess")
    with pytest.raises(Failure, match=r"model\.name_taken"):
        run(*known, "--name", "yolox_nano")
    with pytest.raises(Failure, match=r"model\.name_taken"):
        run(*known, "--name", "../mine")
    with pytest.raises(ModelDigestMismatch):
        run("add", file, "--sha256", "0" * 64, "--name", "mine")
    with pytest.raises(Failure, match=r"model\.digest_unknown"):
        run("add", file, "--sha256", "0" * 64)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_model_that_is_not_here_cannot_be_wished_for(run: Run) -> None:
    with pytest.raises(ModelError):
        run("use", "yolox_nano")
    with pytest.raises(ModelError):
        run("use", "face_mesh")


@pytest.fixture
def mirror(file: str) -> Iterator[str]:
    folder = str(Path(file).parent)

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=folder)  # type: ignore[arg-type]

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/yolox_nano.onnx"
    server.shutdown()
    server.server_close()
    thread.join(PATIENCE_S)


def first_start(url: str, data: Path, monkeypatch: pytest.MonkeyPatch, *, fetch: bool) -> None:
    manifest = {**shipped_manifest(), "yolox_nano": replace(YOLOX, url=url, phone_recall=1.0)}
    folders = (data / "models",)
    monkeypatch.setattr(model_files, "registry", lambda *_: Registry(folders, manifest))
    model_files.fetch_first(Settings(data_dir=data, fetch_models=fetch))


def test_the_first_start_fetches_the_model_with_progress(
    run: Run, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    first_start(mirror, tmp_path, monkeypatch, fetch=False)
    assert not (tmp_path / "models").exists()
    first_start(mirror, tmp_path, monkeypatch, fetch=True)
    assert (tmp_path / "models" / "yolox_nano.onnx").stat().st_size == YOLOX.bytes
    told = capsys.readouterr().err
    assert "50 %" in told
    assert "100 %" in told
    first_start("http://127.0.0.1:9/gone", tmp_path, monkeypatch, fetch=True)
    assert capsys.readouterr().err == ""


def test_a_first_start_without_a_network_goes_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    first_start("http://127.0.0.1:9/gone", tmp_path, monkeypatch, fetch=True)
    assert "was not fetched" in capsys.readouterr().err
