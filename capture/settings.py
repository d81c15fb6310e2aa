"""Knobs of the capture service; every default is the measured or prescribed value."""

from dataclasses import dataclass, field, replace

from capture.contracts import TrackKind
from capture.ice import IceSettings


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """Times in seconds unless the name says milliseconds."""

    segment_s: float = 15.0  # a segment is cut at the first key frame after this
    cluster_ms: int = 500  # written at once; what a kill -9 may lose at most
    key_frame_every_s: float = 2.5  # a picture loss indication asks for one (browsers send few)
    lost_after_s: float = 2.0  # without RTP: the media is lost
    # Where nothing moves on a screen browsers send a frame only now and then.
    screen_lost_after_s: float = 6.0
    connect_within_s: float = 20.0  # an offer that never connects is dropped after this
    forget_after_s: float = 600.0  # a sitting without publisher leaves memory (never the disk)
    tick_s: float = 0.2
    gap_ms: int = 250  # shorter holes between segments are not called gaps
    hole_ms: int = 1000  # neither sound nor picture for this long ends a segment: a gap
    told_for_s: float = 10.0  # how long a page's word on its camera explains silence to come
    sample_fps: float = 2.0  # decoded frames handed to analysis
    decode_threads: int = 2
    decode_backlog: int = 60  # encoded frames waiting; beyond it decoding skips to a key frame
    max_sittings: int = 200  # at once; further ones wait their turn
    # More than a 10 Mbit/s screen has: a sender beyond this for a second is no camera.
    max_packets_per_s: int = 2000
    # Left free on the disk: recording stops first, so that answers can still be saved.
    reserve_bytes: int = 32 * 1024 * 1024
    max_offer_bytes: int = 64 * 1024
    audio_ptime_ms: int = 60  # fewer, larger packets: 30 % fewer in all
    max_views: int = 40  # live views, of all tracks together
    max_views_a_track: int = 6
    view_life_s: float = 1800.0  # then the viewer asks for a token again
    # The server's own: a STUN server behind address translation, a TURN server behind a firewall.
    ice: IceSettings = field(default_factory=IceSettings)

    def of(self, kind: TrackKind) -> "CaptureSettings":
        """What silence means differs by what a track shows."""
        if kind is not TrackKind.SCREEN:
            return self
        still_s = self.screen_lost_after_s
        return replace(self, lost_after_s=still_s, hole_ms=round(still_s * 1000))
