"""Uploads of what a page kept: resumable, repeatable, only where something is lacking."""

import asyncio
import hashlib
import os
from dataclasses import dataclass, field, replace
from functools import partial

import pytest

from capture import supplied
from capture.contracts import Gap, GapCause, Recording, Segment, Span, SuppliedSegment, TrackKey
from capture.errors import SupplyFailed, SupplyKilled, SupplyRefused
from capture.supplied import cut_out
from exam_api.adapters.sql.keeping_store import SqlKeepingStore
from exam_api.adapters.sql.tables import SealedRow
from exam_api.domain.errors import (
    FillClosed,
    Forbidden,
    InvalidRequest,
    NotFound,
    NothingLacking,
    PayloadTooLarge,
    PieceOffset,
    StorageFull,
)
from exam_api.services.gap_fill import AnnouncedPiece, FillPolicy, GapFill, SpanView

DATA = b"webm" * 1000


@dataclass
class FakeTracks:
    recorded: Recording
    supplied: list = field(default_factory=list)
    refuse: bool = False
    faults: list = field(default_factory=list)

    def recording(self, sitting_id):
        assert sitting_id == self.recorded.sitting_id
        return self.recorded

    async def supply(self, key, request):
        if self.refuse:
            raise SupplyRefused
        if self.faults:
            raise self.faults.pop()
        assert request.path.read_bytes() == DATA
        self.supplied.append((key, request.piece, request.start_ms))
        one = SuppliedSegment(
            request.piece, "c000001.webm", 5000, 9000, 1, "a" * 64, request.sha256,
            "vp8", "opus", 2, 2,
        )  # fmt: skip
        self.recorded = replace(self.recorded, supplied=(one,))
        return [one]


@dataclass
class Desk:
    world: object
    fill: GapFill
    tracks: FakeTracks
    sitting_id: str
    origin_ms: float

    def piece(self, start_ms=4000, data=DATA, **changes):
        digest = hashlib.sha256(data).hexdigest()
        made = AnnouncedPiece("a" * 32, len(data), digest, self.origin_ms + start_ms)
        return replace(made, **changes)

    async def send(self, piece, offset=0, part=DATA, login="student1"):
        actor = await self.world.actor(login)
        return await self.fill.take(actor, self.sitting_id, piece, offset, part)


@pytest.fixture
async def desk(world, tmp_path):
    sitting_id = await world.sitting()
    segment = Segment(sitting_id, 1, "000001.webm", 0, 5000, 9, "a" * 64, "", "vp8", None, 2, 2)
    gap = Gap(5000, 9000, GapCause.NETWORK)
    tracks = FakeTracks(Recording(sitting_id, (segment,), (gap,)))
    fill = GapFill(
        world.database,
        partial(world._opened, world.database.write, SqlKeepingStore),
        tracks,
        folder=tmp_path / "incoming",
        clock=world.clock,
        policy=FillPolicy(piece_bytes=10_000, part_bytes=5000, reserve_bytes=0),
    )
    return Desk(world, fill, tracks, sitting_id, world.clock.now().timestamp() * 1000)


async def test_the_page_hears_what_is_lacking(desk):
    student = await desk.world.actor("student1")
    view = await desk.fill.lacking(student, desk.sitting_id)
    assert (view.spans, view.final) == ((SpanView(5000, 9000),), False)
    assert view.origin_ms == desk.origin_ms


async def test_a_piece_comes_in_parts_is_resumed_and_repeated(desk):
    piece = desk.piece()
    assert (await desk.send(piece, 0, DATA[:1500])).offset == 1500
    student = await desk.world.actor("student1")
    assert (await desk.fill.arrived(student, desk.sitting_id, piece)).offset == 1500
    with pytest.raises(PieceOffset):
        await desk.send(piece, 0, DATA[:1500])
    view = await desk.send(piece, 1500, DATA[1500:])
    assert (view.offset, view.done) == (4000, True)
    assert desk.tracks.supplied == [(TrackKey(desk.sitting_id), "a" * 32, 4000)]
    assert (await desk.send(piece, 0, DATA[:9])).done
    assert (await desk.fill.arrived(student, desk.sitting_id, piece)).done
    assert len(desk.tracks.supplied) == 1
    assert not list(desk.fill._folder.glob("*/*"))


@pytest.mark.parametrize(
    ("changes", "part", "refusal"),
    [
        ({"size": 10_001}, DATA, PayloadTooLarge),
        ({}, b"x" * 5001, PayloadTooLarge),
        ({"size": 100}, DATA, PieceOffset),
        ({"sha256": "0" * 64}, DATA, InvalidRequest),
        ({"start_ms": 10_000}, DATA, NothingLacking),
    ],
)
async def test_what_does_not_belong_here_is_refused(desk, changes, part, refusal):
    if "start_ms" in changes:
        changes = {"start_ms": desk.origin_ms + changes["start_ms"]}
    with pytest.raises(refusal):
        await desk.send(desk.piece(**changes), 0, part)
    assert desk.tracks.supplied == []


async def test_a_piece_that_is_no_video_is_forgotten(desk):
    desk.tracks.refuse = True
    with pytest.raises(SupplyRefused):
        await desk.send(desk.piece())
    assert not list(desk.fill._folder.glob("*/*"))


