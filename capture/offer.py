"""Checking an SDP offer before any of it reaches the media stack.

RFC 9725 §4.2 and §4.4: one bundled peer connection, rtcp-mux, DTLS fingerprints. What is
malformed is refused as such; what is understood but of no use here is told apart (422).
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

from capture.errors import SdpRefused, SdpUnsupported

MAX_LINES = 1500
MAX_LINE = 2000
MAX_CANDIDATES = 50
_RTPMAP = re.compile(r"^a=rtpmap:(\d{1,3}) ([A-Za-z0-9.+-]+)/(\d{4,6})(?:/\d)?$")
_MEDIA = re.compile(r"^m=(audio|video) \d{1,5} UDP/TLS/RTP/SAVPF(?: \d{1,3}){1,64}$")
_CANDIDATE = re.compile(
    r"^a=candidate:[A-Za-z0-9+/]{1,32} [12] (?:udp|tcp) \d{1,10}"
    r" (?:[0-9A-Fa-f.:]{2,45}|[0-9A-Za-z-]{1,64}\.local) (\d{1,5}) typ (?:host|srflx|prflx|relay)"
    r"(?: [!-~]+ [!-~]+){0,10} ?$",
    re.IGNORECASE,
)
_NAMED = re.compile(r"(?im)^(a=candidate:(?:\S+ ){4})[0-9A-Za-z-]{1,64}\.local ")
_FINGERPRINT = re.compile(r"^a=fingerprint:sha-(256|384|512) [0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})+$")


def with_address(sdp: str, sender: str) -> str:
    """``sdp`` with the sender's IPv4 address for names that only its own network resolves.

    A browser without leave to use the camera hides its addresses so (mdns-ice-candidates). To ask
    for them costs a second, and is answered only within one network.
    """
    try:
        address = IPv4Address(sender)
    except AddressValueError:
        return sdp
    return _NAMED.sub(rf"\g<1>{address} ", sdp)


@dataclass(frozen=True, slots=True)
class Offer:
    """A checked offer: its text, and what of ``VP8`` and ``H264`` it knows, the better first."""

    sdp: str
    video_codecs: tuple[str, ...]
    has_audio: bool

    @property
    def video_codec(self) -> str:
        """To be answered with by one who receives."""
        return self.video_codecs[0]


def check_offer(sdp: str, max_bytes: int, *, watches: bool = False) -> Offer:
    """Raise SdpRefused (or its SdpUnsupported) unless the offer can be answered.

    ``watches``: it is from one who wants to receive, not to send.
    """
    lines = _lines(sdp, max_bytes)
    session, sections = _sections(lines)
    kinds = [section[0][2:7] for section in sections]
    if kinds.count("video") != 1 or kinds.count("audio") > 1:
        raise SdpUnsupported("an offer holds one video and at most one audio section")
    for section in sections:
        _check_section(session, section)
        if {"a=inactive", "a=sendonly" if watches else "a=recvonly"} & set(section):
            raise SdpUnsupported("a media section that goes the wrong way")
    if len(sections) > 1 and not any(line.startswith("a=group:BUNDLE ") for line in session):
        raise SdpUnsupported("audio and video are not bundled")
    return Offer(
        sdp="\r\n".join(lines) + "\r\n",
        video_codecs=_video_codecs(sections[kinds.index("video")]),
        has_audio="audio" in kinds,
    )


def _lines(sdp: str, max_bytes: int) -> list[str]:
    if len(sdp.encode("utf-8", "replace")) > max_bytes:
        raise SdpRefused("the offer is too large")
    lines = [line.strip("\r") for line in sdp.rstrip("\r\n").split("\n")]
    if lines[0] != "v=0":
        raise SdpRefused("an offer begins with v=0")
    if len(lines) > MAX_LINES or any(len(line) > MAX_LINE for line in lines):
        raise SdpRefused("the offer has too many or too long lines")
    if any(not re.fullmatch(r"[a-z]=[ -~\x80-\U0010ffff]*", line) for line in lines):
        raise SdpRefused("a line is no SDP line")
    return lines


def _sections(lines: list[str]) -> tuple[list[str], list[list[str]]]:
    session: list[str] = []
    sections: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            if not _MEDIA.fullmatch(line):
                raise SdpUnsupported("a media section other than WebRTC audio or video")
            sections.append([line])
        else:
            (sections[-1] if sections else session).append(line)
    return session, sections


def _check_section(session: list[str], section: list[str]) -> None:
    both = session + section
    if "a=rtcp-mux" not in section:
        raise SdpUnsupported("RTCP is not multiplexed")
    if not any(_FINGERPRINT.fullmatch(line) for line in both):
        raise SdpRefused("no DTLS fingerprint")
    for name, least in (("a=ice-ufrag:", 4), ("a=ice-pwd:", 22)):
        values = [line[len(name) :] for line in both if line.startswith(name)]
        if not values or any(not least <= len(value) <= 256 for value in values):
            raise SdpRefused("no valid ICE credentials")
    if not any(line.startswith("a=mid:") for line in section):
        raise SdpRefused("a media section has no mid")
    _check_candidates([line for line in section if line.startswith("a=candidate:")])


def _check_candidates(lines: list[str]) -> None:
    """Each is somewhere our server will send packets to: few, and only well-formed ones."""
    if len(lines) > MAX_CANDIDATES:
        raise SdpRefused("too many candidates")
    for line in lines:
        match = _CANDIDATE.fullmatch(line)
        if match is None or not 0 <= int(match[1]) <= 65535:
            raise SdpRefused("a candidate is malformed")


def _video_codecs(section: list[str]) -> tuple[str, ...]:
    offered = {
        match[2].upper() for line in section if (match := _RTPMAP.fullmatch(line)) is not None
    }
    # VP8 needs no parameter sets and every browser has it.
    usable = tuple(codec for codec in ("VP8", "H264") if codec in offered)
    if not usable:
        raise SdpUnsupported("neither VP8 nor H264 is offered")
    return usable
