"""How long picture and sound stand still on a bad line: half a minute by a clock of its own.

The real receive path's parts between a sender that gives again what it is asked for and a link
that loses and delays both ways; what a busy machine adds does not count.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from functools import partial

import pytest

from capture.assembly import AudioAssembler, VideoAssembler
from capture.reorder import RoundTrip
from capture.sockets import EVERY_S

SECONDS, FPS, PACKETS_A_FRAME, SOUNDS_PER_S = 30, 15, 4, 50
DELAY_S, QUEUE_S = 0.02, 0.3
BYTES = {b"key": 1250, b"part": 130, b"sound": 90}  # as they are on the line


class Line:
    """Sender, link and receiver.

    ``forgets``: the sender gives nothing again. ``carries``: bytes a second, both ways together as
    over Wi-Fi; what would wait for longer than ``QUEUE_S`` is dropped.
    """

    def __init__(
        self,
        loss: float,
        jitter_s: float,
        seed: int,
        *,
        forgets: bool = False,
        carries: float = float("inf"),
    ) -> None:
        self.loss, self.jitter_s, self.forgets, self.carries = loss, jitter_s, forgets, carries
        self.now = self._free_at = 0.0
        self.dropped = 0
        self.shown: list[float] = []
        self.heard: list[float] = []
        self._chance = random.Random(seed)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        trip = RoundTrip()
        self.video = VideoAssembler(self._show, lambda data: data == b"key", self._clock, trip)
        self.audio = AudioAssembler(self._hear, self._clock, trip)
        self._sent: dict[tuple[object, int], tuple[int, bool, int, bytes]] = {}
        self._arrived: list[Callable[[], object]] = []
        self._wake_at: dict[object, float] = {}

    def run(self) -> None:
        for number in range(SECONDS * FPS):
            self._at(number / FPS, lambda n=number: self._send_frame(n))
        for number in range(SECONDS * SOUNDS_PER_S):
            packet = number, True, number * 960, b"sound"
            self._at(number / SOUNDS_PER_S, lambda p=packet: self._send(self.audio, p))
        while self._due:
            self.now, _, work = heapq.heappop(self._due)
            work()

    def _clock(self) -> float:
        return self.now

    def _show(self, *_: object) -> None:
        self.shown.append(self.now)

    def _hear(self, *_: object) -> None:
        self.heard.append(self.now)

    def _at(self, at_s: float, work: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at_s, next(self._order), work))

    def _send_frame(self, number: int) -> None:
        for part in range(PACKETS_A_FRAME):
            data = b"key" if number % 30 == 0 else b"part"
            last = part == PACKETS_A_FRAME - 1
            packet = number * PACKETS_A_FRAME + part, last, number * 6000, data
            self._send(self.video, packet)

    def _send(self, to: VideoAssembler | AudioAssembler, packet: tuple[int, bool, int, bytes]):
        self._sent[to, packet[0] & 0xFFFF] = packet
        self._pass(lambda: self._receive(to, packet, again=False), BYTES[packet[3]])

    def _pass(self, work: Callable[[], None], size: int) -> None:
        waits_s = max(0.0, self._free_at - self.now)
        if self._chance.random() < self.loss or waits_s > QUEUE_S:
            self.dropped += 1
            return
        self._free_at = self.now + waits_s + size / self.carries
        self._at(self._free_at + DELAY_S + self.jitter_s * self._chance.random(), work)

    def _receive(self, to, packet, *, again: bool) -> None:
        """Sockets are read together, a little later."""
        if not self._arrived:
            self._at(self.now + EVERY_S, self._read)
        repair = again if to is self.video else None  # Opus has no stream for what comes again
        self._arrived.append(lambda: to.push(*packet, repair))

    def _read(self) -> None:
        arrived, self._arrived = self._arrived, []
        for push in arrived:
            push()
        self._arm()

    def _arm(self) -> None:
        for of in (self.video, self.audio):
            wake_at = of.reorder.wake_at()
            if wake_at is not None and wake_at < self._wake_at.get(of, float("inf")):
                self._wake_at[of] = wake_at
                self._at(max(wake_at, self.now + 0.001), lambda of=of: self._wake(of))

    def _wake(self, of) -> None:
        self._wake_at.pop(of, None)
        of.reorder.expire()
        if (wanted := of.reorder.wanted()) and not self.forgets:
            self._pass(lambda: self._give_again(of, wanted), 0)
        self._arm()

    def _give_again(self, to, wanted: list[int]) -> None:
        for number in wanted:
            packet = self._sent[to, number]
            again = partial(self._receive, to, packet, again=True)
            self._pass(again, BYTES[packet[3]])


def longest(came: list[float]) -> float:
    """Between one and the next, in seconds."""
    return max(later - sooner for sooner, later in itertools.pairwise(came))


@pytest.mark.parametrize("jitter_s", [0.03, 0.15])
def test_two_per_cent_of_loss_never_stop_the_picture_for_half_a_second(jitter_s):
    for seed in range(20):
        line = Line(0.02, jitter_s, seed)
        line.run()
        assert longest(line.shown) <= 0.5, seed
        assert line.shown == sorted(line.shown)
        # Of what was sent last there may be nothing to tell that it is lost.
        assert len(line.shown) >= SECONDS * FPS - 3
        assert len(line.heard) >= SECONDS * SOUNDS_PER_S - 5


def test_sound_goes_on_where_the_sender_gives_nothing_again():
    for seed in range(20):
        line = Line(0.1, 0.03, seed, forgets=True)
        line.run()
        assert longest(line.heard) <= 1.0, seed
        assert line.heard == sorted(line.heard)
        assert len(line.heard) >= 0.88 * SECONDS * SOUNDS_PER_S


@pytest.mark.parametrize(("loss", "carries"), [(0.0, 16_000), (0.02, 16_000), (0.02, 24_000)])
def test_what_is_asked_for_again_does_not_fill_a_narrow_line(loss, carries):
    """128 kbit/s, and half as much again, for media of 112: a key frame overflows the queue."""
    sent = SECONDS * (FPS * PACKETS_A_FRAME + SOUNDS_PER_S)
    for seed in range(20):
        line = Line(loss, 0.03, seed, carries=carries)
        line.run()
        assert line.dropped <= 0.15 * sent, seed
        assert longest(line.shown) <= 1.2, seed
        assert len(line.shown) >= 0.9 * SECONDS * FPS
        assert len(line.heard) >= 0.98 * SECONDS * SOUNDS_PER_S
