"""Real peers over a bad link: what is lost is asked for, sound and picture alike."""

import asyncio
import itertools
from datetime import UTC, datetime
from unittest.mock import AsyncMock

import av
import pytest
from aiortc import RTCSessionDescription

from benchmarks.capture_media import SECONDS, encode_audio, encode_video
from benchmarks.lossy_link import LossyLink, Weather
from capture.offer import check_offer
from capture.rtp_seam import Ingest
from capture.session import PublishSession
from capture.settings import CaptureSettings
from capture.timeline import SittingClock
from capture.viewing import Audience
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration


class Received:
    """Frames with the moment they came, and the sender's reports."""

    def __init__(self):
        self.frames, self.reports = [], []

    def on_frame(self, frame):
        self.frames.append((asyncio.get_running_loop().time(), frame))

    def on_sender_time(self, time):
        self.reports.append(time)

    def on_closed(self):
        pass

    def of(self, codec):
        return [frame for _, frame in self.frames if frame.codec == codec]


@pytest.fixture
async def connect(open_peer):
    """A peer and an Ingest with a bad link between them."""
    opened = []

    async def make(weather, *media, sink=None):
        peer, offer = await open_peer(*media)
        sink = sink or Received()
        ingest, link = Ingest(sink), LossyLink(weather)
        opened.extend([ingest, link])
        answer = await ingest.answer(check_offer(link.offer(offer), 65536), 60)
        answer = await link.answer(answer)
        await peer.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        async with asyncio.timeout(PATIENCE_S):
            await peer.connected.wait()
        return peer, ingest, sink, link

    yield make
    for ingest, link in zip(opened[::2], opened[1::2], strict=True):
        await ingest.close()
        link.close()


async def played(peer):
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(track.done.wait() for track in peer.tracks))
    await asyncio.sleep(1.2)  # retransmissions, and the end of any wait