@pytest.mark.parametrize("fault", [SupplyFailed(), OSError(28, "no space left")])
async def test_a_fault_of_the_server_costs_no_piece(desk, fault):
    desk.tracks.faults = [fault]
    piece = desk.piece()
    with pytest.raises(type(fault)):
        await desk.send(piece)
    student = await desk.world.actor("student1")
    view = await desk.fill.arrived(student, desk.sitting_id, piece)
    assert (view.offset, view.done) == (4000, False)
    assert (await desk.send(piece, 4000, b"")).done  # as the page does
    assert len(desk.tracks.supplied) == 1
    assert not list(desk.fill._folder.glob("*/*"))


async def test_a_piece_of_which_every_reader_dies_is_refused_for_good(desk, monkeypatch):
    """With real processes: the fourth is as dead as the first, and there is no sixth."""
    died = desk.fill._folder.parent / "died"
    killed = ("sh", "-c", f"echo >>{died}; kill -SEGV $$")
    monkeypatch.setattr(supplied, "_COMMAND", killed)
    take = desk.tracks.supply

    async def read(key, request):
        await asyncio.to_thread(cut_out, request, [Span(5000, 9000)], [])

    desk.tracks.supply = read
    piece = desk.piece()
    student = await desk.world.actor("student1")
    with pytest.raises(SupplyKilled):
        await desk.send(piece)
    for _ in range(3):
        with pytest.raises(SupplyKilled) as kept:
            await desk.send(piece, 4000, b"")
        assert (kept.value.code, kept.value.retryable) == ("piece_not_read", True)
        assert (await desk.fill.arrived(student, desk.sitting_id, piece)).offset == 4000
    with pytest.raises(SupplyRefused):
        await desk.send(piece, 4000, b"")
    desk.tracks.supply = take
    for again in (desk.send(piece), desk.fill.arrived(student, desk.sitting_id, piece)):
        with pytest.raises(SupplyRefused) as refused:
            await again
        assert (refused.value.code, refused.value.retryable) == ("piece_refused", False)
    assert died.read_text().count("\n") == 5
    assert not list(desk.fill._folder.glob("*/*.part"))
    assert desk.tracks.recorded.gaps == (Gap(5000, 9000, GapCause.NETWORK),)
    assert (await desk.send(desk.piece(id="b" * 32))).done  # others are still taken


async def test_one_piece_of_a_sitting_after_the_other(desk):
    begun, go_on, running = asyncio.Event(), asyncio.Event(), []
    supply = desk.tracks.supply

    async def slow(key, request):
        running.append(request.piece)
        begun.set()
        await go_on.wait()
        return await supply(key, request)

    desk.tracks.supply = slow
    sending = [asyncio.create_task(desk.send(desk.piece(id=one * 32))) for one in "ab"]
    await begun.wait()
    await asyncio.sleep(0.1)
    assert len(running) == 1
    go_on.set()
    await asyncio.gather(*sending, return_exceptions=True)


async def test_only_the_own_sitting_and_not_for_ever(desk):
    with pytest.raises(NotFound):
        await desk.send(desk.piece(), login="student2")
    with pytest.raises(Forbidden):
        await desk.send(desk.piece(), login="proctor1")
    await desk.world.finish(desk.sitting_id, 10_000)
    desk.world.clock.move(hours=23)
    assert (await desk.send(desk.piece())).done
    desk.world.clock.move(hours=2)
    with pytest.raises(FillClosed):
        await desk.send(desk.piece())


async def test_a_finished_recording_is_signed_anew(desk):
    await desk.world.finish(desk.sitting_id, 10_000)
    async with desk.world.database.write() as unit:
        unit.session.add(
            SealedRow(
                sitting_id=desk.sitting_id, track="camera", digest="", public_key="",
                sealed_at=desk.world.clock.now(),
            )
        )  # fmt: skip
    await desk.send(desk.piece())
    async with desk.world.database.read() as unit:
        assert await unit.session.get(SealedRow, (desk.sitting_id, "camera")) is None


async def test_answers_keep_their_reserve_on_the_disk(desk, tmp_path):
    disk = os.statvfs(tmp_path)
    full = FillPolicy(reserve_bytes=disk.f_blocks * disk.f_frsize)
    desk.fill._policy = full
    with pytest.raises(StorageFull):
        await desk.send(desk.piece())


async def test_what_nobody_goes_on_with_is_forgotten(desk):
    await desk.send(desk.piece(), 0, DATA[:100])
    desk.fill.forget_old()
    assert len(list(desk.fill._folder.glob("*/*"))) == 1
    desk.world.clock.move(days=4000)
    desk.fill.forget_old()
    assert not list(desk.fill._folder.glob("*/*"))


@pytest.mark.parametrize("again", ["sent", "asked"])
async def test_after_a_crash_before_the_seal_was_forgotten_it_is_signed_anew(desk, again):
    piece = desk.piece()
    await desk.send(piece)
    await desk.world.finish(desk.sitting_id, 10_000)
    async with desk.world.database.write() as unit:
        unit.session.add(
            SealedRow(
                sitting_id=desk.sitting_id, track="camera", digest="", public_key="",
                sealed_at=desk.world.clock.now(),
            )
        )  # fmt: skip
    if again == "sent":
        view = await desk.send(piece)
    else:
        view = await desk.fill.arrived(await desk.world.actor("student1"), desk.sitting_id, piece)
    assert view.done
    async with desk.world.database.read() as unit:
        assert await unit.session.get(SealedRow, (desk.sitting_id, "camera")) is None
