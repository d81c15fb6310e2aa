"""Capture and analysis as the exam core and the bridge see them."""

from collections.abc import Collection
from dataclasses import replace
from typing import Protocol

from analysis.contracts import FlagKind, Subject
from analysis.policy import DEFAULT_POLICY, AnalysisPolicy
from analysis.rounds import Analysed, FrameSource, SoundSource
from capture.contracts import LiveStatus, TrackKind
from capture.tap import AudioTap, FrameTap
from exam_api.services.ports import MediaState


class Capture(Protocol):
    def status(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> LiveStatus: ...
    def recorded_until(self, sitting_id: str) -> int: ...
    def tap(self, sitting_id: str) -> FrameTap: ...
    def audio_tap(self, sitting_id: str) -> AudioTap: ...
    async def end_sitting(self, sitting_id: str) -> None: ...
    async def end_views(self, sitting_id: str) -> None: ...


class Worker(Protocol):
    def attach(
        self,
        sitting_id: str,
        tap: FrameSource,
        policy: AnalysisPolicy,
        subject: Subject,
        sound: SoundSource,
    ) -> None: ...
    def detach(self, sitting_id: str) -> Analysed: ...


class CapturedMedia:
    """What is live (S-10) and how much is on record (S-13)."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    def state(self, sitting_id: str) -> MediaState:
        status = self._capture.status(sitting_id)
        seconds = self._capture.recorded_until(sitting_id) // 1000
        tracks = frozenset(
            kind for kind in TrackKind if self._capture.status(sitting_id, kind).live
        )
        return MediaState(status.live, status.connected, seconds, tracks)

    async def end_sitting(self, sitting_id: str) -> None:
        await self._capture.end_sitting(sitting_id)

    async def end_views(self, sitting_id: str) -> None:
        await self._capture.end_views(sitting_id)


class TappedAnalysis:
    """Switches a sitting's analysis on and off. Threads: called by the bridge, off the loop."""

    def __init__(self, capture: Capture, worker: Worker, thumbnail_every_s: float) -> None:
        self._capture = capture
        self._worker = worker
        self._thumbnail_every_s = thumbnail_every_s

    def attach(
        self, sitting_id: str, excused: Collection[str], subject: Subject, thumbnail_s: int
    ) -> None:
        """Anew where it was on: media that starts again starts a new watch.

        ``excused``: kinds of flags that an accommodation takes out. ``thumbnail_s``: how often
        the exam wants a picture; 0: as often as the server makes them.
        """
        self._worker.detach(sitting_id)
        policy = replace(
            DEFAULT_POLICY.without(*(kind for kind in FlagKind if kind in excused)),
            thumbnail_every_s=thumbnail_s or self._thumbnail_every_s,
        )
        tap, sound = self._capture.tap(sitting_id), self._capture.audio_tap(sitting_id)
        self._worker.attach(sitting_id, tap, policy, subject, sound)

    def detach(self, sitting_id: str) -> None:
        self._worker.detach(sitting_id)
