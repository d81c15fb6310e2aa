"""Packets off the wire: what is one, where its payload lies, what reports say of the stream."""

import struct
from types import SimpleNamespace

import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor
from aiortc.rate import RateCounter
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from capture.reorder import Reorder
from capture.rtp import ByteRate, Reception, parse, send_time, vp8_payload

SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"


def header(*, flags=0x80, kind=96, sequence=7, timestamp=900, ssrc=5):
    return struct.pack("!BBHII", flags, kind, sequence, timestamp, ssrc)


@given(
    marker=st.booleans(),
    csrcs=st.lists(st.integers(0, 2**32 - 1), max_size=15),
    left=st.none() | st.integers(0, 2**24 - 1),
    mid=st.none() | st.just("0") | st.just("video"),
    payload=st.binary(max_size=40),
    padding=st.integers(0, 20),
)
def test_a_packet_is_read_as_aiortc_writes_it(marker, csrcs, left, mid, payload, padding):  # noqa: PLR0917 - drawn
    extensions = HeaderExtensionsMap()
    known = [
        RTCRtpHeaderExtensionParameters(id=3, uri=SEND_TIME),
        RTCRtpHeaderExtensionParameters(id=9, uri="urn:ietf:params:rtp-hdrext:sdes:mid"),
    ]
    extensions.configure(RTCRtpParameters(headerExtensions=known))
    packet = RtpPacket(payload_type=96, marker=int(marker), sequence_number=65535, timestamp=1)
    packet.ssrc, packet.csrc, packet.payload = 2**32 - 1, csrcs, payload
    packet.extensions.abs_send_time, packet.extensions.mid = left, mid
    packet.padding_size = padding
    data = packet.serialize(extensions)
    *fixed, start, end = parse(data)
    assert fixed == [96, marker, 65535, 1, 2**32 - 1]
    assert data[start:end] == payload
    assert send_time(data, 3) == left
    assert send_time(data, 4) is None


@given(st.binary(max_size=60), st.integers(1, 14))
def test_garbage_is_refused_or_read_within_its_bounds(data, extension_id):
    try:
        *_, start, end = parse(data)
    except (ValueError, struct.error):
        return
    assert 12 <= start <= end <= len(data)
    assert send_time(data, extension_id) is None or data[0] & 0x10


@pytest.mark.parametrize(
    "data",
    [
        header(flags=0x40),  # another version
        header(flags=0x8F),  # sources that are not there
        header(flags=0x90) + struct.pack("!HH", 0xBEDE, 9),  # an extension that is not there
        header(flags=0xA0) + b"abc\x09",  # more padding than packet
    ],
)
def test_a_packet_that_claims_more_than_it_has_is_refused(data):
    with pytest.raises((ValueError, struct.error)):
        parse(data)


@given(st.binary(max_size=12))
def test_a_vp8_descriptor_is_skipped_as_aiortc_does(data):
    try:
        _, rest = VpxPayloadDescriptor.parse(data)
    except ValueError:
        return  # it also refuses what only lacks a picture
    assert vp8_payload(b"head" + data + b"tail", 4, 4 + len(data)) == rest


def test_a_cut_vp8_descriptor_is_refused():
    with pytest.raises(ValueError, match="cut"):
        vp8_payload(b"\x80\x80", 0, 2)


def test_reports_tell_the_losses_since_the_last_one():
    order = SimpleNamespace(expected=100, highest=99)
    reception = Reception(90_000, order)
    reception.packets_received = 75
    assert (reception.fraction_lost, reception.packets_lost) == (64, 25)
    order.expected, reception.packets_received = 200, 175
    assert (reception.fraction_lost, reception.packets_lost) == (0, 25)
    reception.packets_received = 190  # late ones came after all
    assert (reception.fraction_lost, reception.packets_lost) == (0, 10)


def test_jitter_is_how_much_arrivals_stray_from_the_senders_rhythm():
    even, uneven = Reception(90_000, Reorder), Reception(90_000, Reorder)
    for number in range(200):
        even.time(number * 6000, 5 + number / 15)
        uneven.time(number * 6000, 5 + number / 15 + (number % 2) * 0.01)
    assert even.jitter <= 1
    assert 800 < uneven.jitter <= 900  # 10 ms at 90 kHz


def test_a_timestamp_that_wraps_is_no_jitter():
    reception = Reception(90_000, Reorder)
    for number in range(50):
        reception.time((2**32 - 60_000 + number * 6000) % 2**32, number / 15)
    assert reception.jitter <= 1


@given(st.lists(st.tuples(st.integers(0, 1500), st.integers(1, 1500)), min_size=1, max_size=60))
def test_the_rate_is_what_aiortcs_own_counter_says(steps):
    ours, theirs, now_ms = ByteRate(), RateCounter(1000, 8000), 0
    for wait_ms, size in steps:
        now_ms += wait_ms
        assert ours.rate(now_ms) == theirs.rate(now_ms)
        ours.add(size, now_ms)
        theirs.add(size, now_ms)
        assert ours.rate(now_ms) == theirs.rate(now_ms)
