"""What passes between the processes arrives as it was; nothing but our own values is taken."""

import asyncio
import os
import pickle
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analysis.contracts import (
    AnalysedStretch,
    Box,
    Evidence,
    Flag,
    FlagKind,
    FlagPhase,
    FlagUpdate,
    Severity,
    Still,
    Subject,
)
from capture.contracts import (
    CaptureFigures,
    Gap,
    GapCause,
    LiveStatus,
    MediaStarted,
    PublishGrant,
    TrackKey,
    TrackKind,
)
from capture.endpoint import Publication
from capture.errors import CapacityFull, SdpUnsupported
from capture.settings import CaptureSettings
from exam_api.adapters.workers.channel import Channel, ForeignMessage, decode, encode
from exam_api.adapters.workers.messages import (
    Answered,
    Beat,
    Call,
    Counted,
    Flagged,
    Happened,
    Pictured,
    Setup,
    TrackState,
    WorkerLoad,
)

KEY = TrackKey("s1", TrackKind.SCREEN)
STATE = TrackState(LiveStatus(True, True, 900, 7, 1), 1000, ("000002.webm",))
FLAG = Flag(
    kind=FlagKind.PHONE,
    severity=Severity.ALERT,
    start_ms=1,
    end_ms=None,
    confidence=0.9,
    models=(),
    thresholds={"enter": 0.5},
    scores=((1, 0.9),),
    evidence=Evidence(1, b"\xff\xd8", (Box("phone", 0.9, 0, 0, 1, 1),)),
    before=(Still(0, b"\xff\xd8"),),
)
MESSAGES = [
    Call(1, "publish", (PublishGrant("s1", datetime(2026, 1, 1, tzinfo=UTC)), "v=0")),
    Call(2, "attach", ("s1", ("phone",), Subject(faces=(b"jpeg",), documents=(b"card",)), 5)),
    Answered(1, Publication("r", "sdp", "tag")),
    Happened(MediaStarted("s1", 5, Gap(1, 5, GapCause.SERVER_RESTART)), {KEY: STATE}),
    Flagged(FlagUpdate("s1", FlagPhase.OPENED, FLAG)),
    Counted(AnalysedStretch("s1", 121, 0, 60_000)),
    Pictured("s1", 5, b"\xff\xd8"),
    Beat({KEY: STATE}, CaptureFigures(publishing=1), WorkerLoad(0.1, 0.5)),
    Setup(0, 1, Path("a"), Path("b"), None, CaptureSettings(), 2.0, 20),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_each_message_arrives_as_it_was(message):
    assert decode(encode(message)[4:]) == message


@pytest.mark.parametrize("error", [CapacityFull("full"), SdpUnsupported("no video")])
def test_an_error_keeps_its_class_and_code(error):
    arrived = decode(encode(Answered(1, error=error))[4:]).error
    assert (type(arrived), arrived.code, str(arrived)) == (type(error), error.code, str(error))


class Evil:
    def __init__(self, function, *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize(
    "value",
    [
        Evil(os.system, "true"),
        Evil(eval, "1"),
        Evil(pickle.loads, b"N."),
        Evil(encode, MESSAGES[0]),  # ours, but a function
        Call(1, "publish", (Evil(os.getpid),)),
        "text",
        None,
        {"id": 1},
    ],
)
def test_what_is_no_message_of_ours_is_not_taken(value):
    with pytest.raises(ForeignMessage):
        decode(pickle.dumps(value))


def test_a_name_that_leads_through_a_module_of_ours_is_not_taken():
    data = b"\x80\x04\x8c\x11capture.contracts\x8c\x08np.array\x93."
    with pytest.raises(ForeignMessage):
        decode(data)


@pytest.mark.parametrize("data", [b"", b"\x80", b"garbage", b"\x80\x04."])
def test_garbage_is_not_taken(data):
    with pytest.raises(ForeignMessage):
        decode(data)


async def pair() -> tuple[Channel, Channel]:
    one, other = socket.socketpair()
    return await Channel.over(one), await Channel.over(other)


async def test_messages_come_in_order_then_the_end():
    here, there = await pair()
    for message in MESSAGES:
        here.send(message)
    here.finish()
    here.send(MESSAGES[0])  # too late: nothing happens
    assert [await there.receive() for _ in MESSAGES] == MESSAGES
    assert await there.receive() is None
    there.send(MESSAGES[0])
    assert await here.receive() == MESSAGES[0]
    await asyncio.gather(here.close(), there.close())


async def test_a_length_beyond_all_measure_is_not_waited_for():
    one, other = socket.socketpair()
    channel = await Channel.over(one)
    other.sendall(b"\xff\xff\xff\xff")
    with pytest.raises(ForeignMessage):
        await channel.receive()
    other.close()
    await channel.close()
