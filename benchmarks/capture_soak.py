"""Whether the recording server stays as it is: connections that come and go, and plain time.

``python -m benchmarks.capture_soak --json [--quick]``. First ``cycles`` connections, ten at a
time, are opened, send for a moment and end (every second one without a good-bye), then
``sessions`` stay for ``minutes``. The server is a process of its own; its memory, threads and
descriptors are read from outside and given at each tenth of the way.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.capture import child, line_of, stop, usage
from capture.prepared import PreparedMedia, PreparedPublisher, prepare

_AT_ONCE = 10
_STAY_S = 0.3


def state(pid: int, rss_mb: float) -> dict[str, float]:
    folder = Path(f"/proc/{pid}")
    return {
        "rss_mb": round(rss_mb, 1),
        "threads": len(list((folder / "task").iterdir())),
        "descriptors": len(list((folder / "fd").iterdir())),
    }


async def come_and_go(http: httpx.AsyncClient, url: str, media: PreparedMedia, number: int) -> None:
    publisher, token = PreparedPublisher(media), f"come-{number % _AT_ONCE}"
    await publisher.connect(http, url, token)
    await asyncio.sleep(_STAY_S)
    if number % 2:
        await publisher.close()
    else:
        await publisher.leave(http, token)


async def soak(process: Any, url: str, cycles: int, sessions: int, minutes: float) -> Any:
    media, samples = prepare(6), []

    def sample(what: str) -> None:
        samples.append({"after": what, **state(process.pid, usage(process)["rss_mb"])})

    async with httpx.AsyncClient(timeout=30) as http:
        sample("start")
        for begun in range(0, cycles, _AT_ONCE):
            numbers = range(begun, min(begun + _AT_ONCE, cycles))
            await asyncio.gather(*(come_and_go(http, url, media, n) for n in numbers))
            sample(f"{numbers.stop} connections")
        staying = [PreparedPublisher(media, phase) for phase in range(sessions)]
        for number, publisher in enumerate(staying):
            await publisher.connect(http, url, f"stay-{number}")
        began = time.monotonic()
        for tenth in range(1, 11):
            until = began + tenth / 10 * minutes * 60
            await asyncio.sleep(max(0.0, until - time.monotonic()))
            sample(f"{tenth * minutes / 10:g} min of {sessions} sessions")
        for number, publisher in enumerate(staying):
            await publisher.leave(http, f"stay-{number}")
        await asyncio.sleep(1)
        sample("all gone")
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="under 60 s on 2 cores")
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--sessions", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=10.0)
    asked = parser.parse_args()
    if asked.quick:
        asked.cycles, asked.sessions, asked.minutes = 50, 4, 0.4
    with tempfile.TemporaryDirectory() as folder:
        receiver = child("--role", "receiver", "--kind", "ours", "--root", folder)
        try:
            url = f"http://127.0.0.1:{line_of(receiver)}/whip"
            samples = asyncio.run(soak(receiver, url, asked.cycles, asked.sessions, asked.minutes))
        finally:
            stop(receiver)
    found = {
        "cycles": asked.cycles,
        "sessions": asked.sessions,
        "minutes": asked.minutes,
        "samples": samples,
    }
    print(json.dumps(found, indent=None if asked.json else 2))


if __name__ == "__main__":
    main()
