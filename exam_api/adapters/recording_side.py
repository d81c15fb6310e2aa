"""Where recording and analysis happen: in this process, or in worker processes."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from prometheus_client import CollectorRegistry

from analysis.models_set import ModelSet
from analysis.worker import AnalysisWorker
from capture.service import CaptureService
from capture.settings import CaptureSettings
from exam_api.adapters.figures import CaptureMetrics, WorkerMetrics
from exam_api.adapters.loop_lag import LoopLag
from exam_api.adapters.overload_guard import OverloadGuard
from exam_api.adapters.workers.messages import Setup
from exam_api.adapters.workers.remote import RemoteAnalysis, RemoteCapture
from exam_api.services.live_media import TappedAnalysis
from exam_api.services.proctoring import ProctoringBridge
from exam_api.services.proctoring_ports import SittingAnalysis
from exam_api.settings import Settings
from models import registry
from models.choice import ObjectChoice, choose_objects
from models.errors import ModelError

OnThumbnail = Callable[[str, int, bytes], None]


@dataclass(frozen=True, slots=True)
class RecordingSide:
    """``analyzer``: None where workers analyse; they start and stop with ``capture``.

    ``watching``: the object models, until the server starts anew, whatever restarts in between.
    """

    capture: CaptureService
    analyzer: AnalysisWorker | None
    watching: ObjectChoice
    thumbnail_every_s: float
    lag: LoopLag = field(default_factory=LoopLag)

    def analysis(self) -> SittingAnalysis:
        """Call in the running loop."""
        if self.analyzer is not None:
            return TappedAnalysis(self.capture, self.analyzer, self.thumbnail_every_s)
        assert isinstance(self.capture, RemoteCapture)
        return RemoteAnalysis(self.capture, asyncio.get_running_loop())

    async def watch_load(self) -> None:
        """Until cancelled. Workers watch their own."""
        watching = [self.lag.run()]
        if self.analyzer is not None:
            watching.append(OverloadGuard(self.capture, self.lag).run())
        await asyncio.gather(*watching)

    def start_analyzer(self) -> None:
        if self.analyzer is not None:
            self.analyzer.start()

    def stop_analyzer(self) -> None:
        if self.analyzer is not None:
            self.analyzer.stop()

    def register_metrics(self, registry: CollectorRegistry, data_dir: Path) -> None:
        registry.register(CaptureMetrics(self.capture, self.lag, data_dir))
        if isinstance(self.capture, RemoteCapture):
            registry.register(WorkerMetrics(self.capture.pool))


def recording_side(
    settings: Settings, bridge: ProctoringBridge, on_thumbnail: OnThumbnail
) -> RecordingSide:
    watching = _watching(settings)
    if settings.workers > 1:
        remote = _remote(settings, watching, bridge, on_thumbnail)
        return RecordingSide(remote, None, watching, settings.thumbnail_every_s)
    capture = CaptureService(
        settings.recordings_dir, on_event=bridge.on_capture, settings=_capture_settings(settings)
    )
    analyzer = AnalysisWorker(
        lambda: ModelSet.load(
            settings.models_dir, data_dir=settings.data_dir, objects=watching.names
        ),
        bridge.on_flag,
        on_thumbnail,
        on_stretch=bridge.on_stretch,
    )
    return RecordingSide(capture, analyzer, watching, settings.thumbnail_every_s)


def _watching(settings: Settings) -> ObjectChoice:
    """None where no choice can be made; the analyzers tell in the log why."""
    try:
        return choose_objects(registry(settings.data_dir, settings.models_dir))
    except ModelError:
        return ObjectChoice()


def _remote(
    settings: Settings,
    watching: ObjectChoice,
    bridge: ProctoringBridge,
    on_thumbnail: OnThumbnail,
) -> RemoteCapture:
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [None]

    def setup(index: int) -> Setup:
        return Setup(
            index=index,
            core=cores[index % len(cores)],
            recordings_dir=settings.recordings_dir,
            data_dir=settings.data_dir,
            models_dir=settings.models_dir,
            capture=replace(_capture_settings(settings), max_sittings=sys.maxsize),
            thumbnail_every_s=settings.thumbnail_every_s,
            log_level=logging.getLogger().level,
            objects=watching.names,
        )

    return RemoteCapture(
        settings.recordings_dir,
        settings=_capture_settings(settings),
        workers=settings.workers,
        setup=setup,
        on_event=bridge.on_capture,
        on_flag=bridge.on_flag,
        on_stretch=bridge.on_stretch,
        on_thumbnail=on_thumbnail,
        on_analysis_lost=bridge.on_analysis_lost,
    )


def _capture_settings(settings: Settings) -> CaptureSettings:
    return CaptureSettings(ice=settings.server_ice, max_sittings=settings.sittings_at_once)
