"""How long the picture stands still on a bad line: half a minute of it by a clock of its own.

The real receive path's parts between a sender that gives again what it is asked for and a link
that loses and delays both ways; what a busy machine adds does not count.
"""

import heapq
import itertools
import random
from collections.abc import Callable

import pytest

from capture.assembly import AudioAssembler, VideoAssembler
from capture.reorder import RoundTrip
from capture.sockets import EVERY_S

SECONDS, FPS, PACKETS_A_FRAME, SOUNDS_PER_S = 30, 15, 4, 50
DELAY_S = 0.02


class Line:
    """Sender, link and receiver."""

    def __init__(self, loss: float, jitter_s: float, seed: int) -> None:
        self.loss, self.jitter_s = loss, jitter_s
        self.now = 0.0
        self.shown: list[float] = []
        self.heard = 0
        self._chance = random.Random(seed)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        trip = RoundTrip()
        self.video = VideoAssembler(self._show, lambda data: data == b"key", self._clock, trip)
        self.audio = AudioAssembler(self._hear, self._clock, trip)
        self._sent: dict[tuple[object, int], tuple[int, bool, int, bytes]] = {}
        self._arrived: list[Callable[[], object]] = []
        self._wake_at: dict[object, float] = {}

    def run(self) -> float:
        """The longest time between two pictures."""
        for number in range(SECONDS * FPS):
            self._at(number / FPS, lambda n=number: self._send_frame(n))
        for number in range(SECONDS * SOUNDS_PER_S):
            packet = number, True, number * 960, b"sound"
            self._at(number / SOUNDS_PER_S, lambda p=packet: self._send(self.audio, p))
        while self._due:
            self.now, _, work = heapq.heappop(self._due)
            work()
        return max(later - sooner for sooner, later in itertools.pairwise(self.shown))

    def _clock(self) -> float:
        return self.now

    def _show(self, *_: object) -> None:
        self.shown.append(self.now)

    def _hear(self, *_: object) -> None:
        self.heard += 1

    def _at(self, at_s: float, work: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at_s, next(self._order), work))

    def _send_frame(self, number: int) -> None:
        for part in range(PACKETS_A_FRAME):
            data = b"key" if number % 30 == 0 and part == 0 else b"part"
            last = part == PACKETS_A_FRAME - 1
            packet = number * PACKETS_A_FRAME + part, last, number * 6000, data
            self._send(self.video, packet)

    def _send(self, to: VideoAssembler | AudioAssembler, packet: tuple[int, bool, int, bytes]):
        self._sent[to, packet[0] & 0xFFFF] = packet
        self._pass(lambda: self._receive(to, packet, again=False))

    def _pass(self, work: Callable[[], None]) -> None:
        if self._chance.random() >= self.loss:
            self._at(self.now + DELAY_S + self.jitter_s * self._chance.random(), work)

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
        if wanted := of.reorder.wanted():
            self._pass(lambda: self._give_again(of, wanted))
        self._arm()

    def _give_again(self, to, wanted: list[int]) -> None:
        for number in wanted:
            packet = self._sent[to, number]
            self._pass(lambda packet=packet: self._receive(to, packet, again=True))


@pytest.mark.parametrize("jitter_s", [0.03, 0.15])
def test_two_per_cent_of_loss_never_stop_the_picture_for_half_a_second(jitter_s):
    for seed in range(20):
        line = Line(0.02, jitter_s, seed)
        assert line.run() <= 0.5, seed
        assert line.shown == sorted(line.shown)
        # Of what was sent last there may be nothing to tell that it is lost.
        assert len(line.shown) >= SECONDS * FPS - 3
        assert line.heard >= SECONDS * SOUNDS_PER_S - 5
