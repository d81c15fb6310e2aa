"""CPU and memory that recording costs a session: ours, aiortc's MediaRecorder, and Janus.

``python -m benchmarks.capture --json [--quick]``. Publishers run in a process of their own and
send media encoded beforehand, so only the receiving process is measured: user + system time a
second of wall clock in per cent of one core, and resident memory above the idle server's, both
divided by the sessions. One run measures all receivers, so the ratios hold on any machine.
``loss``: what of sound and picture survives a bad network, ours beside aiortc's own receiver.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import httpx
import uvicorn
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRecorder
from fastapi import FastAPI, Request, Response

from benchmarks import capture_janus
from benchmarks.capture_loss import loss_table
from benchmarks.capture_media import Packets, encode_audio, encode_video
from capture.contracts import PublishGrant
from capture.prepared import LoopTrack
from capture.service import CaptureService
from capture.whip import whip_router

_COMPARED_AT = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """What one receiver costs a session, and whether all sessions were really recorded."""

    cpu_pct_per_session: float
    mb_per_session: float
    sessions: int
    seconds_recorded_pct: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Numbers of sessions for each receiver; the last of ``ours`` that all have is compared."""

    ours: tuple[int, ...]
    janus: tuple[int, ...]
    decoding: int
    media_recorder: tuple[int, ...]
    window_s: float
    loss_pct: tuple[int, ...]
    jitter_ms: tuple[int, ...]
    loss_s: float


QUICK = Plan(
    ours=(8,),
    janus=(8,),
    decoding=0,
    media_recorder=(2,),
    window_s=8.0,
    loss_pct=(2,),
    jitter_ms=(30,),
    loss_s=6.0,
)
FULL = Plan(
    ours=(1, 8, 16, 40),
    janus=(1, 8, 16, 40),
    decoding=8,
    media_recorder=(1, 4),  # at 16 it needs more than the cores of this machine
    window_s=20.0,
    loss_pct=(0, 2, 8),
    jitter_ms=(30, 150),
    loss_s=30.0,
)


# --- publishers ---------------------------------------------------------------------------------


async def answer_of(kind: str, url: str, number: int, offer: str) -> str:
    async with httpx.AsyncClient(timeout=30) as http:
        if kind == "janus":
            return await capture_janus.answer(http, url, f"s{number}", offer)
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer s{number}"}
        reply = await http.post(url, content=offer, headers=headers)
    return reply.raise_for_status().text


