"""The second look after an exam: what it confirms, doubts and adds, and when it stands back."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from analysis.contracts import Box, Evidence, Flag, FlagKind, ModelRef, Severity, Sight, Still
from analysis.policy import SEEN_AGAIN
from analysis.second_look import read, written
from capture.contracts import Recording, Relief, Segment, TrackKey
from exam_api.adapters.sql.keeping_store import SqlKeepingStore
from exam_api.adapters.sql.second_look_store import SqlSecondLookStore
from exam_api.adapters.sql.tables import CheckListRow, CheckListSitting, Exam
from exam_api.domain.check_lists import ListState
from exam_api.domain.ids import new_id
from exam_api.domain.notices import NoticeKind
from exam_api.domain.policy import ExamPolicy
from exam_api.services.jobs import JobRunner, Lane
from exam_api.services.keeping_ports import SealedTrack
from exam_api.services.proctoring_ports import SecondFinding
from exam_api.services.review_rules import risk
from exam_api.services.second_look import (
    SECOND_LOOK,
    SECOND_LOOK_AFTER,
    SECOND_LOOKS,
    SecondLookFailed,
    SecondLookJob,
)

FIRST_MS = 500  # where the recording begins on the sitting's timeline


def flag(kind: FlagKind, start_ms: int, end_ms: int, **changes) -> Flag:
    made = Flag(
        kind=kind,
        severity=Severity.ALERT,
        start_ms=start_ms,
        end_ms=end_ms,
        confidence=0.9,
        models=(ModelRef("face", "1", "c" * 64),),
        thresholds={"enter": 0.8},
        scores=((start_ms, 1.0),),
        evidence=Evidence(start_ms + 500, b"jpeg", (Box("face", 0.9, 0.1, 0.1, 0.4, 0.4),)),
        before=(Still(start_ms - 1000, b"small"),),
    )
    return replace(made, **changes)


@dataclass
class FakeLooker:
    seen: list[Flag] = field(default_factory=list)
    stretches: tuple[tuple[int, int], ...] = ((0, 60_000),)
    kinds: frozenset[FlagKind] = SEEN_AGAIN
    fails: int = 0
    runs: int = 0
    excused: object = None

    async def look(self, video: Path, excused, busy) -> Sight:
        self.runs += 1
        self.excused = excused
        if self.runs <= self.fails:
            raise SecondLookFailed
        return Sight(tuple(self.seen), self.stretches, self.kinds)


@dataclass
class Machine:
    relief: Relief = Relief.NOTHING
    waited: int = 0

    async def rest(self, _seconds: float) -> None:
        self.waited += 1
        if self.waited == 3:
            self.relief = Relief.NOTHING


@dataclass
class Desk:
    world: object
    looker: FakeLooker
    machine: Machine
    runner: JobRunner
    sitting_id: str

    async def sealed(self, digest: str = "d" * 64) -> None:
        now = self.world.clock.now()
        async with self.world._opened(self.world.database.write, SqlKeepingStore) as store:
            await store.ask_second_look(SealedTrack(TrackKey(self.sitting_id), digest, "", now))

    async def look(self) -> int:
        await self.sealed()
        self.world.clock.move(seconds=SECOND_LOOK_AFTER.total_seconds())
        return await self.runner.run_due()

    async def flags(self):
        async with self.world.read() as store:
            return await store.flags([self.sitting_id])

    async def findings(self):
        return [(one.kind, one.second and one.second.finding) for one in await self.flags()]


@pytest.fixture
async def desk(world, tmp_path):
    sitting_id = await world.sitting()
    segment = Segment(
        sitting_id, 1, "1.webm", FIRST_MS, 60_000, 9, "a" * 64, "b" * 64, "vp8", None, 640, 480
    )
    world.recordings.recordings[sitting_id] = Recording(sitting_id, (segment,), digest="b" * 64)
    world.recordings.files[sitting_id] = tmp_path / "recording.webm"
    live = (
        flag(FlagKind.ABSENCE, 20_000, 25_000),
        flag(FlagKind.PHONE, 30_000, 34_000),
        flag(FlagKind.FOCUS_LOST, 35_000, 38_000, models=()),
    )
    async with world.proctoring() as store:
        for one in live:
            await store.save_flag(sitting_id, one, None)
    await world.finish(sitting_id, 60_000)
    looker, machine = FakeLooker(), Machine()
    stores = partial(
        world._opened, world.database.write, lambda unit: SqlSecondLookStore(unit, world.clock)
    )
    job = SecondLookJob(stores, world.recordings, world.blobs, looker, machine, sleep=machine.rest)
    lane = Lane(frozenset({SECOND_LOOK}), only=True)
    runner = JobRunner(world.database, world.clock, {SECOND_LOOK: job}, SECOND_LOOKS, lane)
    return Desk(world, looker, machine, runner, sitting_id)


async def test_it_confirms_doubts_and_adds_and_leaves_the_live_flags_alone(desk, world):
    before = {one.id: one for one in await desk.flags()}
    desk.looker.seen = [
        flag(FlagKind.ABSENCE, 20_600, 24_000, confidence=0.95),
        flag(FlagKind.EXTRA_FACE, 40_000, 44_000),
        flag(FlagKind.EXTRA_FACE, 1_000, 5_000),  # before the test began
    ]
    assert await desk.look() == 1
    assert await desk.findings() == [
        (FlagKind.ABSENCE, SecondFinding.CONFIRMED),
        (FlagKind.PHONE, SecondFinding.DOUBTED),
        (FlagKind.FOCUS_LOST, None),  # the page said so; no picture shows it
        (FlagKind.EXTRA_FACE, SecondFinding.ADDED),
    ]
    after = await desk.flags()
    for one in after[:3]:
        assert replace(one, second=None) == before[one.id]
    absence, added = after[0], after[3]
    assert absence.second.confidence == 0.95
    assert (added.start_ms, added.end_ms) == (40_000 + FIRST_MS, 44_000 + FIRST_MS)
    assert added.evidence_at_ms == 40_500 + FIRST_MS
    assert await world.blobs.get(added.evidence_key) == b"jpeg"
    (still,) = added.before
    assert still.at_ms == 39_000 + FIRST_MS
    assert await world.blobs.get(still.key) == b"small"
    assert (await world.kinds())[-1] == "flag.closed"
    doubted = [replace(after[1], second=None), after[1]]
    assert risk(doubted[1:], ()) < risk(doubted[:1], ())


@pytest.mark.parametrize(
    "blind",
    [
        {"stretches": ((0, 26_000), (45_000, 60_000))},
        {"stretches": ((0, 31_000),)},
        {"stretches": ()},
        {"kinds": SEEN_AGAIN - {FlagKind.PHONE}},
    ],
    ids=["damaged around it", "ends within it", "nothing", "without the model"],
)
async def test_of_what_it_could_not_look_at_it_says_nothing(desk, blind):
    for name, value in blind.items():
        setattr(desk.looker, name, value)
    desk.looker.seen = [flag(FlagKind.ABSENCE, 20_600, 24_000)]
    await desk.look()
    findings = dict(await desk.findings())
    assert findings[FlagKind.PHONE] is None
    assert findings[FlagKind.ABSENCE] is SecondFinding.CONFIRMED


async def test_pictures_are_stored_of_what_is_added_only(desk, tmp_path):
    def kept() -> set[str]:
        folder = tmp_path / "blobs"
        return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}

    before = kept()
    desk.looker.seen = [
        flag(FlagKind.ABSENCE, 20_600, 24_000),
        flag(FlagKind.EXTRA_FACE, 1_000, 5_000),  # before the test began
        flag(FlagKind.EXTRA_FACE, 40_000, 44_000, evidence=Evidence(40_500, b"two", ())),
    ]
    await desk.look()
    named = {one.evidence_key for one in await desk.flags() if one.evidence_key}
    named |= {still.key for one in await desk.flags() for still in one.before}
    assert kept() - before == named
    assert len(named) == 2


async def test_two_kinds_that_begin_together_keep_their_own_pictures(desk, world):
    sheet = Evidence(40_500, b"a sheet", ())
    desk.looker.seen = [
        flag(FlagKind.EXTRA_FACE, 40_000, 44_000),
        flag(FlagKind.NOTES, 40_000, 44_000, evidence=sheet),
    ]
    await desk.look()
    pictures = {one.kind: one.evidence_key for one in await desk.flags()}
    assert await world.blobs.get(pictures[FlagKind.EXTRA_FACE]) == b"jpeg"
    assert await world.blobs.get(pictures[FlagKind.NOTES]) == b"a sheet"


async def test_done_again_it_changes_nothing(desk):
    desk.looker.seen = [flag(FlagKind.EXTRA_FACE, 40_000, 44_000)]
    await desk.look()
    first = await desk.flags()
    await desk.sealed("e" * 64)  # the student's computer supplied something
    desk.world.clock.move(seconds=SECOND_LOOK_AFTER.total_seconds())
    assert await desk.runner.run_due() == 1
    assert await desk.flags() == first


@pytest.mark.parametrize("state", [ListState.SENT, ListState.HANDED_IN, ListState.FORWARDED])
async def test_who_answered_already_is_told_of_what_it_adds(desk, world, state):
    """S-17: nobody looks at a list again that was handed in."""
    people = [await world.actor(login) for login in ("member", "proctor1")]
    member, proctor = (one.id for one in people)
    async with world.database.write() as unit:
        made = CheckListRow(
            id=new_id(), member_id=member, proctor_id=proctor, state=state.value,
            made_at=world.clock.now(),
        )  # fmt: skip
        unit.session.add(made)
        await unit.session.flush()
        unit.session.add(CheckListSitting(sitting_id=desk.sitting_id, list_id=made.id))
    desk.looker.seen = [flag(FlagKind.EXTRA_FACE, 40_000, 44_000)]
    await desk.look()
    for one in people:
        async with world.database.read() as unit:
            late = [
                notice
                for notice in await unit.notices.inbox(one.id, 9)
                if notice.kind is NoticeKind.FLAGS_LATE
            ]
        assert [(notice.link, notice.facts) for notice in late] == (
            [] if state is ListState.SENT else [(f"/review/{desk.sitting_id}", {"count": "1"})]
        )


async def test_it_waits_ten_minutes_and_is_asked_for_once(desk):
    await desk.sealed()
    await desk.sealed()
    assert await desk.runner.run_due() == 0
    desk.world.clock.move(seconds=SECOND_LOOK_AFTER.total_seconds())
    assert await desk.runner.run_due() == 1


async def test_a_policy_may_do_without(desk, world):
    async with world.database.write() as unit:
        exam = await unit.session.get(Exam, world.exam_id)
        exam.policy = ExamPolicy(second_pass=False).to_json()
    assert await desk.look() == 0
    assert desk.looker.runs == 0


async def test_it_stands_back_while_an_exam_strains_the_machine(desk):
    desk.machine.relief = Relief(Relief.NOTHING + 1)
    assert await desk.look() == 1
    assert desk.machine.waited == 3
    assert desk.looker.runs == 1


async def test_a_look_that_failed_is_tried_again(desk):
    desk.looker.fails = 1
    await desk.look()
    assert set(await desk.findings()) == {(one.kind, None) for one in await desk.flags()}
    desk.world.clock.move(minutes=30)
    assert await desk.runner.run_due() == 1
    assert (FlagKind.PHONE, SecondFinding.DOUBTED) in await desk.findings()


def test_flags_cross_the_process_as_they_are():
    flags = (flag(FlagKind.PHONE, 1, 2), flag(FlagKind.ABSENCE, 3, 4, evidence=None))
    sight = Sight(flags, ((0, 900), (5000, 6000)), frozenset({FlagKind.PHONE, FlagKind.ABSENCE}))
    assert read(written(sight)) == sight
