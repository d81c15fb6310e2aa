"""A sitting's track in memory: who publishes it now, who writes it down, who watches it."""

import time
from dataclasses import dataclass, field

from capture.contracts import CaptureFigures, Gap, LiveStatus, Segment, TrackKey
from capture.recorder import Recorder
from capture.session import PublishSession
from capture.tap import Taps
from capture.viewing import Audience


@dataclass(slots=True)
class LiveTrack:
    recorder: Recorder
    session: PublishSession | None = None
    live: bool = False  # announced as started and not yet as lost
    last_rtp_ms: int | None = None
    decoded: int = 0  # by earlier publications
    skipped: int = 0
    idle_since: float = field(default_factory=time.monotonic)
    audience: Audience = field(default_factory=Audience)

    def status(self, taps: Taps | None) -> LiveStatus:
        """``taps``: of those who look at this track's frames, if anybody does."""
        session = self.session
        sampler = session.sampler if session else None
        return LiveStatus(
            live=self.live and self.recorder.recording and session is not None,
            connected=session is not None and session.connected,
            last_media_ms=self.last_rtp_ms,
            frames_decoded=self.decoded + (sampler.decoded if sampler else 0),
            frames_dropped=self.skipped
            + (sampler.skipped if sampler else 0)
            + (taps.frames.dropped if taps else 0),
        )

    def figures(self, key: TrackKey, taps: Taps | None) -> CaptureFigures:
        status = self.status(taps)
        sound = taps.sound if taps else None
        frames = CaptureFigures(
            frames_decoded=status.frames_decoded,
            frames_dropped=status.frames_dropped,
            sound_lost_ms=sound.lost_ms if sound else 0,
        )
        if self.session is None:
            return frames
        kept = self.recorder.ledger.recording(key)
        until_ms = self.recorder.until_ms
        closed: list[Segment | Gap] = [*kept.segments, *kept.gaps]
        first_ms = min((one.start_ms for one in closed), default=until_ms)
        open_ms = until_ms - max((one.end_ms for one in closed), default=until_ms)
        return frames + CaptureFigures(
            publishing=1,
            live=int(status.live),
            recorded_ms=kept.recorded_ms + max(0, open_ms),
            elapsed_ms=max(0, self.session.clock.now_ms() - first_ms) if closed else 0,
        )