async def send_one(
    kind: str, url: str, number: int, media: tuple[Packets, Packets]
) -> RTCPeerConnection:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    start = asyncio.Event()
    peer.on(
        "connectionstatechange",
        lambda: start.set() if peer.connectionState == "connected" else None,
    )
    peer.addTransceiver(LoopTrack("video", media[0], start), direction="sendonly")
    peer.addTransceiver(LoopTrack("audio", media[1], start), direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    answer = await answer_of(kind, url, number, peer.localDescription.sdp)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await asyncio.wait_for(start.wait(), 30)
    return peer


async def run_senders(kind: str, url: str, sessions: int) -> None:
    media = encode_video(), encode_audio()
    peers = []
    for number in range(sessions):
        peers.append(await send_one(kind, url, number, media))
        await asyncio.sleep(0.05)
    print("sending", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await asyncio.gather(*(peer.close() for peer in peers))


# --- receivers ----------------------------------------------------------------------------------


def ours_app(root: Path, *, decode: bool) -> tuple[FastAPI, Callable[[], Awaitable[Any]]]:
    service = CaptureService(root, on_event=lambda _: None)
    origin = datetime.now(UTC)

    async def authorize(token: str) -> PublishGrant:
        if decode:
            service.tap(token)
        return PublishGrant(token, origin)

    async def report() -> dict[str, float]:
        """Milliseconds on record of all sessions, and how long cutting a clip takes."""
        sittings = sorted(path.name for path in root.iterdir())
        recorded = sum(service.recorded_until(sitting_id) for sitting_id in sittings)
        at, spent = time.monotonic(), []
        for sitting_id in sittings * 4:
            began = time.perf_counter()
            await service.clip(sitting_id, service.recorded_until(sitting_id) - 4000)
            spent.append((time.perf_counter() - began) * 1000)
        return {"recorded_ms": recorded, "at": at, "clip_ms": statistics.median(spent)}

    app = FastAPI()
    app.include_router(whip_router(service, authorize))
    return app, report


def media_recorder_app(root: Path) -> tuple[FastAPI, Callable[[], Awaitable[Any]]]:
    """The usual aiortc server: every track into a MediaRecorder, one MP4 a session."""
    app = FastAPI()
    kept: list[Any] = []
    root.mkdir(parents=True, exist_ok=True)

    @app.post("/whip")
    async def publish(request: Request) -> Response:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        recorder = MediaRecorder(str(root / f"{len(kept)}.mp4"))
        peer.on("track", recorder.addTrack)
        kept.append((peer, recorder))
        await peer.setRemoteDescription(
            RTCSessionDescription((await request.body()).decode(), "offer")
        )
        await recorder.start()
        await peer.setLocalDescription(await peer.createAnswer())
        return Response(peer.localDescription.sdp, 201, media_type="application/sdp")

    async def report() -> dict[str, float]:
        return {}

    return app, report


async def run_receiver(kind: str, root: Path) -> None:
    app, report = (
        media_recorder_app(root)
        if kind == "media_recorder"
        else ours_app(root, decode=kind == "decoding")
    )

    @app.get("/report")
    async def tell_more() -> Any:
        return await report()

    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="error", lifespan="off", ws="none")
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event for it
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    serving.cancel()
    os._exit(0)  # nothing is left to save, and MediaRecorder's threads would not end


# --- the measurement ----------------------------------------------------------------------------


def usage(process: "subprocess.Popen[str]") -> dict[str, float]:
    """A process so far: CPU seconds, and resident MiB now.

    Read from outside: a receiver whose loop is busy encoding does not answer in time.
    """
    folder = Path(f"/proc/{process.pid}")
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    pages = int((folder / "statm").read_text().split()[1])
    return {
        "cpu_s": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
        "rss_mb": pages * resource.getpagesize() / 2**20,
        "at": time.monotonic(),
    }


def child(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.capture", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        raise RuntimeError("a process of the benchmark ended early")
    return line


def stop(process: "subprocess.Popen[str]") -> None:
    pipe: IO[str] | None = process.stdin
    assert pipe is not None
    pipe.close()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def measure(kind: str, sessions: int, window_s: float) -> tuple[Cost, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        receiver, url = start_receiver(kind, Path(folder))
        sender = None
        try:
            idle = usage(receiver)
            sender = child(
                "--role", "sender", "--kind", kind, "--url", url, "--sessions", str(sessions)
            )
            line_of(sender)
            time.sleep(2)
            before = report_of(kind, url, Path(folder))
            first = usage(receiver)
            time.sleep(window_s)
            last = usage(receiver)
            report = report_of(kind, url, Path(folder))
        finally:
            if sender is not None:
                stop(sender)
            stop(receiver)
    if kind == "janus" and report["bytes"] <= before["bytes"]:
        raise RuntimeError("janus recorded nothing")
    wall = last["at"] - first["at"]
    return Cost(
        cpu_pct_per_session=round((last["cpu_s"] - first["cpu_s"]) / wall * 100 / sessions, 3),
        mb_per_session=round((last["rss_mb"] - idle["rss_mb"]) / sessions, 2),
        sessions=sessions,
        seconds_recorded_pct=coverage(before, report, sessions) if kind == "ours" else None,
    ), report


def start_receiver(kind: str, folder: Path) -> tuple["subprocess.Popen[str]", str]:
    """The process to be measured, and where publishers find it."""
    if kind == "janus":
        return capture_janus.start(folder / "janus")
    receiver = child("--role", "receiver", "--kind", kind, "--root", str(folder))
    return receiver, f"http://127.0.0.1:{line_of(receiver)}/whip"


def report_of(kind: str, url: str, folder: Path) -> dict[str, float]:
    """What proves that the receiver records: milliseconds of ours, bytes of Janus."""
    if kind == "janus":
        return {"bytes": capture_janus.recorded(folder / "janus")}
    if kind != "ours":
        return {}
    found: dict[str, float] = httpx.get(url.replace("/whip", "/report"), timeout=60).json()
    return found


def coverage(before: dict[str, float], after: dict[str, float], sessions: int) -> float:
    gained_s = (after["recorded_ms"] - before["recorded_ms"]) / 1000 / sessions
    return round(gained_s / (after["at"] - before["at"]) * 100, 1)


def benchmark(plan: Plan) -> dict[str, Any]:
    """Ours and Janus take turns at each number of sessions: a machine's moods meet both."""
    ours: list[Cost] = []
    theirs: list[Cost] = []
    report: dict[str, float] = {}
    for sessions in plan.ours:
        cost, report = measure("ours", sessions, plan.window_s)
        ours.append(cost)
        if sessions in plan.janus and capture_janus.installed():
            theirs.append(measure("janus", sessions, plan.window_s)[0])
    recorders = [measure("media_recorder", n, plan.window_s)[0] for n in plan.media_recorder]
    decoding = measure("decoding", plan.decoding, plan.window_s)[0] if plan.decoding else None
    at = min(_COMPARED_AT, plan.ours[-1])
    own = _at(ours, at)
    janus = _at(theirs, at) if theirs else None
    return {
        "sessions": at,
        "ours": asdict(own),
        "ours_by_sessions": [asdict(cost) for cost in ours],
        "ours_decoding": asdict(decoding) if decoding else None,
        "media_recorder": asdict(recorders[-1]),
        "media_recorder_by_sessions": [asdict(cost) for cost in recorders],
        "janus": asdict(janus) if janus else None,
        "janus_by_sessions": [asdict(cost) for cost in theirs],
        "times_cheaper": round(recorders[-1].cpu_pct_per_session / own.cpu_pct_per_session, 1),
        "times_janus": round(own.cpu_pct_per_session / janus.cpu_pct_per_session, 2)
        if janus
        else None,
        "loss": loss_table(plan.loss_pct, plan.jitter_ms, plan.loss_s),
        "clip_ms": round(report["clip_ms"], 2),
        "window_s": plan.window_s,
    }


def _at(costs: Sequence[Cost], sessions: int) -> Cost:
    return next(cost for cost in costs if cost.sessions == sessions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="under 60 s on 2 cores")
    parser.add_argument("--role", choices=["sender", "receiver"], help=argparse.SUPPRESS)
    parser.add_argument("--kind", help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--sessions", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.role:
        import uvloop  # noqa: PLC0415 - only the measured processes run on it

        work = (
            run_receiver(asked.kind, asked.root / "recordings")
            if asked.role == "receiver"
            else run_senders(asked.kind, asked.url, asked.sessions)
        )
        uvloop.run(work)
        return
    found = benchmark(QUICK if asked.quick else FULL)
    print(json.dumps(found, indent=None if asked.json else 2))


if __name__ == "__main__":
    main()