@pytest.mark.parametrize(
    ("weather", "pictures"),
    [(Weather(0.08, 0.02, 0.03), 0.975), (Weather(0.02, 0.0, 0.15), 0.99)],
)
async def test_lost_and_overtaken_packets_are_recovered_in_order(
    connect, vp8, opus, weather, pictures
):
    """``pictures``: the share that must come. For stalls see unit/capture/test_stalls.py."""
    peer, _, sink, link = await connect(weather, vp8, opus)
    await played(peer)
    assert link.dropped > 3
    for codec, sent in (("vp8", vp8), ("opus", opus)):
        numbers = [[data for _, data, _ in sent.packets].index(f.data) for f in sink.of(codec)]
        assert numbers == sorted(set(numbers))
        # Before the first packet and after the last there is none to tell of a loss.
        assert numbers[0] < 0.1 * len(sent.packets)
        assert numbers[-1] > 0.9 * len(sent.packets)
        share = pictures if codec == "vp8" else 0.975
        assert len(numbers) >= (numbers[-1] - numbers[0] + 1) * share
        ticks = [frame.ticks for frame in sink.of(codec)]
        step = 6000 if codec == "vp8" else 960
        assert [tick // step for tick in ticks] == [number - numbers[0] for number in numbers]


async def test_reports_tell_the_sender_of_the_loss_that_was_repaired(connect, vp8, opus):
    peer, ingest, sink, _ = await connect(Weather(loss=0.15, delay_s=0.02), vp8, opus)
    await played(peer)
    assert len(sink.of("opus")) >= 0.95 * len(opus.packets)
    for sender in peer.connection.getSenders():
        stats = await sender.getStats()
        lost = [s.packetsLost for s in stats.values() if s.type == "remote-inbound-rtp"]
        sent = next(s.packetsSent for s in stats.values() if s.type == "outbound-rtp")
        assert lost
        assert 0.05 * sent < lost[0] < 0.3 * sent
    assert ingest.packets_received() > 0


async def test_an_outage_on_a_standing_connection_is_filled_from_the_senders_history(
    connect, vp8, opus
):
    peer, _, sink, link = await connect(Weather(), vp8, opus)
    await asyncio.sleep(1.0)
    link.weather.loss = 1.0
    await asyncio.sleep(1.2)
    link.weather.loss = 0.0
    await played(peer)
    assert link.dropped > 50
    assert len(sink.of("opus")) >= len(opus.packets) - 1
    assert len(sink.of("vp8")) >= len(vp8.packets) - 1


async def test_what_the_sender_cannot_give_again_is_told_and_a_key_frame_asked_for(
    connect, vp8, opus
):
    peer, _, sink, link = await connect(Weather(), vp8, opus)
    asked, keys = [], []
    for sender in peer.connection.getSenders():
        sender._retransmit = AsyncMock(side_effect=asked.append)
        sender._send_keyframe = lambda: keys.append(1)
    link.weather.loss = 0.1
    await played(peer)
    assert asked
    assert keys
    assert sum(frame.after_loss for frame in sink.of("vp8")) >= 1
    assert sum(frame.after_loss for frame in sink.of("opus")) >= 3
    ticks = [frame.ticks for frame in sink.of("opus")]
    assert ticks == sorted(ticks)


async def test_a_line_of_128_kbit_carries_both_tracks_without_a_gap(capture_server, open_peer, vp8):
    """As camera and microphone adapt to it: less than the line, and a key frame queues for long."""
    pictures = [(at, data, at % 2 == 0) for at, data in encode_video(noise=4, bits=80_000)]
    sound = [(at, data, True) for at, data in encode_audio()]
    media = [type(vp8)("video", "vp8", pictures), type(vp8)("audio", "opus", sound)]
    rate = sum(len(data) * 8 for one in media for _, data, _ in one.packets) / SECONDS
    assert 80_000 < rate < 120_000
    peer, offer = await open_peer(*media)
    link, service = LossyLink(Weather(delay_s=0.02, rate_bps=128_000)), capture_server.service
    try:
        headers = {"Authorization": "Bearer s1", "Content-Type": "application/sdp"}
        reply = await capture_server.http.post(
            capture_server.whip, content=link.offer(offer), headers=headers
        )
        answer = RTCSessionDescription(await link.answer(reply.text), "answer")
        await peer.connection.setRemoteDescription(answer)
        await played(peer)
        await service.end_sitting("s1")
    finally:
        link.close()
    recording = service.recording("s1")
    assert recording.gaps == ()
    assert recording.recorded_ms > (SECONDS - 1) * 1000
    for kind, sent in (("video", pictures), ("audio", sound)):
        with av.open(str(await service.joined("s1"))) as container:
            times = [one.pts for one in container.demux(**{kind: 0}) if one.size]
        assert len(times) > 0.95 * len(sent)
        assert max(b - a for a, b in itertools.pairwise(times)) < 1000  # more would be a hole


class Noted:
    """In place of the recorder: where on the timeline each frame came to be."""

    wants_key_frame = False

    def __init__(self):
        self.sound, self.picture = [], []

    def audio(self, at_ms, _data):
        self.sound.append(at_ms)

    def video(self, _codec, at_ms, _data, _key, **_how):
        self.picture.append(at_ms)


async def test_sender_reports_align_sound_that_takes_a_longer_way_and_starts_later(
    open_peer, vp8, opus
):
    noted, link = Noted(), LossyLink(Weather(audio_delay_s=0.15))
    clock = SittingClock(datetime.now(UTC))
    session = PublishSession(
        noted, clock, CaptureSettings(), None, lambda _: None, audience=Audience()
    )
    peer, offer = await open_peer(vp8, opus, loop=True)
    late = peer.tracks[1]._start = asyncio.Event()
    try:
        answer = await session.answer(check_offer(link.offer(offer), 65536))
        answer = await link.answer(answer)
        await peer.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        async with asyncio.timeout(PATIENCE_S):
            await peer.connected.wait()
        await asyncio.sleep(0.4)
        late.set()
        await asyncio.sleep(7.5)
    finally:
        await session.close()
        link.close()
    picture, sound = (track._zero * 1000 for track in peer.tracks)
    shown = [at - picture - n * 1000 / 15 for n, at in enumerate(noted.picture)]
    heard = [at - sound - n * 20 for n, at in enumerate(noted.sound)]
    assert 120 < heard[10] - shown[10] < 200  # as they arrive
    assert abs(heard[-1] - shown[-1]) < 25
    for placed, step in ((noted.picture, 1000 / 15), (noted.sound, 20)):
        steps = [b - a for a, b in itertools.pairwise(placed)]
        assert min(steps) > 0
        assert max(steps) < step * 1.1 + 17  # a new anchor before the first reports
