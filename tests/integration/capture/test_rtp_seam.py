"""The contract of the one module that touches aiortc's internals, with a real peer pair."""

import asyncio
import time

import pytest
from aiortc import RTCSessionDescription

from capture.codecs import vp8_key
from capture.offer import check_offer
from capture.rtp_seam import Ingest
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration


class Collector:
    def __init__(self):
        self.frames = []
        self.reports = []
        self.closed = asyncio.Event()

    def on_sender_time(self, time):
        self.reports.append(time)

    def on_frame(self, frame):
        self.frames.append(frame)

    def on_closed(self):
        self.closed.set()

    def of(self, codec):
        return [frame for frame in self.frames if frame.codec == codec]


@pytest.fixture
async def pair(open_peer):
    """A receiving Ingest connected to a peer that sends ``media``."""
    made = []

    async def connect(*media):
        peer, offer = await open_peer(*media)
        sink = Collector()
        ingest = Ingest(sink)
        made.append(ingest)
        answer = await ingest.answer(check_offer(offer, 65536), 60)
        await peer.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        return peer, ingest, sink, answer

    yield connect
    for ingest in made:
        await ingest.close()


async def test_as_many_frames_come_out_as_went_in_byte_for_byte(pair, vp8, opus):
    peer, ingest, sink, _ = await pair(vp8, opus)
    await asyncio.gather(*(track.done.wait() for track in peer.tracks))
    await asyncio.sleep(0.2)
    assert [f.data for f in sink.of("vp8")] == [data for _, data, _ in vp8.packets]
    assert [f.data for f in sink.of("opus")] == [data for _, data, _ in opus.packets]
    assert vp8_key(sink.of("vp8")[0].data) is not None
    assert [f.ticks for f in sink.of("vp8")][:3] == [0, 6000, 12000]
    assert sink.of("opus")[1].ticks == 960
    assert not any(f.after_loss for f in sink.frames)
    assert all(f.on_time for f in sink.frames)
    assert ingest.packets_received() >= len(vp8.packets)
    assert {report.codec for report in sink.reports} == {"vp8", "opus"}
    now_ms = (time.time() + 2_208_988_800) * 1000  # NTP counts from 1900
    assert all(abs(report.sender_ms - now_ms) < 10_000 for report in sink.reports)
    assert all(0 <= report.ticks <= 48000 * 4 * 2 for report in sink.reports)


async def test_h264_access_units_come_out_whole(pair, h264):
    peer, _, sink, _ = await pair(h264)
    await peer.video.done.wait()
    await asyncio.sleep(0.2)
    from capture.codecs import nal_units

    received = [list(nal_units(f.data)) for f in sink.of("h264")]
    assert received == [list(nal_units(data)) for _, data, _ in h264.packets]


async def test_the_end_of_the_peer_is_told_and_leaves_no_thread(pair, vp8):
    import threading

    before = threading.active_count()
    peer, ingest, sink, _ = await pair(vp8)
    async with asyncio.timeout(PATIENCE_S):
        await peer.connected.wait()
        while not sink.frames:  # noqa: ASYNC110 - the sink is a plain callback
            await asyncio.sleep(0.05)
    assert threading.active_count() - before <= 1  # the loop's own resolver at most
    await peer.close()
    async with asyncio.timeout(PATIENCE_S):
        await sink.closed.wait()
    assert ingest.ended_by_peer
    assert not ingest.connected


async def test_a_key_frame_is_asked_from_the_sender(pair, vp8):
    peer, ingest, _, _ = await pair(vp8)
    sender = peer.connection.getSenders()[0]
    asked = asyncio.Event()
    sender._send_keyframe = asked.set
    async with asyncio.timeout(PATIENCE_S):
        while not asked.is_set():
            ingest.request_key_frame()
            await asyncio.sleep(0.05)


async def test_the_answer_asks_for_long_audio_packets_and_names_no_foreign_server(pair, vp8, opus):
    _, _, _, answer = await pair(vp8, opus)
    audio = answer[answer.index("m=audio") :]
    assert "a=ptime:60\r\n" in audio
    assert answer.count("a=ptime") == 1
    assert "a=rtcp-fb:96 nack\r\n" in audio.split("m=video")[0]
    assert "typ srflx" not in answer
    assert "typ relay" not in answer
    codecs = {line.split()[1].split("/")[0] for line in answer.splitlines() if "rtpmap" in line}
    assert codecs == {"VP8", "opus"}
