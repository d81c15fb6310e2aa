"""A real WHIP client on aiortc: plays a video file at real speed, as a student's browser would."""

import asyncio
import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from urllib.parse import urljoin

import av
import httpx
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av.frame import Frame as AvFrame

from capture.errors import ServerRefusedPublisher
from capture.ice import IceServer, linked_servers
from capture.probe import probe, upright_picture
from capture.rtp_seam import rtc_configuration, use_loopback_when_offline
from capture.sound import check_sound

_AUDIO_RATE = 48000
_VIDEO_BASE, _AUDIO_BASE = Fraction(1, 90000), Fraction(1, _AUDIO_RATE)
_CONNECT_S = 20.0
_LINGER_S = 0.3  # the last packets are on their way before we say good-bye


class _Start:
    """The common zero of all tracks: set once the connection stands."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._at = 0.0

    def now(self) -> None:
        if not self._event.is_set():
            self._at = asyncio.get_running_loop().time()
            self._event.set()

    async def wait_until(self, seconds: float) -> None:
        await self._event.wait()
        delay = self._at + seconds - asyncio.get_running_loop().time()
        if delay > 0:
            await asyncio.sleep(delay)


class _FileTrack(MediaStreamTrack):
    """Frames of one stream, each handed out when its time has come; decoded in a thread."""

    def __init__(self, kind: str, frames: Iterator[AvFrame], start: _Start) -> None:
        super().__init__()
        self.kind = kind
        self._frames = frames
        self._start = start
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"publish-{kind}")
        self.finished = asyncio.Event()

    async def recv(self) -> AvFrame:
        loop = asyncio.get_running_loop()
        frame = None
        if self.readyState == "live":
            with contextlib.suppress(RuntimeError):  # stopped meanwhile: no thread any more
                frame = await loop.run_in_executor(self._thread, next, self._frames, None)
        if frame is None:
            self.stop()
            raise MediaStreamError
        assert frame.pts is not None
        assert frame.time_base is not None
        await self._start.wait_until(float(frame.pts * frame.time_base))
        return frame

    def stop(self) -> None:
        super().stop()
        self.finished.set()
        self._thread.shutdown(wait=False)


def _video_frames(path: Path, max_fps: float, box: tuple[int, int]) -> Iterator[AvFrame]:
    """Upright pictures within ``box``, at most ``max_fps`` a second, times from 0."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        origin: Fraction | None = None
        due = Fraction(0)
        step = 1 / Fraction(max_fps)
        for picture in container.decode(stream):
            if picture.pts is None or picture.time_base is None:
                continue
            at = picture.pts * picture.time_base
            origin = at if origin is None else origin
            if at - origin < due - step / 4:
                continue
            due = max(due + step, at - origin)
            out = upright_picture(picture, box)
            out.pts, out.time_base = round((at - origin) / _VIDEO_BASE), _VIDEO_BASE
            yield out


def _audio_frames(path: Path) -> Iterator[AvFrame]:
    """Stereo, 48 kHz, 20 ms each, times from 0."""
    resampler = av.AudioResampler(
        format="s16", layout="stereo", rate=_AUDIO_RATE, frame_size=_AUDIO_RATE // 50
    )
    samples = 0
    with av.open(str(path)) as container:
        for decoded in container.decode(container.streams.audio[0]):
            for frame in resampler.resample(decoded):
                frame.pts, frame.time_base = samples, _AUDIO_BASE
                samples += frame.samples
                yield frame


async def _ice_servers(
    whip_url: str, headers: dict[str, str], http: httpx.AsyncClient
) -> tuple[IceServer, ...]:
    """Asked for before the offer, whose candidates are all in it (RFC 9725 §4.6)."""
    try:
        reply = await http.options(whip_url, headers=headers)
    except httpx.HTTPError as error:
        raise ServerRefusedPublisher("the server cannot be reached") from error
    return linked_servers(reply.headers.get("link", ""))


class Publisher:
    """Publishes one file once. ``started`` is set when media flows; ``stop`` ends it early."""

    def __init__(self, *, max_fps: float = 15.0, max_size: tuple[int, int] = (640, 480)) -> None:
        self.started = asyncio.Event()
        self._max_fps, self._max_size = max_fps, max_size
        self._stopped = asyncio.Event()
        self._failed = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()

    async def publish(
        self,
        source: Path,
        whip_url: str,
        token: str,
        *,
        http: httpx.AsyncClient,
        sound: Path | None = None,
    ) -> None:
        """Play ``source`` to its end, with ``sound`` in place of its own where that is given.

        Raises NotAVideo, NotASound, ServerRefusedPublisher.
        """
        info = await asyncio.to_thread(probe, source)
        if sound is not None:
            await asyncio.to_thread(check_sound, sound)
        start = _Start()
        video = _video_frames(source, self._max_fps, self._max_size)
        tracks = [_FileTrack("video", video, start)]
        if sound is not None or info.audio_codec is not None:
            tracks.append(_FileTrack("audio", _audio_frames(sound or source), start))
        use_loopback_when_offline()
        headers = {"Authorization": f"Bearer {token}"}
        peer = RTCPeerConnection(rtc_configuration(await _ice_servers(whip_url, headers, http)))
        peer.on("connectionstatechange", lambda: self._on_state(peer, start))
        resource = None
        try:
            resource = await self._connect(peer, tracks, whip_url, headers, http)
            await self._play(tracks)
        finally:
            if resource is not None:
                with contextlib.suppress(httpx.HTTPError):
                    await http.delete(resource, headers=headers)
            for track in tracks:
                track.stop()
            await peer.close()

    def _on_state(self, peer: RTCPeerConnection, start: _Start) -> None:
        if peer.connectionState == "connected":
            start.now()
            self.started.set()
        elif peer.connectionState in {"failed", "closed"}:
            self._failed.set()

    async def _connect(
        self,
        peer: RTCPeerConnection,
        tracks: list[_FileTrack],
        whip_url: str,
        headers: dict[str, str],
        http: httpx.AsyncClient,
    ) -> str:
        for track in tracks:
            peer.addTransceiver(track, direction="sendonly")
        await peer.setLocalDescription(await peer.createOffer())
        try:
            answer = await http.post(
                whip_url,
                content=peer.localDescription.sdp,
                headers={**headers, "Content-Type": "application/sdp"},
            )
        except httpx.HTTPError as error:
            raise ServerRefusedPublisher("the server cannot be reached") from error
        if answer.status_code != 201:
            raise ServerRefusedPublisher(f"the server answered {answer.status_code}")
        await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        return urljoin(str(answer.url), answer.headers["Location"])

    async def _play(self, tracks: list[_FileTrack]) -> None:
        if not await self._first_of(self.started, timeout_s=_CONNECT_S):
            if self._stopped.is_set():
                return
            raise ServerRefusedPublisher("no connection came about")
        for track in tracks:
            if not await self._first_of(track.finished):
                break
        await asyncio.sleep(_LINGER_S)
        if self._failed.is_set() and not self._stopped.is_set():
            raise ServerRefusedPublisher("the connection was lost")

    async def _first_of(self, event: asyncio.Event, timeout_s: float | None = None) -> bool:
        """Wait for the event, unless stopped or disconnected before; whether it came."""
        waiting = [
            asyncio.ensure_future(one.wait()) for one in (event, self._stopped, self._failed)
        ]
        try:
            await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        return event.is_set()
