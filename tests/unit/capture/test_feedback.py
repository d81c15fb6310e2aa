"""What the sender hears regularly: receiver reports and the line's capacity."""

from types import SimpleNamespace

import pytest
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, unpack_remb_fci

from capture import feedback
from capture.feedback import Capacity, ReportedSource, report
from capture.rtp import Reception


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(s=100.0)
    monkeypatch.setattr(feedback.time, "monotonic", lambda: now.s)
    return now


def _source(*, expected, received):
    reception = Reception(90000, SimpleNamespace(expected=expected, highest=expected))
    reception.packets_received = received
    return ReportedSource(reception)


def test_one_packet_tells_of_all_tracks_and_of_the_line(clock):
    sound, picture = _source(expected=100, received=100), _source(expected=80, received=60)
    picture.heard(0x1234_5678_9ABC_DEF0)
    clock.s += 1.5
    capacity = Capacity()
    capacity.estimated(250_000, [11, 22], clock.s)
    said = report(7, [sound.block(11), picture.block(22)]) + capacity.packet(7, clock.s)
    first, second = RtcpPacket.parse(said)
    assert isinstance(first, RtcpRrPacket)
    assert [block.ssrc for block in first.reports] == [11, 22]
    assert [block.packets_lost for block in first.reports] == [0, 20]
    assert [block.fraction_lost for block in first.reports] == [0, 64]
    assert [(block.lsr, block.dlsr) for block in first.reports] == [
        (0, 0),
        (0x5678_9ABC, 3 * 32768),
    ]
    assert isinstance(second, RtcpPsfbPacket)
    told, ssrcs = unpack_remb_fci(second.fci)
    assert (told, ssrcs) == (pytest.approx(250_000, rel=0.01), [11, 22])


def test_only_a_fall_cannot_wait_for_the_next_report(clock):
    capacity = Capacity()
    assert not capacity.estimated(300_000, [1], clock.s)
    assert capacity.packet(7, clock.s)
    assert capacity.packet(7, clock.s) == b"", "nothing new since"
    assert not capacity.estimated(200_000, [1], clock.s + 0.1), "told a moment ago"
    assert not capacity.estimated(295_000, [1], clock.s + 1)
    assert not capacity.estimated(400_000, [1], clock.s + 1)
    assert capacity.estimated(200_000, [1], clock.s + 1)


def test_reports_are_never_in_step():
    waits = {feedback.wait_s() for _ in range(50)}
    assert len(waits) == 50
    assert 0.5 <= min(waits) < max(waits) < 1.5
