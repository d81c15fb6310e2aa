"""What of sound and picture survives a bad network: our receive path beside aiortc's own.

Both receive the same media over a link that drops packets in both directions at random and
delays each by 20 ms and up to the jitter more, so that packets also overtake each other: tc netem
in a network namespace of its own where this process is root and the kernel has it, else a relay in
memory. Each row says which, in ``link``.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from benchmarks import netem
from benchmarks.capture_media import FPS, PTIME_MS, Packets, encode_audio, encode_video
from benchmarks.lossy_link import LossyLink, Weather
from capture.offer import check_offer
from capture.prepared import LoopTrack
from capture.rtp_seam import EncodedFrame, Ingest, SenderTime, use_loopback_when_offline

_DELAY_S = 0.02
_TAIL_S = 1.0  # the end of the media is not counted: receivers hold their last frames
_DRAIN_S = 1.5
_AUDIO_PER_S = 1000 / PTIME_MS
Answer = Callable[[str], Awaitable[str]]


@dataclass(slots=True)
class Tally:
    """Media times of the frames that came, and the moments at which pictures did."""

    sound: list[float] = field(default_factory=list)
    picture: list[float] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)

    def shown(self, at_s: float) -> None:
        self.picture.append(at_s)
        self.moments.append(asyncio.get_running_loop().time())

    def result(self, seconds: float) -> dict[str, float]:
        counted = seconds - _TAIL_S
        sound = sum(at < counted for at in self.sound)
        picture = sum(at < counted for at in self.picture)
        gaps = [later - sooner for sooner, later in itertools.pairwise(self.moments)]
        return {
            "audio_lost_pct": _lost_pct(sound, counted * _AUDIO_PER_S),
            "video_lost_pct": _lost_pct(picture, counted * FPS),
            "longest_stall_s": round(max(gaps, default=seconds), 3),
        }


def _lost_pct(came: int, sent: float) -> float:
    return round(max(0.0, 100 * (1 - came / sent)), 2)


class _Straight:
    """In place of a relay: the network itself is bad."""

    def offer(self, sdp: str) -> str:
        return sdp

    async def answer(self, sdp: str) -> str:
        return sdp

    def close(self) -> None:
        """There is nothing of its own."""


class _Ours:
    """An Ingest and the sink that counts what it delivers."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._ingest = Ingest(self)

    async def answer(self, offer: str) -> str:
        return await self._ingest.answer(check_offer(offer, 65536), 60)

    def on_frame(self, frame: EncodedFrame) -> None:
        at_s = frame.ticks / frame.clock_rate
        if frame.codec == "opus":
            self._tally.sound.append(at_s)
        else:
            self._tally.shown(at_s)

    def on_sender_time(self, time: SenderTime) -> None:
        """Counting needs no clock."""

    def on_closed(self) -> None:
        """The benchmark ends both sides."""

    async def close(self) -> None:
        await self._ingest.close()


class _Stock:
    """aiortc as it is: its jitter buffer, its NACK, its decoders."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peer.on("track", self._on_track)
        self._tasks: list[asyncio.Task[None]] = []

    async def answer(self, offer: str) -> str:
        await self._peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self._peer.setLocalDescription(await self._peer.createAnswer())
        return str(self._peer.localDescription.sdp)

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._tasks.append(asyncio.create_task(self._consume(track)))

    async def _consume(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame: Any = await track.recv()
            except MediaStreamError:
                return
            if track.kind == "audio":
                self._tally.sound.append(frame.time)
            else:
                self._tally.shown(frame.time)

    async def close(self) -> None:
        await self._peer.close()
        await asyncio.gather(*self._tasks)


async def _one(
    receiver: type[_Ours | _Stock],
    link: LossyLink | _Straight,
    media: tuple[Packets, Packets],
    seconds: float,
) -> dict[str, float]:
    """One publisher, one link, one receiver, ``seconds`` of media."""
    tally, start = Tally(), asyncio.Event()
    receiving = receiver(tally)
    sender = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    sender.on(
        "connectionstatechange",
        lambda: start.set() if sender.connectionState == "connected" else None,
    )
    tracks = [
        LoopTrack(kind, packets, start, until_s=seconds)
        for kind, packets in zip(("video", "audio"), media, strict=True)
    ]
    try:
        for track in tracks:
            sender.addTransceiver(track, direction="sendonly")
        await sender.setLocalDescription(await sender.createOffer())
        answer = await receiving.answer(link.offer(sender.localDescription.sdp))
        await sender.setRemoteDescription(
            RTCSessionDescription(await link.answer(answer), "answer")
        )
        async with asyncio.timeout(30 + seconds):
            await asyncio.gather(*(track.done.wait() for track in tracks))
        await asyncio.sleep(_DRAIN_S)
        return tally.result(seconds)
    finally:
        await sender.close()
        await receiving.close()
        link.close()


async def _both(
    loss_pct: int, jitter_ms: int, media: tuple[Packets, Packets], seconds: float, *, kernel: bool
) -> dict[str, Any]:
    weather = Weather(loss_pct / 100, _DELAY_S, jitter_ms / 1000)
    if kernel:
        netem.spoil(weather)
    ours, stock = await asyncio.gather(
        *(
            _one(receiver, _Straight() if kernel else LossyLink(weather), media, seconds)
            for receiver in (_Ours, _Stock)
        )
    )
    link = "netem" if kernel else "relay"
    row = {"loss_pct": loss_pct, "jitter_ms": jitter_ms, "link": link}
    return {**row, **ours, "stock_aiortc": stock}


def loss_table(
    losses_pct: tuple[int, ...], jitters_ms: tuple[int, ...], seconds: float
) -> list[dict[str, Any]]:
    """One row for each jitter and loss, one after the other: a late process looks like a loss."""
    kernel = netem.works()

    async def measured() -> list[dict[str, Any]]:
        media = encode_video(noise=10), encode_audio()
        return [
            await _both(loss, jitter_ms, media, seconds, kernel=kernel)
            for jitter_ms in jitters_ms
            for loss in losses_pct
        ]

    use_loopback_when_offline()
    with netem.own_network() if kernel else nullcontext():
        return asyncio.run(measured())
