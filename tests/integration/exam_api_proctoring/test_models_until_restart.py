"""Another choice of models waits for the next start of the server.

Also where a worker or the analyzer starts anew in between: the console names what really watches.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.models_set import ModelSet
from analysis.worker import AnalysisWorker
from exam_api.adapters import recording_side as side
from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.clock import SystemClock
from exam_api.adapters.workers import child
from exam_api.adapters.workers.child import Host
from exam_api.services.proctoring import ProctoringBridge
from exam_api.settings import Settings
from models.folder import Folder
from models.manifest import shipped_manifest

pytestmark = pytest.mark.integration

OWN = shipped_manifest()["baqylau_objects"]
BEST = replace(OWN, name="best", source="url", package="", file="best.onnx", phone_recall=0.9)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Settings]:
    monkeypatch.delenv("BAQYLAU_MODELS_DIR", raising=False)
    folder = tmp_path / "models"
    Folder().plus(BEST).write(folder)
    weights = Path(__file__).parents[3] / "models" / OWN.path
    (folder / BEST.file).write_bytes(weights.read_bytes())
    return lambda workers: Settings(data_dir=tmp_path, workers=workers)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], ModelSet]]:
    """How each analyzer loads its models, as it does again whenever it starts anew."""
    factories: list[Callable[[], ModelSet]] = []

    def noted(factory: Callable[[], ModelSet], *given: object, **named: object) -> AnalysisWorker:
        factories.append(factory)
        return AnalysisWorker(factory, *given, **named)

    monkeypatch.setattr(side, "AnalysisWorker", noted)
    monkeypatch.setattr(child, "AnalysisWorker", noted)
    return factories


@pytest.mark.parametrize("workers", [1, 2], ids=["in the server", "in a worker"])
async def test_another_choice_waits_for_the_servers_next_start(
    workers: int, settings, loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = ProctoringBridge(nullcontext, LocalBlobs(tmp_path), clock=SystemClock())
    setups = []
    whole = side.RemoteCapture
    monkeypatch.setattr(
        side,
        "RemoteCapture",
        lambda *given, **named: setups.append(named["setup"]) or whole(*given, **named),
    )

    def start() -> tuple[str, set[str]]:
        """What the console names, and what an analyzer loads that starts after another choice."""
        begun = side.recording_side(settings(workers), bridge, lambda *_thumbnail: None)
        chosen = Folder.read(tmp_path / "models")
        chosen.watched_by((OWN.name,)).write(tmp_path / "models")
        if workers > 1:
            Host(None, setups[-1](0))
        names = {model.id for model in loaded[-1]().models}
        return begun.watching.names[0], names & {OWN.name, BEST.name}

    assert start() == (BEST.name, {BEST.name})
    assert start() == (OWN.name, {OWN.name})
