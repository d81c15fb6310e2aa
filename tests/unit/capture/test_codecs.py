"""What a recorder reads from encoded frames, checked against real encoders."""

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.codecs import annex_b, h264_key, h264_sample, nal_units, sps_size, vp8_key


def encode(codec, width, height, options=None, frames=3):
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = Fraction(1, 15)
    encoder.thread_count = 1
    encoder.options = options or {}
    packets = []
    for number in range(frames):
        picture = np.full((height, width, 3), number * 40, np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, 15)
        packets += encoder.encode(frame)
    return [bytes(packet) for packet in packets + encoder.encode(None)]


@pytest.mark.parametrize("size", [(640, 480), (322, 182), (16, 16)])
def test_a_vp8_key_frame_tells_its_size(size):
    packets = encode("libvpx", *size, {"deadline": "realtime", "lag-in-frames": "0"})
    key = vp8_key(packets[0])
    assert (key.width, key.height) == size
    assert vp8_key(packets[1]) is None


@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
@pytest.mark.parametrize("size", [(640, 480), (322, 182), (1920, 1080)])
def test_an_h264_key_frame_tells_its_size_and_parameter_sets(size, profile):
    options = {"preset": "ultrafast", "tune": "zerolatency", "profile": profile}
    packets = encode("libx264", *size, options)
    key = h264_key(packets[0])
    assert (key.width, key.height) == size
    assert key.private[0] == 1
    assert h264_key(packets[1]) is None
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = key.private
    pictures = [f for p in packets for f in decoder.decode(av.Packet(h264_sample(p)))]
    pictures += decoder.decode(None)
    assert [(f.width, f.height) for f in pictures] == [size] * 3


def test_an_interlaced_picture_has_its_full_height():
    options = {"preset": "ultrafast", "flags": "+ilme+ildct"}
    (first, *_) = encode("libx264", 320, 244, options)
    sps = next(unit for unit in nal_units(first) if unit[0] & 31 == 7)
    assert sps_size(sps) == (320, 244)


@given(st.binary(max_size=200))
def test_no_bytes_upset_the_parsers(data):
    vp8_key(data)
    h264_key(data)
    h264_key(b"\x00\x00\x01\x67" + data + b"\x00\x00\x01\x68\x01\x00\x00\x01\x65\x88")
    annex_b(data)


@given(
    st.lists(st.binary(min_size=1, max_size=40).map(lambda b: b"\x65" + b + b"\x80"), max_size=5)
)
def test_units_survive_the_change_of_framing(units):
    units = [unit.replace(b"\x00\x00", b"\x00\x01") for unit in units]
    stream = b"".join(b"\x00\x00\x00\x01" + unit for unit in units)
    assert list(nal_units(stream)) == units
    assert annex_b(h264_sample(stream)) == stream
