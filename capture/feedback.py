"""What a receiver tells its sender all the time: what came, and how much the line carries.

One datagram for all tracks of a connection: in aiortc each track reports in datagrams of its own,
and the capacity in others, which costs more than what they carry.
"""

import random
import time
from collections.abc import Sequence

from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, RtcpReceiverInfo, RtcpRrPacket, pack_remb_fci

from capture.rtp import Reception

_URGENT_DROP = 0.97  # of what the sender was told last: it must not wait to send less
_URGENT_EVERY_S = 0.2


def wait_s() -> float:
    """Until the next report: about a second, never in step with others (RFC 3550 §6.2)."""
    return 0.5 + random.random()  # noqa: S311 - no secret


class ReportedSource:
    """One track's source for receiver reports (RFC 3550 §6.4.1)."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._sender_report = 0  # the middle 32 bits of its NTP time
        self._heard_at: float | None = None

    def heard(self, ntp_timestamp: int) -> None:
        """A sender report came: the next reports say which and how long ago, for its round trip."""
        self._sender_report = (ntp_timestamp >> 16) & 0xFFFFFFFF
        self._heard_at = time.monotonic()

    def block(self, ssrc: int) -> RtcpReceiverInfo:
        ago = 0.0 if self._heard_at is None else time.monotonic() - self._heard_at
        reception = self._reception
        return RtcpReceiverInfo(
            ssrc=ssrc,
            fraction_lost=reception.fraction_lost,
            packets_lost=reception.packets_lost,
            highest_sequence=reception.max_seq,
            jitter=reception.jitter,
            lsr=self._sender_report,
            dlsr=min(int(ago * 65536), 0xFFFFFFFF),
        )


class Capacity:
    """The bandwidth estimate on its way to the sender, as REMB (draft-alvestrand-rmcat-remb)."""

    def __init__(self) -> None:
        self._estimate: tuple[int, list[int]] | None = None
        self._told, self._told_at = 0, 0.0

    def estimated(self, bits_per_s: int, ssrcs: list[int], now: float) -> bool:
        """Whether the sender has to hear of it at once; otherwise the next report tells it."""
        self._estimate = bits_per_s, ssrcs
        fallen = bits_per_s < _URGENT_DROP * self._told
        return fallen and now - self._told_at >= _URGENT_EVERY_S

    def packet(self, own_ssrc: int, now: float) -> bytes:
        """Empty where nothing is known yet, or nothing since the last."""
        if self._estimate is None:
            return b""
        estimate, self._estimate = self._estimate, None
        self._told, self._told_at = estimate[0], now
        fci = pack_remb_fci(*estimate)
        return bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=own_ssrc, media_ssrc=0, fci=fci))


def report(own_ssrc: int, blocks: Sequence[RtcpReceiverInfo]) -> bytes:
    return bytes(RtcpRrPacket(ssrc=own_ssrc, reports=list(blocks)))
