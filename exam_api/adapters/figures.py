"""The server's own figures for Prometheus, beside those of its requests (``web/observe.py``)."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Histogram, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from capture.contracts import CaptureFigures

_BUCKETS_S: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


class CaptureMetrics(Collector):
    """Asked for at each scrape."""

    def __init__(self, figures: Callable[[], CaptureFigures], data_dir: Path) -> None:
        self._figures = figures
        self._data_dir = data_dir

    def collect(self) -> Iterator[Metric]:
        now = self._figures()
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
        yield GaugeMetricFamily(
            "baqylau_disk_free_bytes",
            "Free where the data are",
            shutil.disk_usage(self._data_dir).free,
        )


def flag_seconds(registry: CollectorRegistry) -> Callable[[float], None]:
    """Where to tell each flag's delay."""
    return Histogram(
        "baqylau_flag_seconds",
        "From the frame that opened a flag to the flag's row",
        buckets=_BUCKETS_S,
        registry=registry,
    ).observe
