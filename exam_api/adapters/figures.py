"""The server's own figures for Prometheus, beside those of its requests (``web/observe.py``)."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Histogram, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from capture.service import CaptureService
from exam_api.adapters.loop_lag import LoopLag
from exam_api.adapters.workers.pool import WorkerPool

_BUCKETS_S: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


class CaptureMetrics(Collector):
    """Asked for at each scrape."""

    def __init__(self, capture: CaptureService, lag: LoopLag, data_dir: Path) -> None:
        self._capture = capture
        self._lag = lag
        self._data_dir = data_dir

    def collect(self) -> Iterator[Metric]:
        now = self._capture.figures()
        yield GaugeMetricFamily(
            "baqylau_relief",
            "What overload does without: 0 nothing … 4 all but recordings and answers",
            self._capture.relief,
        )
        yield GaugeMetricFamily(
            "baqylau_loop_lag_seconds", "How late the main process is", self._lag.seconds
        )
        yield GaugeMetricFamily(
            "baqylau_sittings_waiting", "Sittings that wait for a place", now.waiting
        )
        yield GaugeMetricFamily(
            "baqylau_sittings_publishing", "Sittings with a publisher", now.publishing
        )
        yield GaugeMetricFamily(
            "baqylau_sittings_live", "Sittings whose media is being recorded", now.live
        )
        if now.elapsed_ms:
            yield GaugeMetricFamily(
                "baqylau_coverage_ratio",
                "Of the sittings that publish: on record since each one's first picture",
                now.recorded_ms / now.elapsed_ms,
            )
        yield CounterMetricFamily(
            "baqylau_frames_decoded", "Frames decoded for analysis", now.frames_decoded
        )
        yield CounterMetricFamily(
            "baqylau_frames_dropped", "Frames that analysis never saw", now.frames_dropped
        )
        yield CounterMetricFamily(
            "baqylau_sound_lost_seconds",
            "Sound that analysis never heard",
            now.sound_lost_ms / 1000,
        )
        yield GaugeMetricFamily(
            "baqylau_disk_free_bytes",
            "Free where the data are",
            shutil.disk_usage(self._data_dir).free,
        )


class WorkerMetrics(Collector):
    """Of the capture workers."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily(
            "baqylau_worker_restarts", "Capture workers that were replaced", self._pool.restarts
        )
        ready = sum(worker.ready for worker in self._pool.workers)
        yield GaugeMetricFamily("baqylau_workers", "Capture workers that answer", ready)
        lag = GaugeMetricFamily(
            "baqylau_worker_loop_lag_seconds", "How late a worker is", labels=["worker"]
        )
        cpu = GaugeMetricFamily("baqylau_worker_cpu", "Share of one core", labels=["worker"])
        relief = GaugeMetricFamily("baqylau_worker_relief", "As baqylau_relief", labels=["worker"])
        for worker in self._pool.workers:
            lag.add_metric([str(worker.index)], worker.load.lag_s)
            cpu.add_metric([str(worker.index)], worker.load.cpu)
            relief.add_metric([str(worker.index)], worker.load.relief)
        yield from (lag, cpu, relief)


def flag_seconds(registry: CollectorRegistry) -> Callable[[float], None]:
    """Where to tell each flag's delay."""
    return Histogram(
        "baqylau_flag_seconds",
        "From the frame that opened a flag to the flag's row",
        buckets=_BUCKETS_S,
        registry=registry,
    ).observe
