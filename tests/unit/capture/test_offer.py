"""Offers are checked line by line before the media stack sees them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.errors import SdpRefused, SdpUnsupported
from capture.offer import check_offer, with_address

FINGERPRINT = ":".join(["AB"] * 32)
OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1",
        "m=video 9 UDP/TLS/RTP/SAVPF 97 98",
        "c=IN IP4 0.0.0.0",
        "a=sendonly",
        "a=mid:0",
        "a=rtcp-mux",
        "a=rtpmap:97 VP8/90000",
        "a=rtpmap:98 H264/90000",
        "a=candidate:1 1 udp 2122260223 192.0.2.7 5000 typ host generation 0",
        "a=candidate:2 1 udp 2122260223 0b1c-2d.local 5001 typ host",
        "a=candidate:3 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuv",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "a=setup:actpass",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=sendonly",
        "a=mid:1",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuv",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "",
    ]
)


def check(sdp):
    return check_offer(sdp, 64 * 1024)


def test_a_good_offer_passes_and_vp8_is_preferred():
    offer = check(OFFER)
    assert (offer.sdp, offer.video_codec, offer.has_audio) == (OFFER, "VP8", True)


def test_h264_is_taken_where_vp8_is_not_offered():
    assert check(OFFER.replace("VP8", "VP9")).video_codec == "H264"


def test_a_hidden_address_becomes_the_senders():
    told = with_address(OFFER, "198.51.100.4")
    assert "a=candidate:2 1 udp 2122260223 198.51.100.4 5001 typ host\r\n" in told
    assert told.replace("198.51.100.4", "0b1c-2d.local") == OFFER
    check_offer(told, 10_000)


@pytest.mark.parametrize("sender", ["", "unknown", "2001:db8::1", "fe80::1%eth0", "1.2.3.4 x"])
def test_without_an_address_names_stay(sender):
    assert with_address(OFFER, sender) == OFFER


def test_bare_newlines_and_session_level_security_are_fine():
    lines = [line for line in OFFER.split("\r\n") if "fingerprint" not in line]
    lines.insert(4, f"a=fingerprint:sha-256 {FINGERPRINT}")
    assert check("\n".join(lines)).has_audio


REFUSED = {
    "no SDP": lambda sdp: "hello",
    "nothing": lambda sdp: "",
    "too long": lambda sdp: sdp + "a=x:" + "y" * 70_000,
    "a long line": lambda sdp: sdp + "a=x:" + "y" * 3000,
    "many lines": lambda sdp: sdp + "a=x\r\n" * 2000,
    "a nul": lambda sdp: sdp.replace("a=mid:0", "a=mid:\x00"),
    "a line of no type": lambda sdp: sdp + "hello\r\n",
    "no fingerprint": lambda sdp: sdp.replace("a=fingerprint", "a=x-fingerprint"),
    "a weak fingerprint": lambda sdp: sdp.replace("sha-256", "sha-1"),
    "no credentials": lambda sdp: sdp.replace("a=ice-pwd", "a=x-pwd"),
    "short credentials": lambda sdp: sdp.replace("abcdefghijklmnopqrstuv", "x"),
    "no mid": lambda sdp: sdp.replace("a=mid:0\r\n", ""),
    "many candidates": lambda sdp: sdp.replace(
        "a=ice-ufrag",
        "a=candidate:1 1 udp 1 192.0.2.7 5000 typ host\r\n" * 60 + "a=ice-ufrag",
        1,
    ),
    "a port out of range": lambda sdp: sdp.replace(" 5000 typ", " 99999 typ"),
    "a candidate with a name": lambda sdp: sdp.replace("192.0.2.7", "internal.example"),
    "a short candidate": lambda sdp: sdp.replace(" typ host generation 0", ""),
}
UNSUPPORTED = {
    "a data channel": lambda sdp: sdp + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
    "plain RTP": lambda sdp: sdp.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
    "no rtcp-mux": lambda sdp: sdp.replace("a=rtcp-mux\r\n", ""),
    "receives only": lambda sdp: sdp.replace("a=sendonly", "a=recvonly"),
    "no codec we record": lambda sdp: sdp.replace("VP8", "VP9").replace("H264", "AV1"),
    "unbundled": lambda sdp: sdp.replace("a=group:BUNDLE", "a=group:LS"),
    "two cameras": lambda sdp: sdp + sdp[sdp.index("m=video") : sdp.index("m=audio")],
    "no camera": lambda sdp: sdp[: sdp.index("m=video")] + sdp[sdp.index("m=audio") :],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_malformed_is_refused(name):
    with pytest.raises(SdpRefused) as caught:
        check(REFUSED[name](OFFER))
    assert (caught.value.code, caught.value.status) == ("sdp_refused", 400)


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_we_cannot_serve_is_told_apart(name):
    with pytest.raises(SdpUnsupported) as caught:
        check(UNSUPPORTED[name](OFFER))
    assert (caught.value.code, caught.value.status) == ("sdp_unsupported", 422)


@given(st.integers(0, len(OFFER)), st.text(max_size=20), st.integers(0, 40))
def test_any_damage_is_refused_or_harmless(position, text, removed):
    damaged = OFFER[:position] + text + OFFER[position + removed :]
    try:
        check(damaged)
    except SdpRefused:
        return
    assert damaged.startswith("v=0")
