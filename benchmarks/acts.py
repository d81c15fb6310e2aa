"""What an act costs: six evidence frames set as PDF and sealed, alone and in a batch.

    uv run python -m benchmarks.acts --json [--quick]

One process, one core; wall time, since that is what a proctor waits for. ``identical`` re-makes
acts from equal data and compares the sealed bytes. The frames are drawn at run time.
"""

import argparse
import json
import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import get_args

import numpy as np
from PIL import Image, ImageFilter

from acts.contracts import (
    ActDocument,
    EvidenceItem,
    Form1Item,
    Language,
    Person,
    RecordingGap,
    Student,
)
from acts.form1 import render_act
from acts.seal import SealKey, seal
from acts.seal_mark import PLACE
from acts.verify import verify_act

FRAMES = 6
LANGUAGES: tuple[Language, ...] = get_args(Language)
STARTED = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


def picture(seed: int, size: tuple[int, int] = (640, 480)) -> bytes:
    """Light, shapes and sensor noise: packs to about what a camera's frame does."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    light = [120 + 60 * np.sin(x / 97 + seed) + y / 9, 110 + 50 * np.cos(y / 81), 90 + x / 9]
    noise = np.random.default_rng(seed).normal(0, 6, (height, width, 3))
    image = Image.fromarray(np.clip(np.stack(light, -1) + noise, 0, 255).astype(np.uint8))
    out = BytesIO()
    image.filter(ImageFilter.GaussianBlur(1.2)).save(out, "JPEG", quality=82)
    return out.getvalue()


def evidence(place: int) -> EvidenceItem:
    items = list(Form1Item)
    start = 65_000 + place * 410_000
    return EvidenceItem(
        item=items[place % len(items)],
        kind="extra_face",
        start_ms=start,
        end_ms=start + 9_000,
        confidence=0.87,
        model="face_detection_full_range 0.10.21",
        frame_jpeg=picture(place),
        regions=((0.36, 0.17, 0.64, 0.63),),
        clip_url=f"https://proctor.example.kz/api/v1/flags/{place}/clip.webm",
        clip_sha256=f"{place:064x}",
        comment="Екінші адаммен сөйлесті.",
        decided_by="Сейтқали Айгерім Бауыржанқызы",
        decided_at=STARTED + timedelta(hours=2),
        frame_at_ms=start + 1_500,
    )


def act(seq: int, entries: tuple[EvidenceItem, ...]) -> ActDocument:
    return ActDocument(
        number=f"2026-{seq:06d}",
        revision=1,
        made_at=STARTED + timedelta(hours=2, seconds=seq),
        discipline="Деректер қоры теориясы",
        exam_date=date(2026, 11, 22),
        started_at=STARTED,
        authors=(Person("Сейтқали Айгерім Бауыржанқызы", "проктор"),),
        student=Student("Нұрланұлы Әлихан", "Ақпараттық технологиялар", "6B06103", "2", "ВТ-24-1"),
        evidence=entries,
        recording_digest="9f2c" * 16,
        recording_seconds=3588.0,
        exam_seconds=3600.0,
        recording_url="https://proctor.example.kz/review/1",
        verify_url=f"https://proctor.example.kz/verify/{seq:032x}/9f2c9f2c9f2c9f2c",
        analysed_fps=2.0,
        gaps=(RecordingGap(1_200_000, 1_212_000, "network"),),
    )


def timed_ms(document: ActDocument, language: Language, key: SealKey) -> tuple[float, bytes]:
    start = time.perf_counter()
    pdf = seal(render_act(document, language), key, document.made_at, place=PLACE)
    return (time.perf_counter() - start) * 1000, pdf


def measure(key: SealKey, *, quick: bool) -> dict[str, object]:
    entries = tuple(evidence(place) for place in range(FRAMES))
    timed_ms(act(0, entries), "kk", key)  # fonts are read once per process
    single = [
        timed_ms(act(seq, entries), LANGUAGES[seq % len(LANGUAGES)], key)
        for seq in range(12 if quick else 60)
    ]
    again = [
        timed_ms(act(seq, entries), LANGUAGES[seq % len(LANGUAGES)], key)[1]
        for seq in range(len(LANGUAGES))
    ]
    batch = 120 if quick else 1000
    start, worked = time.perf_counter(), time.process_time()
    for seq in range(batch):
        _, pdf = timed_ms(act(seq, entries), "kk", key)
    seconds, cpu = time.perf_counter() - start, time.process_time() - worked
    return {
        "frames": FRAMES,
        "ms_per_act": round(statistics.median(ms for ms, _ in single), 1),
        "ms_per_act_most": round(max(ms for ms, _ in single), 1),
        "cpu_ms_per_act": round(cpu / batch * 1000, 1),  # does not mind a busy machine
        "kb_per_act": round(len(pdf) / 1000),
        "batch": batch,
        "acts_per_s": round(batch / seconds, 2),
        "identical": [pdf for _, pdf in single[: len(again)]] == again,
        "intact": verify_act(pdf, [key.certificate]).intact,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object (the default)")
    parser.add_argument("--quick", action="store_true", help="under a minute on two cores")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        key = SealKey.load_or_create(Path(folder) / "seal.pem")
        print(json.dumps(measure(key, quick=options.quick), indent=1))


if __name__ == "__main__":
    main()
